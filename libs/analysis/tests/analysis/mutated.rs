//! Laws that hold for any bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use plimsoll_analysis::{Limits, analyse_layer, squash};

use crate::builder::*;
use crate::rpm_database::{Header, berkeley, ndb, sqlite};
use crate::samples;

/// An archive with one of everything.
fn archive() -> Vec<u8> {
    Tar::new()
        .directory("etc/")
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("var/lib/dpkg/status", dpkg_status(&[("bash", "5.2"), ("curl", "7")]))
        .file("var/lib/dpkg/info/six.list", "/usr/lib/python3/dist-packages/six-1.egg-info\n")
        .file("lib/apk/db/installed", "P:musl\nV:1.2\no:musl\nF:lib\nR:x.egg-info\n\n")
        .file(&dist_info("six"), metadata("six", "1"))
        .hard_link(&dist_info("two"), &dist_info("six"))
        .file("a/node_modules/x/package.json", r#"{"name":"x","version":"1","license":"MIT"}"#)
        .file(
            "a/package-lock.json",
            r#"{"packages":{"node_modules/a":{"version":"1.0.0"}},"dependencies":{"a":{"version":"1"}}}"#,
        )
        .file("a/Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n")
        .symlink("b", "/a")
        .file("c/.wh.d", b"")
        .file("c/.wh..wh..opq", b"")
        .file(&format!("{}Cargo.lock", "long/".repeat(40)), "version = 4\n")
        .extension(b'L', b"gnu/long/name/Cargo.lock\0")
        .file("short", "version = 4\n")
        .end()
}

/// What is done to the bytes: at a place, of a kind, with a value.
fn mutate(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, kind, value) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match kind % 4 {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => drop(bytes.drain(at..(at + usize::from(*value)).min(bytes.len()))),
            _ => bytes.truncate(at.max(bytes.len() / 2)),
        }
    }
    bytes
}

/// Makes the checksums of all blocks right that look like headers, so that changes get past them.
fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            seal(block.try_into().expect("a block"));
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_make_an_analysis(changes in vec(any::<(prop::sample::Index, u8, u8)>(), 0..6), form in 0..4) {
        let blob = match form {
            0 => mutate(archive(), &changes),
            1 => reseal(mutate(archive(), &changes)),
            2 => mutate(gzip(&archive()), &changes),
            _ => mutate(zstd(&archive()), &changes),
        };
        let layer = analyse_layer(&*blob, None, &Limits::default()).unwrap();
        prop_assert_eq!(layer.digest, sha256(&blob));
        prop_assert!(layer.contents.is_complete || !layer.problems.is_empty());
        if form < 2 && !blob.is_empty() {
            prop_assert!(layer.diff_id.is_none_or(|found| found.0 == layer.digest));
        }
        let analyses = [layer.clone(), layer];
        let once = squash(&layers(&analyses[..1]));
        let twice = squash(&layers(&analyses));
        prop_assert_eq!(twice.packages.len(), once.packages.len(), "the same layer again changes nothing");
    }

    #[test]
    fn any_file_at_a_wanted_path_is_read_without_a_panic(
        content in vec(any::<u8>(), 0..300),
        changes in vec(any::<(prop::sample::Index, u8, u8)>(), 0..8),
    ) {
        let mut tar = Tar::new();
        for (path, bytes) in samples::all() {
            tar = tar.file(path, mutate(bytes, &changes)).file(&format!("raw/{path}"), &content);
        }
        let layer = analyse(&tar.end());
        prop_assert!(layer.contents.is_complete);
    }

    #[test]
    fn any_database_of_rpm_is_read_without_a_panic(changes in vec(any::<(prop::sample::Index, u8, u8)>(), 1..40)) {
        let package = Header::package("a", "1").numbers(1003, &[1]).files(&["/usr/"], &[(0, "a"), (0, "b")]);
        let databases = [
            ("usr/share/rpm/rpmdb.sqlite", sqlite()),
            ("usr/share/rpm/Packages", berkeley()),
            ("usr/share/rpm/Packages.db", ndb(&[package.bytes(), package.bytes()])),
            // Most of a database is not looked at; of a header everything is.
            ("var/lib/rpm/Packages.db", ndb(&[mutate(package.bytes(), &changes)])),
        ];
        let add = |tar: Tar, (path, bytes)| tar.file(path, mutate(bytes, &changes));
        let layer = analyse(&databases.into_iter().fold(Tar::new(), add).end());
        prop_assert!(layer.contents.is_complete);
    }
}
