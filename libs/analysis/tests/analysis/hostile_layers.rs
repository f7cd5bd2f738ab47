//! Layers whose stream or archive is broken or a bomb: rows L1 to L9, L14 and L16 of the conformance list.

use plimsoll_analysis::{LayerError, Limits, SquashLayer, analyse_layer, squash};
use plimsoll_model::{Problem, ProblemCode};

use crate::builder::*;

fn six() -> Tar {
    Tar::new().file(&dist_info("six"), metadata("six", "1.0"))
}

/// Bytes that do not compress, so that cutting the stream cuts the data.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn l1_a_truncated_stream_keeps_what_came_before() {
    let tar = six().file("noise", noise(400_000)).file(&dist_info("late"), metadata("late", "1")).end();
    for blob in [gzip(&tar), zstd(&tar)] {
        let layer = analyse(&blob[..blob.len() - 100_000]);
        assert_eq!(codes(&layer), [ProblemCode::LayerTruncated]);
        assert_eq!((names(&layer), layer.diff_id, layer.contents.is_complete), (vec!["six@1.0".into()], None, false));
    }
    // In the last block: everything is there, but nothing vouches for it.
    let blob = gzip(&tar);
    let layer = analyse(&blob[..blob.len() - 3]);
    assert_eq!((codes(&layer), names(&layer).len(), layer.diff_id), (vec![ProblemCode::LayerTruncated], 2, None));
}

#[test]
fn l2_a_wrong_checksum_or_size_is_corrupt() {
    let tar = six().end();
    for from_end in [8, 1] {
        let mut blob = gzip(&tar);
        let at = blob.len() - from_end;
        blob[at] ^= 1;
        let layer = analyse(&blob);
        assert_eq!((codes(&layer), names(&layer)), (vec![ProblemCode::LayerCorrupt], vec!["six@1.0".into()]));
        assert_eq!((layer.digest, layer.diff_id), (sha256(&blob), None));
    }
}

#[test]
fn l3_members_in_a_row_and_trailing_zeroes_are_one_stream() {
    let tar = six().file("a", noise(1000)).end();
    let (first, second) = tar.split_at(700);
    let members = [gzip(first), gzip(b""), gzip(second), vec![0; 1000]].concat();
    let frames = [zstd(first), vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], zstd(second)].concat();
    for blob in [members, frames, tar.clone(), gzip(&tar)] {
        let layer = analyse(&blob);
        assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1.0".into()]));
        assert_eq!((layer.digest, layer.diff_id), (sha256(&blob), diff_id(&tar)));
        assert_eq!((layer.compressed_size, layer.uncompressed_size), (blob.len() as u64, tar.len() as u64));
    }
}

#[test]
fn the_diff_id_is_that_of_the_whole_tar_with_what_follows_its_end() {
    let tar = [six().end(), vec![0; 9000], b"not looked at".to_vec()].concat();
    let layer = analyse(&gzip(&tar));
    assert_eq!((codes(&layer), layer.diff_id), (vec![], diff_id(&tar)));
}

#[test]
fn l4_bombs_end_at_the_limit() {
    let limits = Limits { uncompressed_bytes: 64 << 20, ..Limits::default() };
    let tar = six().raw(&Header::new(b"zeroes", b'0', 100 << 20).block()).raw(&vec![0; 100 << 20]).end();
    for blob in [gzip(&tar), zstd(&tar)] {
        assert!(blob.len() < 1 << 20);
        let layer = analyse_layer(&*blob, None, &limits).unwrap();
        assert_eq!((codes(&layer), names(&layer)), (vec![ProblemCode::LayerTooLarge], vec!["six@1.0".into()]));
        assert_eq!((layer.digest, layer.diff_id), (sha256(&blob), None));
    }
    let exact = Limits { uncompressed_bytes: tar.len() as u64, ..Limits::default() };
    assert_eq!(codes(&analyse_layer(&*gzip(&tar), None, &exact).unwrap()), []);
    // A frame that wants a window of 2 GiB.
    let layer = analyse(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0]);
    assert_eq!(codes(&layer), [ProblemCode::LayerTooLarge]);
}

