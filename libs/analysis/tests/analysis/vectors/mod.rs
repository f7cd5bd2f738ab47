//! The shared vectors: real lock files and databases, with what two other scanners found in them.
//!
//! What both found must be found here. What one alone found is found, or its reason stands in the file of its ecosystem.

mod declared;
mod npm;
mod os;
mod php;
mod python;
mod ruby;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_analysis::{Limits, analyse_tree};

/// A package of a row that is not reported, or one that neither of the others found, with the reason.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Exception {
    /// The row's folder.
    row: &'static str,
    /// The purl, or its beginning.
    purl: &'static str,
    /// The reason.
    why: &'static str,
}

const fn exception(row: &'static str, purl: &'static str, why: &'static str) -> Exception {
    Exception { row, purl, why }
}

/// A line an ecosystem.
const NOT_REPORTED: &[&[Exception]] = &[
    os::NOT_REPORTED,
    npm::NOT_REPORTED,
    declared::NOT_REPORTED,
    python::NOT_REPORTED,
    ruby::NOT_REPORTED,
    php::NOT_REPORTED,
];
/// A line an ecosystem that has any.
const ONLY_HERE: &[&[Exception]] = &[declared::ONLY_HERE, npm::ONLY_HERE, python::ONLY_HERE];

#[derive(serde::Deserialize)]
struct Expected {
    agreed: BTreeSet<String>,
    syft_only: BTreeSet<String>,
    trivy_only: BTreeSet<String>,
}

#[test]
fn what_other_scanners_find_is_found_or_has_its_reason() {
    let Some(folder) = crate::corpus::shared("vectors/packages") else { return };
    let mut rows: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    rows.sort();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut failures = Vec::new();
    let mut used = BTreeSet::new();
    for row in &rows {
        let name = name_of(row);
        let expected: Expected = serde_json::from_slice(&std::fs::read(row.join("expected.json")).unwrap()).unwrap();
        let inventory = analyse_tree(&row.join("root"), &Limits::default()).unwrap().inventory();
        let found: BTreeSet<String> =
            inventory.packages.iter().filter_map(|package| package.purl.as_deref()).map(plain).collect();
        let lock = std::fs::read(row.join("root/package-lock.json")).unwrap_or_else(|_| b"null".to_vec());
        let lock: serde_json::Value = serde_json::from_slice(&lock).unwrap();
        for (group, purls) in
            [("agreed", &expected.agreed), ("by one only", &expected.syft_only), ("by one only", &expected.trivy_only)]
        {
            for purl in purls {
                let is_dev = || group != "agreed" && npm::is_for_developing(&lock, purl);
                if found.contains(purl) {
                    *counts.entry(group).or_default() += 1;
                } else if let Some(exception) = listed(NOT_REPORTED, name, purl) {
                    *counts.entry(exception.why).or_default() += 1;
                    used.insert(exception);
                } else if is_dev() {
                    *counts.entry("for developing").or_default() += 1;
                } else {
                    failures.push(format!("{name}: {group}: {purl} is missing"));
                }
            }
        }
        let known = |purl: &String| {
            [&expected.agreed, &expected.syft_only, &expected.trivy_only].iter().any(|set| set.contains(purl))
        };
        for purl in found.iter().filter(|purl| !known(purl)) {
            match listed(ONLY_HERE, name, purl) {
                Some(exception) => drop(used.insert(exception)),
                None => failures.push(format!("{name}: only here: {purl}")),
            }
        }
    }
    let unused = NOT_REPORTED.iter().chain(ONLY_HERE).copied().flatten().filter(|exception| !used.contains(exception));
    failures.extend(unused.map(|Exception { row, purl, .. }| format!("{row}: the exception {purl} no longer applies")));
    eprintln!("{} rows; found and not found, by reason: {counts:#?}", rows.len());
    assert!(!rows.is_empty() && failures.is_empty(), "{failures:#?}");
}

fn listed(exceptions: &[&'static [Exception]], row: &str, purl: &str) -> Option<&'static Exception> {
    let mut exceptions = exceptions.iter().copied().flatten();
    exceptions.find(|exception| exception.row == row && purl.starts_with(exception.purl))
}

fn name_of(row: &Path) -> &str {
    row.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// A purl without qualifiers, percent-decoded.
fn plain(purl: &str) -> String {
    let purl = purl.split('?').next().unwrap_or_default();
    let mut bytes = Vec::new();
    let mut rest = purl.bytes();
    while let Some(byte) = rest.next() {
        let decoded = |rest: &mut std::str::Bytes<'_>| {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        };
        bytes.push(if byte == b'%' { decoded(&mut rest).unwrap_or(byte) } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
