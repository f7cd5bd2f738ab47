//! The shared version vectors, whole: what each scheme's own tools say of two versions.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a table that cannot be read fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, compare};

/// Every row of `<file>.tsv` (`a`, relation, `b`, source) holds in `scheme`, and mirrored.
fn every_row_holds(scheme: Scheme, file: &str, at_least: usize) {
    let Some(folder) = corpus::shared("vectors/versions") else { return };
    let table = std::fs::read_to_string(folder.join(format!("{file}.tsv"))).unwrap();
    let (mut passed, mut failures) = (0, Vec::new());
    for (number, row) in table.lines().enumerate().skip(1) {
        let mut columns = row.split('\t');
        let [a, relation, b] = [(); 3].map(|()| columns.next().unwrap());
        let expected = match relation {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            other => panic!("{file}.tsv line {}: relation {other}", number + 1),
        };
        let (forth, back) = (compare(scheme, a, b), compare(scheme, b, a));
        if forth == Ok(expected) && back == Ok(expected.reverse()) {
            passed += 1;
        } else {
            failures.push(format!("line {}: {a} {relation} {b}, not {forth:?} and {back:?}", number + 1));
        }
    }
    println!("{scheme}: {passed} of {} rows of {file}.tsv", passed + failures.len());
    assert!(failures.is_empty(), "{} rows of {file}.tsv:\n{}", failures.len(), failures.join("\n"));
    assert!(passed >= at_least, "{file}.tsv has only {passed} rows");
}

#[test]
fn dpkg_orders_every_vector() {
    every_row_holds(Scheme::Dpkg, "dpkg", 8681);
}

#[test]
fn apk_orders_every_vector() {
    every_row_holds(Scheme::Apk, "apk", 8841);
}

#[test]
fn semver_orders_every_vector() {
    every_row_holds(Scheme::Semver, "semver", 51);
}

#[test]
fn npm_orders_every_vector() {
    every_row_holds(Scheme::Npm, "semver", 51);
}

#[test]
fn pep440_orders_every_vector() {
    every_row_holds(Scheme::Pep440, "pep440", 7441);
}
