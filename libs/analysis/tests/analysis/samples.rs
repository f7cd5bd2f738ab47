//! A small file of each kind that is read, with a path at which it is wanted.

use crate::builder::{Tar, analyse};
use crate::{declared, interpreted, programs};

/// What systems and the commonest tools have.
const COMMON: &[(&str, &str)] = &[
    ("etc/os-release", "ID=\"debian\"\nVERSION_ID='12'\n"),
    ("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nSource: b (1)\nVersion: 1\n\n"),
    ("var/lib/dpkg/status.d/a.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/x.egg-info\n"),
    ("lib/apk/db/installed", "P:a\nV:1\nF:x\nR:y.egg-info\n\n"),
    ("x.dist-info/METADATA", "Name: a\nVersion: 1\nClassifier: License :: x\n\n"),
    ("node_modules/x/package.json", r#"{"name":"x","version":"1","licenses":[{"type":"MIT"}]}"#),
    ("package-lock.json", r#"{"dependencies":{"a":{"version":"npm:b@1","dependencies":{"c":{"dev":true}}}}}"#),
    (
        "bom.json",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/a@1","components":[]}]}"#,
    ),
    (
        "x.spdx.json",
        r#"{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}"#,
    ),
    ("Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[root]\nname = \"r\"\nversion = \"1.0.0\"\n"),
];

/// Those that are texts.
pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMMON.iter().chain(declared::SAMPLES).chain(interpreted::SAMPLES).copied()
}

/// All of them.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    texts().map(|(path, text)| (path, text.as_bytes().to_vec())).chain(programs::samples()).collect()
}

/// The texts that are objects of JSON.
pub fn json() -> impl Iterator<Item = (&'static str, &'static str)> {
    texts().filter(|(_, text)| text.starts_with('{') && serde_json::from_str::<serde_json::Value>(text).is_ok())
}

/// The texts that are tables of TOML, by their form: what is one of Lua may be one of TOML too.
pub fn toml() -> impl Iterator<Item = (&'static str, &'static str)> {
    texts().filter(|(path, text)| {
        (path.ends_with("lock") || path.ends_with(".toml")) && toml::from_str::<toml::Table>(text).is_ok()
    })
}

/// The texts that are read as YAML.
pub fn yaml() -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = ["stack.yaml.lock", "pubspec.lock", "Podfile.lock"];
    texts().filter(move |(path, _)| {
        [".yml", ".yaml"].iter().any(|end| path.ends_with(end)) || names.iter().any(|name| path.ends_with(name))
    })
}

#[test]
fn every_format_of_documents_has_samples() {
    let counts = [json().count(), toml().count(), yaml().count()];
    assert!(counts[0] >= 12 && counts[1] >= 5 && counts[2] >= 5, "{counts:?}");
}

#[test]
fn every_sample_is_read() {
    for (path, bytes) in all() {
        let layer = analyse(&Tar::new().file(path, &bytes).end());
        let file = layer.contents.files.get(path);
        assert!(file.is_some_and(|file| !file.read_by.is_empty()), "{path} is not wanted");
    }
}
