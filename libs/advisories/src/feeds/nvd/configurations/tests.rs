use plimsoll_versions::{Scheme, judge};
use serde_json::{Value, json};

use super::*;

fn read(configurations: &Value) -> Vec<Affected> {
    affected(&serde_json::value::to_raw_value(configurations).unwrap()).unwrap()
}

/// What is said, in words: `nginx >=1.0 <1.2 =1.4`.
fn told(configurations: &Value) -> Vec<String> {
    let event = |event: &Event| match event {
        Event::Introduced(version) => format!(" >={version}"),
        Event::Fixed(version) => format!(" <{version}"),
        Event::LastAffected(version) => format!(" <={version}"),
        Event::Limit(version) => format!(" limit {version}"),
    };
    let said = |affected: &Affected| {
        assert_eq!((affected.ecosystem.to_string().as_str(), &affected.module), ("generic", &None));
        let ranges: String = affected.ranges.iter().flat_map(|range| &range.events).map(event).collect();
        let versions: String = affected.versions.iter().map(|version| format!(" ={version}")).collect();
        let state = if affected.state == AffectedState::UnderInvestigation { " investigated" } else { "" };
        format!("{}{ranges}{versions}{state}", affected.package)
    };
    read(configurations).iter().map(said).collect()
}

/// A product with its version, update, edition and target, and bounds.
fn product(name: &str, bounds: Value) -> Value {
    let mut product = bounds;
    product["vulnerable"] = product.get("vulnerable").cloned().unwrap_or(json!(true));
    product["criteria"] = json!(format!("cpe:2.3:{name}"));
    product
}

fn any(product_of: &str) -> Value {
    product(&format!("a:{product_of}:*:*:*:*:*:*:*:*"), json!({}))
}

fn beside(name: &str) -> Value {
    product(name, json!({ "vulnerable": false }))
}

fn one_of(products: &[Value]) -> Value {
    json!({ "operator": "OR", "negate": false, "cpeMatch": products })
}

fn all_of(products: &[Value]) -> Value {
    json!({ "operator": "AND", "negate": false, "cpeMatch": products })
}

fn alone(nodes: &[Value]) -> Value {
    json!({ "nodes": nodes })
}

fn together(nodes: &[Value]) -> Value {
    json!({ "operator": "AND", "nodes": nodes })
}

const LINUX: &str = "o:linux:linux_kernel:-:*:*:*:*:*:*:*";
const DEBIAN: &str = "o:debian:debian_linux:11.0:*:*:*:*:*:*:*";
const WINDOWS: &str = "o:microsoft:windows:-:*:*:*:*:*:*:*";

#[test]
fn versions_are_read_in_every_form_that_nvd_has() {
    let cases = [
        (any("nginx:nginx"), "nginx >=0"),
        (product("a:f5:nginx:1.25.3:*:*:*:*:*:*:*", json!({})), "nginx =1.25.3"),
        (product("a:f5:nginx:1.25.3:-:*:*:*:*:*:*", json!({})), "nginx =1.25.3"),
        (product("a:f5:nginx:-:*:*:*:*:*:*:*", json!({})), "nginx >=0 investigated"),
        (product("a:f5:nginx:1.25.*:*:*:*:*:*:*:*", json!({})), "nginx >=0 investigated"),
        (product("a:openssl:openssl:1.0.2:beta1:*:*:*:*:*:*", json!({})), "openssl =1.0.2-beta1"),
        (product("a:openssl:openssl:*:beta1:*:*:*:*:*:*", json!({})), "openssl >=0 investigated"),
        (
            product(
                "a:openssl:openssl:*:*:*:*:*:*:*:*",
                json!({ "versionStartIncluding": "1.1.1", "versionEndExcluding": "1.1.1k" }),
            ),
            "openssl >=1.1.1 <1.1.1k",
        ),
        (
            product(
                "a:nodejs:node.js:*:*:*:*:-:*:*:*",
                json!({ "versionStartExcluding": "14.0.0", "versionEndIncluding": "14.14.0" }),
            ),
            "node >=14.0.0.a <=14.14.0",
        ),
        (product("a:php:php:*:*:*:*:*:*:*:*", json!({ "versionStartIncluding": "8.1.0" })), "php >=8.1.0"),
        (product("a:php:php:*:rc1:*:*:*:*:*:*", json!({ "versionEndIncluding": "8.1.0" })), "php >=0 <=8.1.0-rc1"),
        (
            product(
                "a:php:php:*:*:*:*:*:*:*:*",
                json!({ "versionEndExcluding": "8.1.0", "versionStartIncluding": "" }),
            ),
            "php >=0 <8.1.0",
        ),
        (product("a:oracle:openjdk:8:update_292:*:*:*:*:*:*", json!({})), "openjdk =1.8.0_292"),
        (product("a:oracle:jdk:1.8.0:update371:*:*:*:*:*:*", json!({})), "oracle-jdk =1.8.0_371"),
        (product("a:oracle:jdk:17.0.7:*:*:*:*:*:*:*", json!({})), "oracle-jdk =17.0.7"),
        (product("a:oracle:openjdk:*:*:*:*:*:*:*:*", json!({ "versionEndExcluding": "7" })), "openjdk >=0 <1.7.0"),
        (
            product("a:sun:jre:*:update_22:*:*:*:*:*:*", json!({ "versionEndIncluding": "1.6.0" })),
            "oracle-jdk >=0 <=1.6.0_22",
        ),
        (
            product(r"a:erlang:erlang\/otp:*:*:*:*:*:*:*:*", json!({ "versionEndExcluding": "26.2.5.11" })),
            "erlang >=0 <26.2.5.11",
        ),
    ];
    for (product, expected) in cases {
        assert_eq!(told(&json!([alone(&[one_of(std::slice::from_ref(&product))])])), [expected], "{product}");
    }
}

