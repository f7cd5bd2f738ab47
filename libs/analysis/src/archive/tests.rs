use super::made::{Member, gzip, tar, zip, zip_counting, zip_of};
use super::*;

const SMALL: ArchiveLimits = ArchiveLimits { entries: 1000, inflated_bytes: 1 << 20, member_bytes: 64 << 10, depth: 5 };

/// A member's path, its content, and whether that is all of it.
type Seen = (String, Vec<u8>, bool);

/// Wants everything but `skipped`, up to `most` bytes.
struct Everything {
    most: usize,
    seen: Vec<Seen>,
}

impl Visitor for Everything {
    fn member(&mut self, path: &str, _size: u64) -> Option<usize> {
        (!path.contains("skipped")).then_some(self.most)
    }

    fn content(&mut self, path: &str, bytes: Vec<u8>, is_whole: bool) {
        self.seen.push((path.to_owned(), bytes, is_whole));
    }
}

fn read_within(kind: ArchiveKind, bytes: &[u8], limits: ArchiveLimits) -> (Vec<Seen>, Result<(), ArchiveError>) {
    let mut visitor = Everything { most: usize::MAX, seen: Vec::new() };
    let outcome = members(kind, "some.txt.gz", bytes, &ArchiveBudget::new(limits), &mut visitor);
    (visitor.seen, outcome)
}

fn read(kind: ArchiveKind, bytes: &[u8]) -> (Vec<Seen>, Result<(), ArchiveError>) {
    read_within(kind, bytes, SMALL)
}

/// The paths that were read, and the code of what was wrong.
fn paths(kind: ArchiveKind, bytes: &[u8]) -> (Vec<String>, Option<ProblemCode>) {
    let (seen, outcome) = read(kind, bytes);
    (seen.into_iter().map(|(path, ..)| path).collect(), outcome.err().map(|error| error.code()))
}

fn member(path: &str, content: &[u8]) -> Seen {
    (path.to_owned(), content.to_vec(), true)
}

const FILES: [(&str, &[u8]); 3] = [("a", b"one"), ("folder/b", b"two"), ("skipped", b"three")];

#[test]
fn every_kind_shows_its_files() {
    let expected = vec![member("a", b"one"), member("folder/b", b"two")];
    for (kind, bytes) in [
        (ArchiveKind::Zip, zip(&FILES)),
        (ArchiveKind::Tar, tar(&FILES)),
        (ArchiveKind::Gzip, gzip(&tar(&FILES))),
        (ArchiveKind::Zip, [b"#!/bin/sh\nexec java -jar $0\n".as_slice(), &zip(&FILES)].concat()),
    ] {
        assert_eq!(read(kind, &bytes), (expected.clone(), Ok(())), "{kind:?}");
    }
    assert_eq!(read(ArchiveKind::Gzip, &gzip(b"text")), (vec![member("some.txt", b"text")], Ok(())));
    assert_eq!(read(ArchiveKind::Zip, &zip(&[])), (vec![], Ok(())));
}

#[test]
fn paths_never_leave_the_archive() {
    let files: [(&str, &[u8]); 3] = [("../../etc/passwd", b"x"), ("/abs", b"x"), ("a\x1b/./b", b"x")];
    let expected = ["etc/passwd", "abs", "a\\x1b/b"].map(str::to_owned).to_vec();
    assert_eq!(paths(ArchiveKind::Zip, &zip(&files)), (expected.clone(), None));
    assert_eq!(paths(ArchiveKind::Tar, &tar(&files)), (expected, None));
}

#[test]
fn a_member_is_cut_where_it_is_wanted_no_further() {
    for bytes in [zip(&[("a", b"abcdef")]), zip_of(&[Member::stored("a", b"abcdef")])] {
        for (most, expected) in [(4, (b"abcd".to_vec(), false)), (6, (b"abcdef".to_vec(), true))] {
            let mut visitor = Everything { most, seen: Vec::new() };
            members(ArchiveKind::Zip, "a.zip", &bytes, &ArchiveBudget::new(SMALL), &mut visitor).unwrap();
            let (_, content, is_whole) = visitor.seen.remove(0);
            assert_eq!((content, is_whole), expected);
        }
    }
}

#[test]
fn a_bomb_is_stopped_by_what_it_inflates_to() {
    let zeroes = vec![0; 60 << 10];
    let many: Vec<Member> = (0..100).map(|number| Member::deflated(&format!("m{number}"), &zeroes)).collect();
    let (seen, outcome) = read(ArchiveKind::Zip, &zip_of(&many));
    assert_eq!((seen.len(), outcome), (17, Err(ArchiveError::InflatesTooFar { limit: 1 << 20 })));

    // What is skipped in a stream is inflated too.
    let large = vec![0; 4 << 20];
    let bomb = gzip(&tar(&[("a", b"one"), ("skipped", &large), ("b", b"two")]));
    let (seen, outcome) = read(ArchiveKind::Gzip, &bomb);
    assert_eq!((seen, outcome), (vec![member("a", b"one")], Err(ArchiveError::InflatesTooFar { limit: 1 << 20 })));
    let (seen, outcome) =
        read_within(ArchiveKind::Gzip, &gzip(&large), ArchiveLimits { member_bytes: 8 << 20, ..SMALL });
    assert_eq!((seen.len(), outcome), (1, Err(ArchiveError::InflatesTooFar { limit: 1 << 20 })));
}

