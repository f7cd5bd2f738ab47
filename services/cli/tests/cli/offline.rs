//! `plimsoll scan --offline`.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::image::{Image, digest, tar, tar_of_bytes};
use crate::mirror::Place;
use crate::program::{command, finished, plimsoll};

fn scan(place: &Place, source: &str, more: &[&str]) -> crate::program::Run {
    let mut arguments = vec!["scan", "--offline", "--format", "json", source];
    arguments.extend_from_slice(more);
    plimsoll(place.home(), &arguments)
}

/// Of each finding: vulnerability, package, fix, layer, severity.
fn told(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| json!([f["vulnerability"], f["package"], f["fixed_in"], f["introduced_by"]["layer"], f["severity"]]))
        .collect()
}

fn debian_archive(place: &Place) -> String {
    place.write("app.tar", Image::debian().docker_save("shop/app:1"))
}

#[test]
fn a_scan_names_the_package_the_layer_and_the_fix() {
    let place = Place::with_database();
    let archive = debian_archive(&place);
    let run = scan(&place, &archive, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("the advisory database is less than a minute old"), "{}", run.err);
    let mut report = run.json();
    assert_eq!(
        told(&report),
        [
            json!(["CVE-2022-28346", "django", "3.2.13", 1, "CRITICAL"]),
            json!(["CVE-2021-44906", "minimist", "1.2.6", 1, "CRITICAL"]),
            json!(["CVE-2023-31484", "perl-base", "5.36.0-7+deb12u1", 0, "UNKNOWN"]),
            json!(["CVE-2011-4116", "perl-base", null, 0, "UNKNOWN"]),
        ],
        "urllib3 was deleted, the withdrawn advisory says nothing"
    );
    let knowledge = report.as_object_mut().unwrap().remove("knowledge").unwrap();
    let feeds: Vec<&String> = knowledge.as_object().unwrap().keys().collect();
    assert_eq!(feeds, ["alpine", "debian", "epss", "kev", "osv"]);
    // Which checks there are, and how long Debian 12 is mended, is not this test's to say.
    assert_eq!(report["coverage"]["gaps"], json!([]));
    report.as_object_mut().unwrap().retain(|field, _| !matches!(field.as_str(), "coverage" | "observations"));
    insta::assert_json_snapshot!(report);
}

#[test]
fn the_same_image_in_an_archive_and_in_a_layout_has_the_same_findings() {
    let place = Place::with_database();
    let archive = scan(&place, &debian_archive(&place), &[]).json();
    Image::debian().write_layout(&place.path("layout"), "shop/app:1");
    let layout = scan(&place, place.path("layout").to_str().unwrap(), &[]).json();
    let by_prefix =
        scan(&place, &format!("oci:{}", place.path("layout").display()), &["--platform", "linux/amd64"]).json();
    for report in [&layout, &by_prefix] {
        for part in ["findings", "os", "package_count", "problems", "unknown"] {
            assert_eq!(report[part], archive[part], "{part}");
        }
    }
    assert_eq!(layout["image"]["digest"], digest(&Image::debian().manifest()).as_str());
}

#[test]
fn the_other_platforms_of_an_index_are_named() {
    let place = Place::with_database();
    let others = [("linux", "arm64"), ("windows", "amd64"), ("windows", "amd64"), ("unknown", "unknown")];
    Image::debian().write_index(&place.path("layout"), &others);
    let layout = place.path("layout").to_str().unwrap().to_owned();
    let report = scan(&place, &layout, &["--platform", "linux/amd64"]).json();
    assert_eq!(report["image"]["platform"], "linux/amd64");
    assert_eq!(report["image"]["other_platforms"], json!(["linux/arm64", "windows/amd64"]));
    for arguments in [&["scan", "--offline"][..], &["inventory"]] {
        let run = plimsoll(place.home(), &[arguments, &["--platform", "linux/amd64", &layout]].concat());
        let expected =
            "Platforms  this one alone; its index has linux/arm64, windows/amd64 too: --platform picks one\n";
        assert!(run.out.contains(expected), "{run:?}");
    }
}

