//! Archives in a layer that are bombs, or lie: rows L17 and L18 of the conformance list.

use std::io::{Cursor, Write as _};

use plimsoll_analysis::{ArchiveLimits, Engine, LayerAnalysis, Limits};
use plimsoll_model::ProblemCode;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::builder::*;
use crate::made::{self, Member};
use crate::quine::quine;

/// The layer of an archive between a package and a jar that must be found whatever the archive is.
fn layer(path: &str, archive: &[u8], limits: &Limits) -> LayerAnalysis {
    let properties = b"groupId=g\nartifactId=sound\nversion=1\n".as_slice();
    let sound = made::zip(&[("META-INF/maven/g/sound/pom.properties", properties)]);
    let tar =
        Tar::new().file(&dist_info("six"), metadata("six", "1")).file(path, archive).file("opt/sound-1.jar", sound);
    let layer = Engine::new(limits.clone()).layer(&*gzip(&tar.end()), None).unwrap();
    assert!(layer.contents.is_complete && layer.diff_id.is_some(), "{path}");
    for expected in ["g:sound@1", "six@1"] {
        assert!(names(&layer).contains(&expected.to_owned()), "{path}: {:?}", names(&layer));
    }
    layer
}

/// The archive is named with a problem `archive_limit`, and nothing else is.
#[track_caller]
fn assert_limited(name: &str, archive: &[u8], limits: &Limits) {
    for path in ["opt/app.jar", "srv/app.zip"] {
        let layer = layer(path, archive, limits);
        assert!(!layer.problems.is_empty(), "{name} at {path}");
        for problem in &layer.problems {
            assert_eq!(problem.code, ProblemCode::ArchiveLimit, "{name} at {path}: {problem:?}");
            assert!(problem.path.as_deref().is_some_and(|at| at.starts_with(path)), "{name}: {problem:?}");
        }
    }
}

/// Limits that a test reaches sooner.
fn small() -> Limits {
    let archives = ArchiveLimits { inflated_bytes: 16 << 20, ..ArchiveLimits::default() };
    Limits { archives, ..Limits::default() }
}

/// A member that both the archive's own analyser and the search for secrets want.
const WANTED: &str = "META-INF/MANIFEST.MF";

#[test]
fn l17_archives_in_archives_that_multiply_end_at_what_they_may_inflate_to() {
    // As 42.zip: sixteen archives in each, five levels; at the bottom what repeats a byte.
    let bottom = made::zip(&[(WANTED, &vec![b' '; 1 << 20])]);
    let bomb = (0..4).fold(bottom, |inner, _| {
        let names: Vec<String> = (0..16).map(|number| format!("lib/{number:x}.jar")).collect();
        made::zip_of(&names.iter().map(|name| Member::deflated(name, &inner)).collect::<Vec<_>>())
    });
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert_limited("multiplying", &bomb, &small());
}

#[test]
fn l17_members_that_overlap_are_a_bomb() {
    let kernel = Member::deflated(WANTED, &vec![b' '; 1 << 20]);
    let again = |number: u32| Member {
        name: format!("META-INF/maven/g/{number}/pom.xml").into_bytes(),
        offset: Some(0),
        bytes: Vec::new(),
        ..kernel.clone()
    };
    let members: Vec<Member> = std::iter::once(kernel.clone()).chain((0..100).map(again)).collect();
    assert_limited("overlapping", &made::zip_of(&members), &small());
}

#[test]
fn l17_an_archive_that_holds_itself_is_opened_as_deep_as_any() {
    assert_limited("a quine", &quine("r/r.jar"), &Limits::default());
}

#[test]
fn l17_a_hundred_thousand_members_are_too_many() {
    let mut many = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..100_000 {
        many.start_file(format!("{number}"), SimpleFileOptions::default()).unwrap();
    }
    assert_limited("a hundred thousand members", &many.finish().unwrap().into_inner(), &Limits::default());
}

#[test]
fn l17_a_directory_that_lies_and_members_that_are_encrypted_are_named() {
    let plain = Member::stored(WANTED, b"Manifest-Version: 1.0\n");
    let whole = made::zip_of(std::slice::from_ref(&plain));
    let end = whole.len() - 22;
    let with = |at: usize, bytes: &[u8]| {
        let mut zip = whole.clone();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        zip
    };
    let zip64 = |compressed: u64| {
        let fields = [1_u16.to_le_bytes(), 16_u16.to_le_bytes()].concat();
        let extra = [fields, u64::MAX.to_le_bytes().to_vec(), compressed.to_le_bytes().to_vec()].concat();
        made::zip_of(&[Member { compressed_size: u32::MAX, size: u32::MAX, extra, ..plain.clone() }])
    };
    // The end of the zip64 directory, of which there are 2^60 entries at offset 2^62.
    let locator = [b"PK\x06\x07\0\0\0\0".as_slice(), &(end as u64).to_le_bytes(), &1_u32.to_le_bytes()].concat();
    let numbers = [1_u64 << 60, 1 << 60, 1 << 62, 1 << 62].map(u64::to_le_bytes).concat();
    let directory = [b"PK\x06\x06".as_slice(), &44_u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8], &numbers].concat();
    let mut last = whole[end..].to_vec();
    last[8..20].fill(0xff);
    let cases = [
        ("a directory outside", with(end + 16, &[0xff, 0xff, 0xff, 0x7f])),
        ("a directory of something else", with(end - 46 - WANTED.len(), b"nope")),
        ("more entries than there are", made::zip_counting(std::slice::from_ref(&plain), 9)),
        ("zip64 with sizes of exbibytes", zip64(1 << 60)),
        ("zip64 with sizes past all", zip64(u64::MAX)),
        ("zip64 with an absurd directory", [&whole[..end], &directory, &locator, &last].concat()),
        ("encrypted", made::zip_of(&[Member { flags: 1, ..plain.clone() }])),
    ];
    for (name, archive) in cases {
        assert_limited(name, &archive, &Limits::default());
    }
}

/// A jar with the metadata of one artifact and another jar.
fn jar(artifact: &str, inner: &[u8]) -> Vec<u8> {
    let mut jar = ZipWriter::new(Cursor::new(Vec::new()));
    let properties = format!("groupId=g\nartifactId={artifact}\nversion=1\n");
    for (path, bytes) in
        [(format!("META-INF/maven/g/{artifact}/pom.properties"), properties.as_bytes()), ("in.jar".to_owned(), inner)]
    {
        jar.start_file(path, SimpleFileOptions::default()).unwrap();
        jar.write_all(bytes).unwrap();
    }
    jar.finish().unwrap().into_inner()
}

#[test]
fn l18_jars_fifty_deep_stop_at_the_documented_depth() {
    let deep = (0..50).fold(Vec::new(), |inner, number| jar(&format!("j{number}"), &inner));
    let layer = layer("opt/deep.jar", &deep, &Limits::default());
    assert_eq!(codes(&layer), [ProblemCode::ArchiveLimit]);
    assert!(layer.problems[0].detail.contains("at most 5"), "{:?}", layer.problems);
    // The jar itself and five that were opened in one another, beside what the layer has else.
    assert_eq!(names(&layer).len(), 6 + 2);
}