#[test]
fn a_program_counts_by_itself_and_not_with_what_an_image_does_not_show() {
    let redis = || any("redis:redis");
    let unseen = json!({ "versionEndExcluding": "5.10" });
    let cases: [(&str, Value, &[&str]); 19] = [
        ("alone", alone(&[one_of(&[redis()])]), &["redis >=0"]),
        ("not vulnerable", alone(&[one_of(&[beside("a:redis:redis:*:*:*:*:*:*:*:*")])]), &[]),
        ("of another vendor", alone(&[one_of(&[any("acme:redis")])]), &[]),
        ("as a system", alone(&[one_of(&[product("o:redis:redis:*:*:*:*:*:*:*:*", json!({}))])]), &[]),
        ("beside others", alone(&[one_of(&[redis(), any("acme:redis"), beside(WINDOWS)])]), &["redis >=0"]),
        ("in one of two nodes", alone(&[one_of(&[any("acme:x")]), one_of(&[redis()])]), &["redis >=0"]),
        ("on Linux", together(&[one_of(&[redis()]), one_of(&[beside(LINUX)])]), &["redis >=0"]),
        (
            "on Linux or Windows",
            together(&[one_of(&[beside(WINDOWS), beside(LINUX)]), one_of(&[redis()])]),
            &["redis >=0"],
        ),
        ("on Windows", together(&[one_of(&[redis()]), one_of(&[beside(WINDOWS)])]), &[]),
        ("as Debian builds it", together(&[one_of(&[redis()]), one_of(&[beside(DEBIAN)])]), &[]),
        (
            "on an old kernel",
            together(&[one_of(&[redis()]), one_of(&[product("o:linux:linux_kernel:*:*:*:*:*:*:*:*", unseen)])]),
            &[],
        ),
        ("with another program", together(&[one_of(&[redis()]), one_of(&[any("lua:lua")])]), &[]),
        ("with nothing else", together(&[one_of(&[redis()])]), &["redis >=0"]),
        ("all of one", alone(&[all_of(&[redis()])]), &["redis >=0"]),
        ("all of it and Linux", alone(&[all_of(&[redis(), beside(LINUX)])]), &["redis >=0"]),
        ("all of it and another", alone(&[all_of(&[redis(), any("acme:x")])]), &[]),
        ("a configuration that is not", json!({ "negate": true, "nodes": [one_of(&[redis()])] }), &[]),
        ("a node that is not", alone(&[json!({ "negate": true, "cpeMatch": [redis()] })]), &[]),
        (
            "with what must not be",
            together(&[one_of(&[redis()]), json!({ "negate": true, "cpeMatch": [beside(LINUX)] })]),
            &[],
        ),
    ];
    for (name, configuration, expected) in cases {
        assert_eq!(told(&json!([configuration])), expected, "{name}");
    }
}

#[test]
fn editions_and_builds_that_no_image_of_linux_has_do_not_count() {
    for (attributes, is_told) in [
        ("*:*:*", true),
        ("lts:*:*", true),
        ("-:-:*", true),
        ("community:linux:*", true),
        ("*:linux_kernel:x64", true),
        ("enterprise:*:*", false),
        ("*:windows:*", false),
        ("*:wordpress:*", false),
        ("*:mac*:*", false),
    ] {
        let node = product(&format!("a:nodejs:node.js:*:*:*:*:{attributes}:*"), json!({}));
        assert_eq!(told(&json!([alone(&[one_of(&[node])])])).len(), usize::from(is_told), "{attributes}");
    }
}

