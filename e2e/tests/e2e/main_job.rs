//! The main job on its real input: push an image, see what is wrong with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::Command;

use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::docker::Docker;
use plimsoll_e2e::mirror::Mirror;
use plimsoll_e2e::platform::{Options, Platform};
use plimsoll_e2e::process::output;
use plimsoll_e2e::tools::require;
use plimsoll_testkit::corpus;
use serde_json::Value;

use crate::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_real_debian_image_pushed_by_skopeo_and_docker_is_judged_as_the_mirror_says_and_read_once() {
    let Some(feeds) = corpus::shared("feeds") else { return };
    require(&["skopeo"]);
    let image = DebianImage::get();
    let mirror = Mirror::serve(feeds.canonicalize().unwrap());
    let platform = Platform::start(Options { feeds_base: Some(mirror.address().into()), ..Options::default() }).await;
    let demo = platform.tenant("demo");
    println!("{}", platform.sync_feeds());

    platform.skopeo_push(&demo, &image.skopeo(), "debian:skopeo");
    let scanned = platform.scanned(&demo, "debian:skopeo").await;
    assert_eq!(text(&scanned, "/scan/state"), "DONE", "{scanned:#}");
    assert_eq!(text(&scanned, "/os/distribution"), "debian");
    assert_eq!(scanned["problems"], serde_json::json!([]));
    assert_eq!(scanned["scan"]["layersAnalysed"], 4);
    assert_eq!(scanned["layers"].as_array().unwrap().len(), 4);

    // What a distribution, pip and npm install is nobody's secret, and no malware.
    let mut alarms = platform.observations(&demo, &scanned).await;
    alarms.retain(|seen| seen["kind"] == "SECRET" || seen["kind"] == "MALWARE");
    assert!(alarms.is_empty(), "{alarms:#?}");

    let findings = platform.findings(&demo, &scanned).await;
    let packages = platform.packages(&demo, &scanned).await;
    println!("{} packages, {} findings", packages.len(), findings.len());
    let by_package = |name: &str| findings.iter().filter(|f| text(f, "/package/name") == name).collect::<Vec<_>>();
    for (name, step, layer) in [
        ("django", "RUN pip install", 1),
        ("urllib3", "RUN pip install", 1),
        ("@fastify/passport", "RUN npm install", 2),
        ("perl-base", "RUN debootstrap", 0),
    ] {
        let found = by_package(name);
        assert!(!found.is_empty(), "no finding in {name}");
        for finding in found {
            assert!(text(finding, "/introducedBy/buildStep/command").starts_with(step), "{finding:#}");
            assert_eq!(finding.pointer("/introducedBy/layer/index").unwrap(), layer);
        }
    }
    assert!(by_package("jinja2").is_empty(), "a deleted package has no finding");
    assert!(!packages.iter().any(|package| text(package, "/package/name") == "jinja2"));

    let agreed = facts_that_overlap(&feeds.join("facts.tsv"), &packages, &findings);
    println!("facts.tsv: {agreed} rows speak of a package version of this image, and all agree");
    assert!(agreed >= 2, "django 3.2 and notebook 6.4.9 are in both");
    debian_tracker_agrees(&feeds.join("debian/tracker/data/json"), &packages, &findings);

    // The same image again, by another client, in another repository.
    let archive = platform.folder().join("debian.tar");
    output(Command::new("skopeo").args(["copy", &image.skopeo()]).arg(format!(
        "docker-archive:{}:{}/demo/debian:docker",
        archive.display(),
        platform.registry()
    )));
    let docker = Docker::start(&platform.registry());
    docker.load(&archive);
    output(docker.command().args(["login", &platform.registry(), "--username", "robot", "--password", &demo.key]));
    output(docker.command().args(["push", &format!("{}/demo/debian:docker", platform.registry())]));
    let pushed = platform.scanned(&demo, "debian:docker").await;
    assert_eq!(text(&pushed, "/scan/state"), "DONE", "{pushed:#}");
    let as_pairs = |findings: &[Value]| -> BTreeSet<(String, String)> {
        findings.iter().map(|f| (text(f, "/vulnerability/name").into(), text(f, "/package/purl").into())).collect()
    };
    let by_docker = platform.findings(&demo, &pushed).await;
    assert_eq!(as_pairs(&by_docker), as_pairs(&findings), "docker's image has the same findings");

    platform.skopeo_push(&demo, &image.skopeo(), "again:1");
    let again = platform.scanned(&demo, "again:1").await;
    assert_eq!(again["digest"], scanned["digest"]);
    assert_eq!(again["scan"]["layersAnalysed"], 4, "no second scan of what is known");
    let theirs = platform.tenant("theirs");
    platform.skopeo_push(&theirs, &image.skopeo(), "debian:1");
    let theirs_scanned = platform.scanned(&theirs, "debian:1").await;
    assert_eq!(theirs_scanned["scan"]["layersAnalysed"], 0, "another organization's push reads no layer again");
    assert_eq!(theirs_scanned["scan"]["layersReused"], 4);
    assert_eq!(as_pairs(&platform.findings(&theirs, &theirs_scanned).await), as_pairs(&findings));
}