#[test]
fn the_table_says_the_same_for_people() {
    let place = Place::with_database();
    let archive = debian_archive(&place);
    let run = plimsoll(place.home(), &["scan", "--offline", &archive, "--severity", "high", "--limit", "1"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.out.contains('\u{1b}'), "no colours in a pipe");
    for expected in [
        "Debian GNU/Linux 12 (bookworm)",
        "4: 2 critical, 2 unknown; 1 known to be exploited; 3 with a fix",
        "1. Upgrade django 3.2 to 3.2.13: mends 1 finding (1 critical); known to be exploited: CVE-2022-28346. Layer 1: RUN pip",
        "CRITICAL  CVE-2022-28346  django",
        "1 more: --limit 0 shows all; 2 not asked for",
    ] {
        assert!(run.out.contains(expected), "{expected}\n{}", run.out);
    }
    assert!(!run.out.contains("CVE-2011-4116"));
    let coloured = finished(command(place.home()).args(["scan", "--offline", &archive]).env("CLICOLOR_FORCE", "1"));
    assert!(coloured.out.contains('\u{1b}'));
    let plain = finished(
        command(place.home()).args(["scan", "--offline", &archive]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"),
    );
    assert!(plain.code == 0 && !plain.out.contains('\u{1b}'));
}

#[test]
fn a_folder_and_a_lock_file_are_scanned_too() {
    let place = Place::with_database();
    place.write("root/etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n");
    place.write("root/lib/apk/db/installed", "P:libcrypto3\nV:3.1.0-r4\nA:x86_64\no:openssl\n\n");
    let run = scan(&place, &format!("dir:{}", place.path("root").display()), &[]);
    let report = run.json();
    assert_eq!(told(&report), [json!(["CVE-2023-2650", "libcrypto3", "3.1.1-r0", 0, "UNKNOWN"])]);
    assert_eq!((&report["layers"], &report["image"]["digest"]), (&json!([]), &Value::Null));
    assert_eq!(report["findings"][0]["introduced_by"]["diff_id"], "");
    let lock = place.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\n");
    for source in [lock.as_str(), "Cargo.lock"] {
        let report = scan(&place, source, &[]).json();
        assert_eq!(told(&report), [json!(["CVE-2020-26235", "time", "0.2.23", 0, "MEDIUM"])]);
    }
}

#[test]
fn an_image_of_amazon_linux_is_judged_by_what_its_advisories_say_of_the_installed_packages() {
    let place = Place::new();
    let updates = [
        ("ALAS2023-2024-1", "CVE-2024-1", "Important", "ferry-libs", ["2", "1.2.3", "5.amzn2023.0.1"]),
        ("ALAS2023-2024-2", "CVE-2024-2", "critical", "ferry", ["2", "1.2.3", "4.el9"]),
    ];
    place.amazon("46ff", &updates);
    assert_eq!(place.update(&[]).code, 0);
    // A database that SQLite made: ferry and ferry-libs 2:1.2.3-4.el9, both of the source ferry, and nodejs.
    let fixture = "../../libs/analysis/tests/fixtures/rpm-sqlite/root/usr/lib/sysimage/rpm/rpmdb.sqlite";
    let packages = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)).unwrap();
    let os = "ID=\"amzn\"\nVERSION_ID=\"2023\"\nPRETTY_NAME=\"Amazon Linux 2023.6.20241010\"\n";
    let layer = tar_of_bytes(&[("etc/os-release", os.as_bytes()), ("usr/lib/sysimage/rpm/rpmdb.sqlite", &packages)]);
    let image = Image { layers: vec![layer], commands: vec!["COPY rootfs / ".into()], broken: None };
    let run = scan(&place, &place.write("al2023.tar", image.docker_save("al2023:1")), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let report = run.json();
    assert_eq!(told(&report), [json!(["CVE-2024-1", "ferry-libs", "2:1.2.3-5.amzn2023.0.1", 0, "HIGH"])]);
    let gaps = report["coverage"]["gaps"].as_array().unwrap();
    assert!(gaps.iter().all(|gap| gap["reason"] != "ecosystem_without_source"), "{gaps:?}");
    assert_eq!(report["findings"][0]["sources"], json!(["amazon"]));
}

/// Programs as images of `node`, `nginx` and `python` have them, and a Go toolchain, beside Debian's packages.
const PROGRAMS: &str = concat!("dir:", env!("CARGO_MANIFEST_DIR"), "/../../libs/analysis/tests/fixtures/runtime/root");

#[test]
fn a_program_without_a_package_is_judged_by_nvd() {
    let place = Place::with_database();
    let unjudged = |report: &Value| {
        let gaps = report["coverage"]["gaps"].as_array().unwrap();
        let gap = gaps.iter().find(|gap| gap["reason"] == "ecosystem_without_source").unwrap();
        gap["examples"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = scan(&place, PROGRAMS, &[]).json();
    assert!(before["findings"].as_array().unwrap().iter().all(|finding| finding["ecosystem"] != "generic"));
    assert!(unjudged(&before).contains(&"generic".into()), "NVD is not there: {:?}", unjudged(&before));

    place.nvd(&[
        ("CVE-2022-41741", "f5:nginx", "1.1.3", "1.22.1"),
        ("CVE-2022-32212", "nodejs:node.js", "18.0.0", "18.5.0"),
        ("CVE-2022-1000", "acme:nginx", "0", "99"),
    ]);
    assert_eq!(place.update(&["--feeds", "nvd"]).code, 0);
    let report = scan(&place, PROGRAMS, &[]).json();
    let findings = report["findings"].as_array().unwrap();
    let [found] = findings.iter().filter(|of| of["sources"] == json!(["nvd"])).collect::<Vec<_>>()[..] else {
        panic!("{findings:#?}")
    };
    let told =
        ["vulnerability", "ecosystem", "package", "version", "fixed_in", "path", "severity"].map(|name| &found[name]);
    assert_eq!(told, ["CVE-2022-41741", "generic", "nginx", "1.21.4", "1.22.1", "usr/local/sbin/nginx", "CRITICAL"]);
    let unjudged = unjudged(&report);
    assert!(unjudged.contains(&"generic go".into()) && !unjudged.contains(&"generic".into()), "{unjudged:?}");
    let unknown = report["unknown"].as_array().unwrap();
    let go = unknown.iter().find(|of| of["package"] == "go").unwrap();
    assert_eq!(go["why"], "no source of advisories knows this program");
    assert!(unknown.iter().all(|of| of["package"] != "nginx"), "{unknown:?}");
}

#[test]
fn a_secret_is_observed_though_a_later_layer_deletes_it_and_shuts_the_gate() {
    let place = Place::with_database();
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let layers = vec![
        tar(&[("app/deploy.env", &format!("GITHUB_TOKEN={token}\n")), ("app/main.py", "print()\n")]),
        tar(&[("app/.wh.deploy.env", "")]),
    ];
    let commands = vec![format!("RUN |1 TOKEN={token} /bin/sh -c make"), "RUN rm /app/deploy.env".to_owned()];
    let archive = place.write("app.tar", Image { layers, commands, broken: None }.docker_save("shop/app:1"));
    let run = scan(&place, &archive, &["--fail-on", "high"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("there are findings or observations of severity high or higher"), "{}", run.err);
    let report = run.json();
    assert_eq!(report["findings"], json!([]));
    let observations = report["observations"].as_array().unwrap();
    let of_rule = |rule| observations.iter().filter(move |seen| seen["rule"] == rule);
    let in_file = of_rule("github-token").find(|seen| seen["place"]["in"] == "file").unwrap();
    assert_eq!(in_file["place"]["path"], "app/deploy.env");
    assert_eq!((&in_file["layer"], &in_file["removed_in"]), (&json!(0), &json!(1)));
    assert!(of_rule("github-token").any(|seen| seen["place"]["in"] == "history"), "{observations:#?}");
    assert_eq!(of_rule("root-user").count(), 1);

    let table = plimsoll(place.home(), &["scan", "--offline", &archive]);
    assert_eq!(table.code, 0);
    for expected in
        ["\nSecrets\n", "app/deploy.env:1", "removed in layer 1, but whoever pulls the image has it]", "Advice "]
    {
        assert!(table.out.contains(expected), "{expected}\n{}", table.out);
    }
    let inventories = ["table", "json", "cyclonedx"]
        .map(|format| plimsoll(place.home(), &["inventory", "--format", format, &archive]).out);
    for told in [&run.out, &table.out].into_iter().chain(&inventories) {
        assert!(!told.contains(&token), "the secret is shown: {told}");
    }
}

#[test]
fn a_gate_shuts_on_the_severity_that_it_names() {
    let place = Place::with_database();
    let archive = debian_archive(&place);
    let run = scan(&place, &archive, &["--fail-on", "critical"]);
    assert_eq!((run.code, run.json()["findings"].as_array().unwrap().len()), (1, 4));
    assert!(run.err.contains("severity critical or higher"), "{}", run.err);
    let lock = place.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\n");
    assert_eq!(scan(&place, &lock, &["--fail-on", "high"]).code, 0);
    assert_eq!(scan(&place, &lock, &["--fail-on", "medium"]).code, 1);
}

#[test]
fn a_broken_layer_is_a_problem_of_the_image_and_other_bytes_are_a_failure() {
    let place = Place::with_database();
    let mut image = Image::debian();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(&image.layers[1]).unwrap();
    let gzip = encoder.finish().unwrap();
    image.broken = Some((1, gzip[..gzip.len() - 1500].to_vec()));
    image.write_layout(&place.path("layout"), "1");
    let run = scan(&place, place.path("layout").to_str().unwrap(), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let report = run.json();
    assert_eq!(report["problems"][0]["code"], "layer_truncated", "{}", report["problems"]);
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["package"] == "perl-base"));
    // A blob that is not what its digest says.
    let layer = digest(&Image::debian().layers[0]);
    Image::debian().write_layout(&place.path("other"), "1");
    let zeros = vec![0; Image::debian().layers[0].len()];
    place.write(&format!("other/blobs/sha256/{}", &layer[7..]), zeros);
    let run = scan(&place, place.path("other").to_str().unwrap(), &[]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "no verdict on other bytes than the image's: {run:?}");
    assert!(run.err.contains(&format!("layer {layer}: its bytes have the digest sha256:")), "{}", run.err);
    assert!(run.err.contains("save or pull the image again"), "{}", run.err);
}

#[test]
fn what_cannot_be_done_says_why_and_what_helps() {
    let place = Place::new();
    let archive = debian_archive(&place);
    let without = scan(&place, &archive, &[]);
    assert_eq!((without.code, without.out.as_str()), (3, ""));
    assert!(without.err.contains("there is no advisory database at") && without.err.contains("plimsoll db update"));
    let text = place.write("notes.db", "hello");
    let other = scan(&place, &archive, &["--db", &text]);
    assert_eq!(other.code, 3);
    assert!(other.err.contains("is not an advisory database"), "{}", other.err);

    assert_eq!(place.update(&[]).code, 0);
    let not_a_tar = place.write("text.tar", "hello");
    place.write("empty/file", "");
    let layout = place.path("empty").to_str().unwrap().to_owned();
    let cases = [
        ("missing.tar", "there is no file or folder 'missing.tar'"),
        (not_a_tar.as_str(), "text.tar"),
        (layout.as_str(), "is no OCI image layout"),
        ("dir:missing", "missing"),
        ("127.0.0.1:1/nothing:1", "127.0.0.1"),
    ];
    for (source, expected) in cases {
        let run = scan(&place, source, &[]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{source}: {run:?}");
        assert!(run.err.contains(expected), "{source}: {}", run.err);
    }
}

#[test]
fn a_wrong_use_is_told_with_what_is_right() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&["scan"], "required"),
        (&["scan", "--offline", "x", "--severity", "severe"], "critical, high"),
        (&["scan", "--offline", "x", "--format", "xml"], "table, json"),
        (&["scan", "--offline", "x", "--timeout", "soon"], "a number with s, m or h"),
        (&["scan", "x"], "no server: say --server URL or set PLIMSOLL_SERVER"),
        (&["sail"], "unrecognized subcommand"),
    ];
    for (arguments, expected) in cases {
        let run = plimsoll(place.home(), arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {run:?}");
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    for arguments in [
        &["--help"][..],
        &["scan", "--help"],
        &["query", "--help"],
        &["db", "update", "--help"],
        &["version", "compare", "--help"],
    ] {
        let run = plimsoll(place.home(), arguments);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("Examples:") || run.out.contains("Exit codes:"), "{arguments:?}");
    }
}
