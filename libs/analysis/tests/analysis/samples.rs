//! A small file of each kind that is read, with a path at which it is wanted.

use crate::builder::{Tar, analyse};
use crate::{common, declared, interpreted, programs};

/// Those that are texts.
pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    common::SAMPLES.iter().chain(declared::SAMPLES).chain(interpreted::SAMPLES).copied()
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