#[test]
fn l4_a_blob_that_never_ends_is_refused() {
    let limits = Limits { compressed_bytes: 1 << 20, ..Limits::default() };
    let outcome = analyse_layer(std::io::repeat(0), None, &limits);
    assert!(matches!(outcome, Err(LayerError::TooLong { limit: 1_048_576 })));
}

#[test]
fn a_source_that_fails_is_an_error_and_no_problem() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let whole = gzip(&six().end());
    let blob = std::io::Read::chain(&whole[..20], Failing);
    assert!(matches!(analyse_layer(blob, None, &Limits::default()), Err(LayerError::Source(_))));
}

#[test]
fn l5_a_blob_of_another_digest_is_a_mismatch() {
    let blob = gzip(&six().end());
    let expected = sha256(b"something else");
    let layer = analyse_layer(&*blob, Some(&expected), &Limits::default()).unwrap();
    assert_eq!(codes(&layer), [ProblemCode::DigestMismatch]);
    let layer = analyse_layer(&*blob, Some(&sha256(&blob)), &Limits::default()).unwrap();
    assert_eq!(codes(&layer), []);
}

#[test]
fn l5_l6_an_image_that_names_other_digests_says_so() {
    let analyses = [analyse(&gzip(&six().end()))];
    let right = layers(&analyses).remove(0);
    let other = sha256(b"other");
    let cases = [
        (right.clone(), vec![]),
        (SquashLayer { diff_id: diff_id(b"other"), ..right.clone() }, vec![ProblemCode::DiffIdMismatch]),
        // The same tar compressed otherwise: the diffID vouches for it.
        (SquashLayer { digest: other, ..right.clone() }, vec![]),
        (SquashLayer { digest: other, diff_id: None, ..right.clone() }, vec![ProblemCode::DigestMismatch]),
    ];
    for (layer, expected) in cases {
        let inventory = squash(&[layer]);
        let codes: Vec<_> = inventory.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, expected);
        assert!(inventory.problems.iter().all(|problem| problem.layer == Some(0)));
        assert_eq!(inventory.layers[0].diff_id, analyses[0].diff_id.unwrap());
    }
}

#[test]
fn l7_sizes_that_lie_end_the_walk() {
    let base_256 = |bytes: [u8; 4]| {
        let mut size = [0; 12];
        size[0] = bytes[0];
        size[3..].copy_from_slice(&[0; 9]);
        size[4] = bytes[1];
        size[11] = bytes[2];
        size[10] = bytes[3];
        size
    };
    let cases = [
        ("larger than what follows", octal(1 << 30)),
        ("negative", [0xff; 12]),
        ("two to the 62", base_256([0x80, 0x40, 0, 0])),
        ("two to the 63", base_256([0x80, 0x80, 0, 0])),
        ("no number", *b"zzzzzzzzzzz\0"),
        ("signed", *b"-0000000001\0"),
    ];
    for (name, size) in cases {
        for path in ["noise", "etc/os-release"] {
            let header = Header { size, ..Header::new(path.as_bytes(), b'0', 0) };
            let tar = six().raw(&header.block()).content(b"little").end();
            let layer = analyse(&tar);
            assert_eq!(codes(&layer).last(), Some(&ProblemCode::TarCorrupt), "{name}");
            assert_eq!((names(&layer), layer.diff_id), (vec!["six@1.0".into()], diff_id(&tar)), "{name}");
            assert!(!layer.contents.is_complete);
        }
    }
    let header = Header { size: base_256([0x80, 0, 6, 0]), ..Header::new(b"base-256", b'0', 0) };
    let layer = analyse(
        &Tar::new().raw(&header.block()).content(b"little").file(&dist_info("six"), metadata("six", "1")).end(),
    );
    assert_eq!((codes(&layer), names(&layer).len()), (vec![], 1));
}

#[test]
fn l8_headers_past_the_limit_are_not_held() {
    let keys: String = (0..1_000_000).map(|number| format!("18 k{number:07}=vvvv\n")).collect();
    let cases = [
        (b'x', vec![b'a'; 100 << 20]),
        (b'x', keys.into_bytes()),
        (b'L', vec![b'a'; 50 << 20]),
        (b'g', vec![0; 2 << 20]),
    ];
    for (flag, content) in cases {
        let tar = six().extension(flag, &content).file("a", b"").end();
        let layer = analyse(&gzip(&tar));
        assert_eq!(codes(&layer), [ProblemCode::TarHeaderTooLarge]);
        assert_eq!((names(&layer), layer.diff_id), (vec!["six@1.0".into()], diff_id(&tar)));
    }
}

