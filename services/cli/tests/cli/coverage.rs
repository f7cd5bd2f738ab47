//! What `plimsoll scan --offline` says was not judged.

use serde_json::{Value, json};

use crate::image::{Image, tar};
use crate::mirror::{MEDIUM, Place, osv};
use crate::program::plimsoll;

fn scan(place: &Place, source: &str) -> Value {
    let run = plimsoll(place.home(), &["scan", "--offline", "--format", "json", source]);
    assert_eq!(run.code, 0, "{run:?}");
    run.json()
}

fn reasons(report: &Value) -> Vec<&str> {
    let gaps = report["coverage"]["gaps"].as_array().unwrap();
    assert_eq!(report["coverage"]["is_complete"], gaps.is_empty());
    gaps.iter().map(|gap| gap["reason"].as_str().unwrap()).collect()
}

#[test]
fn what_was_not_judged_is_told_with_the_reason() {
    let place = Place::with_database();
    place.write("root/etc/os-release", "ID=slackware\nPRETTY_NAME=\"Slackware 15.0\"\n");
    place.write("root/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\n");
    place.write("root/Cargo.lock", "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.3.0\"\n");
    place.write("root/package-lock.json", "{ \"packages\": ");
    let source = format!("dir:{}", place.path("root").display());
    let report = scan(&place, &source);
    let coverage = &report["coverage"];
    assert_eq!(reasons(&report), ["os_unknown", "file_not_read", "ecosystem_without_source"], "{coverage:#}");
    assert_eq!((&coverage["is_complete"], &coverage["os"]["state"]), (&json!(false), &json!("unknown")));
    let table = plimsoll(place.home(), &["scan", "--offline", &source]).out;
    for expected in [
        "System     Slackware 15.0, support not known here\n",
        "Read       cargo-lock 1 file with 1 package, dpkg 1 file with 1 package\n",
        "Findings   none\n",
        "Coverage   Not judged, because no advisories are known here for the packages of Slackware 15.0\n",
        "           Not judged, because no advisory source that is loaded speaks of 1 package: deb\n",
    ] {
        assert!(table.contains(expected), "{expected}\n{table}");
    }
    let known = scan(&place, &place.write("app.tar", Image::debian().docker_save("shop/app:1")));
    assert_eq!(known["coverage"]["is_complete"], true, "{:#}", known["coverage"]);
    let unjudged = known["coverage"]["unjudged_checks"].as_array().unwrap();
    assert!(unjudged.iter().any(|unjudged| unjudged["check"] == "content-trust"), "{unjudged:#?}");
}

#[test]
fn that_only_fixes_are_published_for_a_distribution_is_said_and_is_no_gap() {
    let place = Place::with_database();
    place.write("root/etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n");
    place.write("root/lib/apk/db/installed", "P:zlib\nV:1.2.13-r1\nA:x86_64\no:zlib\n\n");
    let source = format!("dir:{}", place.path("root").display());
    let report = scan(&place, &source);
    let limits = &report["coverage"]["limits"];
    let statement = "judged by fixes alone, because only vulnerabilities that are fixed are published for Alpine:v3.18: what has no fix yet is not \
                     among the findings";
    let limit =
        json!({ "reason": "only_fixes_published", "count": 1, "statement": statement, "ecosystem": "Alpine:v3.18" });
    assert_eq!(*limits, json!([limit]), "{report:#}");
    assert!(reasons(&report).iter().all(|reason| *reason == "os_ended"), "{report:#}");
    let table = plimsoll(place.home(), &["scan", "--offline", &source]).out;
    assert!(
        table.contains("           Judged by fixes alone, because only vulnerabilities that are fixed are published"),
        "{table}"
    );
    let debian = scan(&place, &place.write("app.tar", Image::debian().docker_save("shop/app:1")));
    assert_eq!(debian["coverage"]["limits"], json!([]), "its tracker lists what has no fix, too");
}