/// Every fact about a package version that the image has holds; gives how many there are.
fn facts_that_overlap(facts: &std::path::Path, packages: &[Value], findings: &[Value]) -> usize {
    let has: BTreeSet<(&str, &str, &str)> = packages
        .iter()
        .map(|package| {
            (text(package, "/package/ecosystem"), text(package, "/package/name"), text(package, "/package/version"))
        })
        .collect();
    let facts = std::fs::read_to_string(facts).unwrap();
    let mut agreed = 0;
    for line in facts.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [ecosystem, package, version, advisory, verdict, ..] = fields[..] else { continue };
        if !has.contains(&(ecosystem, package, version)) {
            continue;
        }
        let reported = findings.iter().any(|finding| {
            let says = |advisories: &Value| advisories.as_array().into_iter().flatten().any(|id| id == advisory);
            text(finding, "/package/name") == package
                && (says(&finding["advisories"]) || text(finding, "/vulnerability/name") == advisory)
        });
        assert_eq!(reported, verdict == "affected", "{line}");
        agreed += 1;
    }
    agreed
}

/// What Debian's tracker says of the image's source packages, judged by Debian's own `dpkg`, is what is found.
fn debian_tracker_agrees(tracker: &std::path::Path, packages: &[Value], findings: &[Value]) {
    let tracker: HashMap<String, BTreeMap<String, Value>> =
        serde_json::from_slice(&std::fs::read(tracker).unwrap()).unwrap();
    let mut sources: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for package in packages.iter().filter(|package| text(package, "/package/ecosystem") == "Debian:12") {
        let source =
            (text(package, "/package/sourceName").to_owned(), text(package, "/package/sourceVersion").to_owned());
        sources.entry(source).or_default().push(text(package, "/package/name").to_owned());
    }
    let mut checked = 0;
    for ((source, version), binaries) in &sources {
        for (cve, said) in tracker.get(source).into_iter().flatten() {
            let release = &said["releases"]["bookworm"];
            let Some(fixed) = release["fixed_version"].as_str() else { continue };
            let is_lower =
                Command::new("dpkg").args(["--compare-versions", version, "lt", fixed]).status().unwrap().success();
            let expected = is_lower && fixed != "0";
            for binary in binaries {
                let found = findings
                    .iter()
                    .any(|f| text(f, "/package/name") == binary && text(f, "/vulnerability/name") == cve);
                assert_eq!(found, expected, "{binary} ({source} {version}), {cve} fixed in {fixed}");
                checked += 1;
            }
        }
    }
    println!("Debian's tracker: {checked} pairs of binary package and CVE agree with dpkg's own order");
    assert!(checked > 200);
}
