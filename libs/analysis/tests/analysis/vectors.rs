//! The shared vectors: real lock files and databases, with what two other scanners found in them.
//!
//! What both found must be found here. What one alone found is found, or its reason stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_analysis::{Limits, analyse_tree};

/// Rows of the files that this crate reads so far.
const READ: [&str; 6] = ["status-", "installed-", "METADATA-", "PKG-INFO-", "package-lock.json-", "Cargo.lock-"];

/// `(row, purl or its beginning, why it is not reported)`.
const NOT_REPORTED: [(&str, &str, &str); 14] = [
    ("status-1fbff4e47b", "pkg:deb/debian/acl", "the paragraph has no version"),
    ("status-7da5a7d079", "pkg:deb/debian/wantdeinstall_configfiles@", "removed: only its configuration is left"),
    ("status-7da5a7d079", "pkg:deb/debian/wantnostatus@", "without a status dpkg holds it not installed"),
    ("status-7da5a7d079", "pkg:deb/debian/wantpurge_notinstalled@", "not installed"),
    ("status-f892df9a3b", "pkg:deb/debian/wantdeinstall_configfiles@", "removed: only its configuration is left"),
    ("status-f892df9a3b", "pkg:deb/debian/wantinstall_halfinstalled@", "its unpacking was not finished"),
    ("status-f892df9a3b", "pkg:deb/debian/wantnostatus@", "without a status dpkg holds it not installed"),
    ("package-lock.json-250b31c9b6", "pkg:npm/node_v3_with_workspace_as_object@", "the root project itself"),
    ("package-lock.json-250b31c9b6", "pkg:npm/testapp", "a link without a version to what is reported with one"),
    ("package-lock.json-257f1990a3", "pkg:npm/babel-code-frame@npm:", "an alias: the package behind it is reported"),
    ("package-lock.json-257f1990a3", "pkg:npm/string-width-cjs@npm:", "an alias: the package behind it is reported"),
    ("package-lock.json-3d10aa76fb", "pkg:npm/node_v1@", "the root project itself"),
    ("package-lock.json-482ab72ac4", "pkg:npm/bump-test@", "the root project itself"),
    // Both others agree on this one: a purl without a version, which nothing could be looked up by.
    ("package-lock.json-482ab72ac4", "pkg:npm/raven-js", "the lock file names a commit and no version"),
];

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
    rows.retain(|row| READ.iter().any(|prefix| name_of(row).starts_with(prefix)));
    rows.sort();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut failures = Vec::new();
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
                let listed = NOT_REPORTED.iter().find(|(row, start, _)| *row == name && purl.starts_with(start));
                let is_dev = || group != "agreed" && is_for_developing(&lock, purl);
                let reason = listed.map(|(_, _, reason)| *reason).or_else(|| is_dev().then_some("for developing"));
                match (found.contains(purl), reason) {
                    (true, _) => *counts.entry(group).or_default() += 1,
                    (false, Some(reason)) => *counts.entry(reason).or_default() += 1,
                    (false, _) => failures.push(format!("{name}: {group}: {purl} is missing")),
                }
            }
        }
        let known = |purl: &String| {
            [&expected.agreed, &expected.syft_only, &expected.trivy_only].iter().any(|set| set.contains(purl))
        };
        failures.extend(found.iter().filter(|purl| !known(purl)).map(|purl| format!("{name}: only here: {purl}")));
    }
    eprintln!("{} rows; found and not found, by reason: {counts:#?}", rows.len());
    assert!(!rows.is_empty() && failures.is_empty(), "{failures:#?}");
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

/// Whether the lock file marks every occurrence of the package as needed for developing, or as part of what is.
fn is_for_developing(lock: &serde_json::Value, purl: &str) -> bool {
    let Some((name, version)) = purl.strip_prefix("pkg:npm/").and_then(|rest| rest.rsplit_once('@')) else {
        return false;
    };
    let mut marks = Vec::new();
    if let Some(packages) = lock["packages"].as_object() {
        for (folder, package) in packages {
            let is_it = folder.ends_with(&format!("node_modules/{name}")) && package["version"] == version;
            marks.extend(is_it.then(|| package["dev"] == true));
        }
    } else {
        marks_below(lock, name, version, false, &mut marks);
    }
    !marks.is_empty() && marks.iter().all(|mark| *mark)
}

fn marks_below(parent: &serde_json::Value, name: &str, version: &str, is_dev: bool, marks: &mut Vec<bool>) {
    for (key, package) in parent["dependencies"].as_object().into_iter().flatten() {
        let is_dev = is_dev || package["dev"] == true;
        marks.extend((key == name && package["version"] == version).then_some(is_dev));
        marks_below(package, name, version, is_dev, marks);
    }
}
