//! Bundles of every kind of harm, made by hand.

use std::fs::File;
use std::io::{Seek as _, Write as _};

use plimsoll_model::Digest;

use crate::write::{DATABASE_NAME, HEADER_NAME, SIGNATURE_NAME, hashed};
use crate::{Bundle, BundleError, FORMAT, FeedContent, Header, Payload, SigningKey, TrustedKey, limits, write};

fn at(day: u32) -> chrono::DateTime<chrono::Utc> {
    format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
}

fn trusted(key: &SigningKey) -> TrustedKey {
    TrustedKey::read(&key.public()).unwrap()
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// A tar archive of these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// What a bundle of this packed database says.
fn header(packed: &[u8], unpacked_size: u64) -> Header {
    let (size, digest) = hashed(packed).unwrap();
    let database = Payload { name: DATABASE_NAME.into(), format: 2, size, digest, unpacked_size };
    Header { format: FORMAT, built_at: at(1), made_by: "test".into(), database, feeds: vec![] }
}

/// A bundle of these parts, rightly signed.
fn signed(key: &SigningKey, header: &Header, packed: &[u8]) -> Vec<u8> {
    let text = serde_json::to_vec(header).unwrap();
    let signature = key.sign(&text, "test").unwrap();
    tar(&[(HEADER_NAME, &text), (SIGNATURE_NAME, signature.as_bytes()), (DATABASE_NAME, packed)])
}

/// Why a bundle is refused, at its opening or its unpacking.
fn refused(bytes: &[u8], keys: &[TrustedKey]) -> String {
    let bundle = match Bundle::open(file(bytes), keys) {
        Ok(bundle) => bundle,
        Err(error) => return error.to_string(),
    };
    let mut unpacked = Vec::new();
    let error = bundle.unpack(&mut unpacked).unwrap_err();
    let most = bundle.header().database.unpacked_size;
    assert!(unpacked.len() as u64 <= most, "{} bytes were written", unpacked.len());
    error.to_string()
}

#[test]
fn what_is_written_is_read_and_either_of_several_trusted_keys_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feeds.bundle");
    let (old, new) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let database = b"a database".repeat(1_000);
    let feeds = vec![FeedContent { feed: "osv".into(), documents: 3, records: 4, checked_at: at(1) }];
    let both = [trusted(&old), trusted(&new)];
    for (key, day) in [(&old, 2), (&new, 3)] {
        let wrote = write(&path, file(&database), 2, at(day), feeds.clone(), key).unwrap();
        let bundle = Bundle::open(File::open(&path).unwrap(), &both).unwrap();
        assert_eq!((bundle.header(), bundle.signed_by()), (&wrote, &key.id()));
        assert_eq!((wrote.built_at, wrote.database.format, &wrote.feeds), (at(day), 2, &feeds));
        let mut unpacked = Vec::new();
        bundle.unpack(&mut unpacked).unwrap();
        assert_eq!(unpacked, database);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let retired = Bundle::open(File::open(&path).unwrap(), &both[..1]).unwrap_err();
    assert!(matches!(&retired, BundleError::NotTrusted { found, .. } if *found == new.id()), "{retired}");
    assert!(matches!(Bundle::open(File::open(&path).unwrap(), &[]), Err(BundleError::NoKeys)));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_hostile_bundle_is_refused_with_the_reason() {
    let key = SigningKey::generate().unwrap();
    let stranger = SigningKey::generate().unwrap();
    let keys = [trusted(&key)];
    let database = vec![7; 100_000];
    let packed = zstd::encode_all(database.as_slice(), 3).unwrap();
    let true_header = header(&packed, 100_000);
    let whole = signed(&key, &true_header, &packed);
    let text = serde_json::to_vec(&true_header).unwrap();
    let signature = key.sign(&text, "test").unwrap();
    let of = |header: Header| signed(&key, &header, &packed);
    let changed = |change: &dyn Fn(&mut Header)| {
        let mut header = true_header.clone();
        change(&mut header);
        header
    };
    let resigned = |text: &[u8], signature: &str| {
        tar(&[(HEADER_NAME, text), (SIGNATURE_NAME, signature.as_bytes()), (DATABASE_NAME, &packed)])
    };
    // The global signature of minisign's format cut to a few bytes: other readers of it panic.
    let mut lines: Vec<&str> = signature.lines().collect();
    lines[3] = "AAAA";
    let short = lines.join("\n");
    let comment = signature.replace("trusted comment: test", "trusted comment: else");
    let mut flipped = whole.clone();
    let place = flipped.windows(packed.len()).position(|window| window == packed).unwrap();
    flipped[place + packed.len() - 1] ^= 1;
    let other = zstd::encode_all(&b"x"[..], 3).unwrap();
    let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(0), 64 << 20), 3).unwrap();
    let junk = b"no zstd at all".to_vec();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "is not a bundle of feeds: plimsoll-bundle.json is not in it"),
        ("a web page", b"<html>busy</html>".repeat(100), "is not a bundle of feeds"),
        ("another archive", tar(&[("etc/passwd", b"x")]), "plimsoll-bundle.json is not where it should be"),
        ("no signature", tar(&[(HEADER_NAME, &text)]), "plimsoll-bundle.json.minisig is not in it"),
        ("unsigned", resigned(&text, ""), "plimsoll-bundle.json.minisig: it is no signature"),
        ("signed in words", resigned(&text, "signed\nby\nme\nhere"), "it is no signature"),
        ("a short signature", resigned(&text, &short), "plimsoll-bundle.json.minisig"),
        ("another comment", resigned(&text, &comment), "signature is wrong"),
        ("a stranger", signed(&stranger, &true_header, &packed), "which is not trusted (trusted: "),
        (
            "a changed header",
            resigned(&serde_json::to_vec(&changed(&|header| header.built_at = at(9))).unwrap(), &signature),
            "signature is wrong",
        ),
        ("half a header", whole[..700].to_vec(), "is not a bundle of feeds"),
        ("half a database", whole[..place + 10].to_vec(), "is cut short: 10 of "),
        ("a changed database", flipped, "is not what was signed: its hash is "),
        (
            "another database",
            tar(&[(HEADER_NAME, &text), (SIGNATURE_NAME, signature.as_bytes()), (DATABASE_NAME, &other)]),
            "is not what was signed: it has ",
        ),
        (
            "a newer format",
            of(changed(&|header| header.format = FORMAT + 1)),
            "is of format 2, and this release reads formats up to 1: update plimsoll",
        ),
        ("a header of words", resigned(b"{}", &key.sign(b"{}", "x").unwrap()), "missing field `format`"),
        (
            "a header without a database",
            resigned(b"{\"format\": 1}", &key.sign(b"{\"format\": 1}", "x").unwrap()),
            "missing field",
        ),
        (
            "a huge header",
            tar(&[(HEADER_NAME, &vec![b' '; 2 << 20])]),
            "header has 2097152 bytes, and 1048576 is the limit",
        ),
        (
            "a huge signature",
            tar(&[(HEADER_NAME, &text), (SIGNATURE_NAME, &vec![b' '; 5 << 10])]),
            "signature has 5120 bytes",
        ),
        (
            "a huge database",
            of(changed(&|header| header.database.size = limits::PACKED + 1)),
            "database has 1073741825 bytes",
        ),
        (
            "a database that would fill the disk",
            of(changed(&|header| header.database.unpacked_size = limits::UNPACKED + 1)),
            "unpacked database has 4294967297 bytes",
        ),
        (
            "a bomb",
            signed(&key, &header(&bomb, 1_000), &bomb),
            "it unpacks to more than the 1000 bytes that were signed",
        ),
        (
            "less than was said",
            signed(&key, &header(&packed, 100_001), &packed),
            "it unpacks to less than the 100001 bytes",
        ),
        ("no zstd", signed(&key, &header(&junk, 14), &junk), "is not what was signed"),
        ("another hash", of(changed(&|header| header.database.digest = Digest::from_sha256([0; 32]))), "its hash is "),
    ];
    for (what, bytes, expected) in cases {
        let why = refused(&bytes, &keys);
        assert!(why.contains(expected), "{what}: {why}");
    }
}

#[test]
fn a_header_with_fields_of_a_later_release_is_read() {
    let key = SigningKey::generate().unwrap();
    let packed = zstd::encode_all(&b"x"[..], 3).unwrap();
    let mut said = serde_json::to_value(header(&packed, 1)).unwrap();
    said["rules"] = serde_json::json!({"name": "rules.zip"});
    let text = said.to_string();
    let signature = key.sign(text.as_bytes(), "test").unwrap();
    let later = tar(&[
        (HEADER_NAME, text.as_bytes()),
        (SIGNATURE_NAME, signature.as_bytes()),
        (DATABASE_NAME, &packed),
        ("rules.zip", b"later"),
    ]);
    let mut unpacked = Vec::new();
    Bundle::open(file(&later), &[trusted(&key)]).unwrap().unpack(&mut unpacked).unwrap();
    assert_eq!(unpacked, b"x");
}