#[test]
fn what_was_spent_on_one_archive_is_not_there_for_those_in_it() {
    let budget = ArchiveBudget::new(ArchiveLimits { entries: 3, ..SMALL });
    let mut visitor = Everything { most: 10, seen: Vec::new() };
    assert_eq!(members(ArchiveKind::Zip, "a", &zip(&FILES[..2]), &budget, &mut visitor), Ok(()));
    let outcome = members(ArchiveKind::Tar, "b", &tar(&FILES), &budget, &mut visitor);
    assert_eq!(outcome, Err(ArchiveError::TooManyMembers { limit: 3 }));
    assert_eq!(visitor.seen.len(), 3);
}

#[test]
fn members_that_share_bytes_are_a_bomb() {
    let zeroes = vec![0; 1000];
    let kernel = Member::deflated("first", &zeroes);
    let again =
        |name: &str| Member { offset: Some(0), bytes: Vec::new(), ..Member { name: name.into(), ..kernel.clone() } };
    let bytes = zip_of(&[kernel.clone(), again("other"), again("third")]);
    let (seen, outcome) = read(ArchiveKind::Zip, &bytes);
    assert_eq!(seen.first().map(|(path, ..)| path.as_str()), Some("first"));
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), ProblemCode::ArchiveLimit);
    assert!(error.to_string().contains("share their bytes"), "{error}");
}

#[test]
fn a_hundred_thousand_members_are_too_many() {
    let members: Vec<Member> = (0..60_000).map(|number| Member::stored(&format!("{number}"), b"")).collect();
    let bytes = zip_of(&members);
    let (seen, outcome) = read(ArchiveKind::Zip, &bytes);
    assert_eq!((seen.len(), outcome), (1000, Err(ArchiveError::TooManyMembers { limit: 1000 })));
    let (seen, outcome) = read_within(ArchiveKind::Zip, &bytes, ArchiveLimits::default());
    assert_eq!((seen.len(), outcome), (60_000, Ok(())));
}

#[test]
fn a_wrong_central_directory_is_told() {
    let whole = zip(&FILES);
    let directory = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let end = whole.len() - 22;
    let with = |at: usize, bytes: &[u8]| {
        let mut zip = whole.clone();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        zip
    };
    for (name, bytes) in [
        ("no end", whole[..end].to_vec()),
        ("no directory", whole[..directory].to_vec()),
        ("not a header", with(directory, b"nope")),
        ("directory outside", with(end + 16, &[0xff, 0xff, 0xff, 0x7f])),
        ("more than there are", zip_counting(&[Member::stored("a", b"one")], 9)),
        ("nothing", Vec::new()),
        ("noise", vec![b'P'; 70_000]),
    ] {
        let (_, code) = paths(ArchiveKind::Zip, &bytes);
        assert_eq!(code, Some(ProblemCode::ArchiveLimit), "{name}");
    }
}

#[test]
fn a_broken_member_leaves_the_others() {
    let good = Member::stored("good", b"one");
    let sizes = |compressed: u64| {
        [1_u16.to_le_bytes().as_slice(), &16_u16.to_le_bytes(), &u64::MAX.to_le_bytes(), &compressed.to_le_bytes()]
            .concat()
    };
    let claims =
        |compressed| Member { compressed_size: u32::MAX, size: u32::MAX, extra: sizes(compressed), ..good.clone() };
    for (name, bad) in [
        ("wrong checksum", Member { crc: 7, ..good.clone() }),
        ("not deflate", Member { method: 8, bytes: vec![0xff; 20], compressed_size: 20, ..good.clone() }),
        ("size beyond the end", Member { compressed_size: 1 << 30, size: 1 << 30, ..good.clone() }),
        ("zip64 sizes beyond any end", claims(1 << 60)),
        ("header elsewhere", Member { offset: Some(5), ..good.clone() }),
        ("encrypted", Member { flags: 1, ..good.clone() }),
        ("unknown compression", Member { method: 99, ..good.clone() }),
    ] {
        let bytes = zip_of(&[
            Member { name: b"first".to_vec(), ..good.clone() },
            Member { name: b"bad".to_vec(), ..bad },
            Member { name: b"last".to_vec(), ..good.clone() },
        ]);
        let (seen, code) = paths(ArchiveKind::Zip, &bytes);
        assert!(seen.contains(&"first".to_owned()) && !seen.contains(&"bad".to_owned()), "{name}: {seen:?}");
        assert!(code.is_some(), "{name}");
        assert!(seen.contains(&"last".to_owned()), "{name}: {seen:?}");
    }
    // One that nobody wants is no problem.
    let skipped = Member { flags: 1, name: b"skipped".to_vec(), ..good };
    assert_eq!(paths(ArchiveKind::Zip, &zip_of(&[skipped])), (vec![], None));
}

#[test]
fn a_stream_that_breaks_off_keeps_what_came_before() {
    let noise: Vec<u8> =
        (0..15_000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
    let stream = gzip(&tar(&[("a", b"one"), ("b", &noise)]));
    let half = &stream[..stream.len() / 2];
    assert_eq!(paths(ArchiveKind::Gzip, half), (vec!["a".to_owned()], Some(ProblemCode::ArchiveLimit)));
    let archive = tar(&FILES);
    assert_eq!(paths(ArchiveKind::Tar, &archive[..1100]), (vec!["a".to_owned()], Some(ProblemCode::ArchiveLimit)));
    assert_eq!(paths(ArchiveKind::Gzip, b"\x1f\x8b"), (vec![], Some(ProblemCode::ArchiveLimit)));
    let text = gzip(&noise);
    let (seen, _) = read(ArchiveKind::Gzip, &text[..text.len() - 8]);
    assert_eq!(seen.first().map(|(.., is_whole)| *is_whole), Some(false), "without its checksum it may be anything");
}