const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
const STATUS: &str = "Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.2.13.dfsg-1\nSource: zlib\n\n";
const MINIMIST: (&str, &str) = ("app/node_modules/minimist/package.json", r#"{"name":"minimist","version":"1.2.6"}"#);

#[test]
fn an_image_whose_packages_nothing_lists_is_not_judged() {
    let place = Place::with_database();
    let release = |text| ("etc/os-release", text);
    let dpkg = ("var/lib/dpkg/status", STATUS);
    let pacman = ("var/lib/pacman/local/bash-5.2-1/desc", "%NAME%\nbash\n\n%VERSION%\n5.2-1\n");
    let (arch, buildroot) = ("ID=arch\nPRETTY_NAME=\"Arch Linux\"\n", "ID=buildroot\nVERSION_ID=2024.02\n");
    let program = ("bin/run", "#!/bin/sh\n");
    type Case<'a> = (&'a str, Vec<Vec<u8>>, &'a [&'a str]);
    let cases: [Case<'_>; 9] = [
        ("debian", vec![tar(&[release(DEBIAN), dpkg, MINIMIST])], &[]),
        ("debian-without", vec![tar(&[release(DEBIAN), MINIMIST])], &["package_database_missing"]),
        (
            "debian-deleted",
            vec![tar(&[release(DEBIAN), dpkg]), tar(&[("var/lib/dpkg/.wh.status", "")])],
            &["package_database_missing"],
        ),
        ("debian-emptied", vec![tar(&[release(DEBIAN), ("var/lib/dpkg/status", "")])], &["package_database_missing"]),
        ("arch", vec![tar(&[release(arch), pacman])], &["os_unknown"]),
        ("buildroot", vec![tar(&[release(buildroot), program])], &["os_unknown"]),
        ("scratch", vec![tar(&[program])], &["nothing_lists_packages"]),
        ("scratch-with-an-application", vec![tar(&[program, MINIMIST])], &[]),
        ("no-layers", vec![], &["nothing_lists_packages"]),
    ];
    for (name, layers, expected) in cases {
        let commands = layers.iter().map(|_| "COPY rootfs / ".to_owned()).collect();
        let image = Image { layers, commands, broken: None };
        let archive = place.write(&format!("{name}.tar"), image.docker_save(&format!("{name}:1")));
        assert_eq!(reasons(&scan(&place, &archive)), expected, "{name}");
    }
    let table = |source: &str| plimsoll(place.home(), &["scan", "--offline", source]).out;
    for (archive, expected) in [
        (
            "debian-deleted.tar",
            "Coverage   Not judged, because Debian GNU/Linux 12 (bookworm) has no database here that lists its packages\n",
        ),
        ("arch.tar", "Coverage   Not judged, because no advisories are known here for the packages of Arch Linux\n"),
        ("scratch.tar", "Coverage   Not judged, because nothing that was read lists packages: what programs there are"),
        ("debian.tar", "Coverage   all packages that were found were judged\n"),
    ] {
        let table = table(archive);
        assert!(table.contains(expected), "{expected}\n{table}");
    }
}

#[test]
fn a_third_party_s_package_is_not_judged_and_is_told_so() {
    let place = Place::with_database();
    let docker = "Package: docker-ce\nStatus: install ok installed\nVersion: 5:24.0.7\nMaintainer: Docker <support@docker.com>\n\n";
    place.write("root/etc/os-release", DEBIAN);
    place.write("root/var/lib/dpkg/status", format!("{STATUS}{docker}"));
    let report = scan(&place, "dir:root");
    assert_eq!(reasons(&report), ["ecosystem_without_source"], "{:#}", report["coverage"]);
    let gap = &report["coverage"]["gaps"][0];
    assert_eq!((&gap["count"], &gap["examples"]), (&json!(1), &json!(["deb of third parties"])));
    let why = "it is a third party's package, of which the distribution's advisories do not speak";
    let unknown = json!([{ "ecosystem": null, "package": "docker-ce", "version": "5:24.0.7", "why": why }]);
    assert_eq!(report["unknown"], unknown);
}

#[test]
fn what_a_go_program_has_without_a_version_is_not_judged_and_is_told_so() {
    let place = Place::new();
    place.osv(
        "Go",
        &[
            osv("GO-2024-1", &["CVE-2024-1"], "Go", "example.com/lantern", "1.5.0", MEDIUM),
            osv("GO-2024-2", &["CVE-2024-2"], "Go", "stdlib", "1.21.8", MEDIUM),
        ],
    );
    assert_eq!(place.update(&[]).code, 0);
    // `example.com/lantern`, of which the build info states a version; another is as long.
    let fixture = "../../libs/analysis/tests/fixtures/go/root/usr/local/bin/lantern";
    let program = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)).unwrap();
    let mut devel = program.clone();
    for (stated, instead) in [("\tv1.4.0\t\n", "\t(devel)\n"), ("go1.21.3", "devel +a")] {
        let at = devel.windows(stated.len()).position(|bytes| bytes == stated.as_bytes()).unwrap();
        devel[at..at + stated.len()].copy_from_slice(instead.as_bytes());
    }
    let told = |program: &[u8]| {
        place.write("root/usr/local/bin/lantern", program);
        scan(&place, "dir:root")
    };
    let report = told(&program);
    assert_eq!((report["findings"].as_array().unwrap().len(), reasons(&report).len()), (2, 0), "{report:#}");
    let report = told(&devel);
    assert_eq!((&report["findings"], reasons(&report)), (&json!([]), vec!["version_unordered"]), "{report:#}");
    assert_eq!(report["coverage"]["gaps"][0]["count"], 2);
    let unknown = report["unknown"].as_array().unwrap().iter();
    let unknown: Vec<_> =
        unknown.map(|of| (of["package"].as_str().unwrap(), of["version"].as_str().unwrap())).collect();
    assert_eq!(unknown, [("example.com/lantern", "(devel)"), ("stdlib", "(devel)")]);
}

#[test]
fn a_folder_is_judged_by_what_lists_packages_in_it() {
    let place = Place::with_database();
    let lock = "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.3.0\"\n";
    place.write("project/Cargo.lock", lock);
    place.write("texts/README", "hello");
    place.write("root/etc/os-release", DEBIAN);
    for (source, expected) in [
        ("dir:project", &[][..]),
        ("project/Cargo.lock", &[]),
        ("dir:texts", &["nothing_lists_packages"]),
        ("dir:root", &["package_database_missing"]),
    ] {
        assert_eq!(reasons(&scan(&place, source)), expected, "{source}");
    }
}