#[test]
fn l9_the_pax_size_counts_over_the_header_s() {
    let hidden = six().0;
    // The header says that nothing follows; the PAX record, that the hidden archive is this file's content.
    let tar = Tar::new()
        .pax(&[("size", &hidden.len().to_string())])
        .raw(&Header::new(b"outer.tar", b'0', 0).block())
        .content(&hidden)
        .file(&dist_info("real"), metadata("real", "2"));
    let layer = analyse(&tar.end());
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["real@2".into()]));
    // And the other way about: the header's size would hide what follows.
    let tar = Tar::new()
        .pax(&[("size", "0")])
        .raw(&Header::new(b"outer.tar", b'0', hidden.len() as u64).block())
        .raw(&hidden);
    assert_eq!(names(&analyse(&tar.end())), ["six@1.0"]);
    // Container runtimes do not apply a global header.
    let tar = Tar::new().extension(b'g', b"13 size=1024\n").file(&dist_info("real"), metadata("real", "2"));
    assert_eq!(names(&analyse(&tar.end())), ["real@2"]);
}

#[test]
fn l14_millions_of_entries_are_bounded() {
    let limits = Limits { entries: 1000, ..Limits::default() };
    let files = (0..2000).fold(six(), |tar, number| tar.file(&format!("f/{number}"), b""));
    let tar = files.end();
    let layer = analyse_layer(&*gzip(&tar), None, &limits).unwrap();
    assert_eq!((codes(&layer), names(&layer)), (vec![ProblemCode::LayerTooLarge], vec!["six@1.0".into()]));
    assert_eq!((layer.contents.entry_count, layer.diff_id), (1000, diff_id(&tar)));

    let limits = Limits { kept_bytes: 10_000, ..Limits::default() };
    let wanted = (0..500).fold(six(), |tar, number| tar.file(&dist_info(&format!("p{number}")), metadata("p", "1")));
    let layer = analyse_layer(&*gzip(&wanted.end()), None, &limits).unwrap();
    assert_eq!(codes(&layer), [ProblemCode::LayerTooLarge]);
    assert!(names(&layer).contains(&"six@1.0".to_owned()) && names(&layer).len() < 100);
}

#[test]
fn l16_what_is_no_layer_is_named() {
    let cases = [
        (Vec::new(), ProblemCode::LayerUnreadable),
        (b"BZh91AY&SY".to_vec(), ProblemCode::LayerUnreadable),
        (vec![0xfd, b'7', b'z', b'X', b'Z', 0, 0], ProblemCode::LayerUnreadable),
        (noise(5000), ProblemCode::TarCorrupt),
        (b"{}".to_vec(), ProblemCode::TarCorrupt),
        (gzip(&noise(5000)), ProblemCode::TarCorrupt),
        (vec![0x1f, 0x8b], ProblemCode::LayerTruncated),
        (vec![0x1f, 0x8b, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], ProblemCode::LayerCorrupt),
    ];
    for (blob, expected) in cases {
        let layer = analyse(&blob);
        assert_eq!((codes(&layer), layer.digest), (vec![expected], sha256(&blob)));
        assert!(!layer.contents.is_complete);
    }
    // An empty archive is one.
    assert_eq!(codes(&analyse(&gzip(&Tar::new().end()))), []);
}

#[test]
fn l16_a_layer_without_a_body_is_named_and_the_others_are_read() {
    let analyses = [analyse(&gzip(&six().end()))];
    let mut image = layers(&analyses);
    let foreign = Problem::new(ProblemCode::LayerUnreadable, "a foreign layer".into());
    image.push(SquashLayer { index: 1, analysis: Err(foreign.clone()), diff_id: None, ..image[0].clone() });
    let inventory = squash(&image);
    assert_eq!(inventory.problems, [Problem { layer: Some(1), ..foreign }]);
    assert_eq!((found(&inventory), inventory.layers.len()), (vec!["six@1.0 0".into()], 2));
}