#[test]
fn all_that_is_said_of_a_program_is_one_and_said_once() {
    let of = |vendor: &str, end: &str| {
        product(&format!("a:{vendor}:nginx:*:*:*:*:*:*:*:*"), json!({ "versionEndExcluding": end }))
    };
    let untold = product("a:nginx:nginx:-:*:*:*:*:*:*:*", json!({}));
    let exact = product("a:f5:nginx:1.3:*:*:*:*:*:*:*", json!({}));
    let curl = ["haxx:curl", "haxx:libcurl"].map(any);
    let configurations = json!([
        alone(&[one_of(&[of("f5", "1.2"), of("nginx", "1.2"), untold, exact.clone(), exact])]),
        alone(&[one_of(&curl), one_of(&[of("igor_sysoev", "1.1")])]),
        together(&[one_of(&[of("f5", "1.9")]), one_of(&[beside(WINDOWS)])]),
    ]);
    assert_eq!(told(&configurations), ["curl >=0", "nginx >=0 <1.1 >=0 <1.2 =1.3"]);
    for nothing in [json!([]), json!(null), json!([{}]), json!([{ "nodes": null }]), json!([{ "nodes": [{}] }])] {
        assert_eq!(told(&nothing), Vec::<String>::new(), "{nothing}");
    }
}

#[test]
fn what_has_not_the_form_is_an_error() {
    let with_word = |operator: &str| json!([{ "operator": operator, "nodes": [] }]);
    for odd in [
        json!(7),
        json!([7]),
        with_word("XOR"),
        json!([{ "nodes": [{ "cpeMatch": [{ "criteria": "cpe:2.3:a:x:y:*:*:*:*:*:*:*:*" }] }] }]),
    ] {
        assert!(affected(&serde_json::value::to_raw_value(&odd).unwrap()).is_err(), "{odd}");
    }
    let nameless = json!({ "vulnerable": true, "criteria": "nonsense" });
    assert_eq!(told(&json!([together(&[one_of(&[any("redis:redis")]), one_of(&[nameless])])])), Vec::<String>::new());
}

/// Node.js' lines of CVE-2022-0778: long-term releases apart from others, and a first version that is not affected.
#[test]
fn nodes_releases_are_judged_as_nvd_says() {
    let line = |edition: &str, bounds: Value| product(&format!("a:nodejs:node.js:*:*:*:*:{edition}:*:*:*"), bounds);
    let lines = [
        line("-", json!({ "versionStartExcluding": "14.0.0", "versionEndIncluding": "14.14.0" })),
        line("lts", json!({ "versionStartIncluding": "14.15.0", "versionEndExcluding": "14.19.1" })),
        line("-", json!({ "versionStartExcluding": "17.0.0", "versionEndExcluding": "17.7.2" })),
    ];
    let [affected] = read(&json!([alone(&[one_of(&lines)])])).try_into().unwrap();
    for (version, is_affected, fixed_in) in [
        ("14.0.0", false, None),
        ("14.0.1", true, Some("14.19.1")),
        ("14.14.0", true, Some("14.19.1")),
        ("14.19.0", true, Some("14.19.1")),
        ("14.19.1", false, None),
        ("16.14.2", false, None),
        ("17.7.1", true, Some("17.7.2")),
        ("17.7.2", false, None),
    ] {
        let judged = judge(Scheme::Generic, &affected, version).unwrap();
        assert_eq!((judged.is_affected, judged.fixed_in.as_deref()), (is_affected, fixed_in), "{version}");
    }
}

/// Lists of what tells nothing take no memory, and equal words no time: 16 MiB of them are read in a moment.
#[test]
fn a_record_of_nothing_but_lists_is_read_in_bounds() {
    let empty = format!("[{{\"nodes\": [{}{{}}]}}]", "{},".repeat(4 << 20));
    let raw: &RawValue = serde_json::from_str(&empty).unwrap();
    assert_eq!(affected(raw).unwrap(), []);
    let exact = r#"{"vulnerable": true, "criteria": "cpe:2.3:a:f5:nginx:1.2:*:*:*:*:*:*:*"},"#.repeat(100_000);
    let same = format!("[{{\"nodes\": [{{\"cpeMatch\": [{}]}}]}}]", exact.trim_end_matches(','));
    let raw: &RawValue = serde_json::from_str(&same).unwrap();
    let [said] = affected(raw).unwrap().try_into().unwrap();
    assert_eq!(said.versions, ["1.2"]);
}
