//! What is read of RPM's databases.

use plimsoll_model::{Package, ProblemCode};

use crate::builder::*;
use crate::rpm_database::{self, Header, ndb};

const PATH: &str = "var/lib/rpm/Packages";

/// The packages of a database of these headers, and the problems' texts.
fn read(headers: &[Header]) -> (Vec<Package>, Vec<String>) {
    let bytes = ndb(&headers.iter().map(Header::bytes).collect::<Vec<_>>());
    let layer = analyse(&Tar::new().file(PATH, bytes).end());
    assert!(codes(&layer).iter().all(|code| *code == ProblemCode::FileMalformed));
    let packages = layer.contents.files[PATH].packages.clone();
    (packages, layer.problems.into_iter().map(|problem| problem.detail).collect())
}

fn line(package: &Package) -> String {
    let source = package.source.as_ref().map(|source| format!("{}@{}", source.name, source.version));
    let parts = [&source, &package.architecture, &package.license, &package.module];
    let parts: Vec<&str> = parts.into_iter().map(|part| part.as_deref().unwrap_or("-")).collect();
    format!("{}@{} {}", package.name, package.version, parts.join(" "))
}

#[test]
fn a_header_s_values_make_a_package() {
    let bind = Header::package("bind-libs", "9.16").text(1044, "bind-9.16-1.src.rpm").text(1022, "x86_64");
    let cases = [
        (Header::package("bash", "5.1"), "bash@5.1-1 - - - -"),
        (bind.clone(), "bind-libs@9.16-1 bind@9.16-1 x86_64 - -"),
        (bind.clone().numbers(1003, &[32]), "bind-libs@32:9.16-1 bind@32:9.16-1 x86_64 - -"),
        (bind.clone().numbers(1003, &[0]), "bind-libs@9.16-1 bind@9.16-1 x86_64 - -"),
        (bind.clone().text(1014, "MPLv2.0"), "bind-libs@9.16-1 bind@9.16-1 x86_64 MPLv2.0 -"),
        (bind.text(5096, "x:1:2:c").text(1014, "(none)"), "bind-libs@9.16-1 bind@9.16-1 x86_64 - x:1:2:c"),
        (Header::package("b", "1").raw(1014, 9, 2, b"GPL\0FR\0"), "b@1-1 - - GPL -"),
        // What the installation adds comes after what was built, and counts.
        (Header::package("b", "1").text(1014, "old").text(1014, "new"), "b@1-1 - - new -"),
        (Header::package("b\u{e9}", "1"), "b\u{e9}@1-1 - - - -"),
    ];
    for (header, expected) in cases {
        let (packages, complaints) = read(&[header]);
        assert_eq!(packages.iter().map(line).collect::<Vec<_>>(), [expected]);
        assert_eq!(complaints, [""; 0]);
    }
}

#[test]
fn imported_keys_are_not_packages() {
    let (packages, complaints) = read(&[Header::package("gpg-pubkey", "4b715d0e"), Header::package("bash", "5.1")]);
    assert_eq!((packages.len(), complaints.len()), (1, 0));
}

#[test]
fn what_a_package_owns_is_not_reported_again_as_a_language_package() {
    let files = [(1, "METADATA"), (0, "bash")];
    let folder = "/usr/lib/python3/site-packages/six-1.dist-info/";
    let new = Header::package("python3-six", "1").files(&["/usr/bin/", folder], &files);
    let old = Header::package("python3-six", "1").texts(1027, &["/bin/sh", &format!("{folder}METADATA")]);
    for header in [new, old] {
        let tar = Tar::new().file(PATH, ndb(&[header.bytes()])).file(&dist_info("six"), metadata("six", "1"));
        let tar = tar.file(&dist_info("flask"), metadata("flask", "2"));
        assert_eq!(found(&image(&[tar])), ["python3-six@1-1 0", "flask@2 0"]);
    }
}

#[test]
fn all_three_forms_say_the_same_in_any_of_the_folders() {
    let expected = ["ferry-libs@2:1.2.3-4.el9", "ferry@2:1.2.3-4.el9", "nodejs@18.9-1.module+el8"];
    let databases = [
        ("rpmdb.sqlite", rpm_database::sqlite()),
        ("Packages", rpm_database::berkeley()),
        ("Packages", rpm_database::berkeley_of_the_other_byte_order()),
        // The name does not count.
        ("Packages.db", rpm_database::sqlite()),
    ];
    for (name, bytes) in databases {
        for folder in ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"] {
            let layer = analyse(&Tar::new().file(&format!("{folder}/{name}"), &bytes).end());
            assert_eq!((names(&layer), codes(&layer)), (expected.map(String::from).to_vec(), vec![]), "{name}");
        }
    }
}

#[test]
fn an_empty_database_has_no_packages() {
    for bytes in [vec![], ndb(&[])] {
        let layer = analyse(&Tar::new().file(PATH, bytes).end());
        assert_eq!((names(&layer).len(), codes(&layer).len()), (0, 0));
    }
}

#[test]
fn a_write_ahead_log_with_something_in_it_is_a_problem() {
    for (length, expected) in [(0, vec![]), (32, vec![]), (4152, vec![ProblemCode::FileMalformed])] {
        let tar = Tar::new().file("var/lib/rpm/rpmdb.sqlite", rpm_database::sqlite());
        let layer = analyse(&tar.file("var/lib/rpm/rpmdb.sqlite-wal", vec![0; length]).end());
        assert_eq!((names(&layer).len(), codes(&layer)), (3, expected));
    }
}
