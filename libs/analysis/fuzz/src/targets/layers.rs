//! Whole layers, from the blob to the inventory.

use std::io::Write as _;

use plimsoll_analysis::{Engine, LayerAnalysis, SquashLayer, squash};

use super::analysers::{assert_sound, limits};
use super::{Run, Target};

pub(super) fn all() -> Vec<Target> {
    // Inspectors have targets of their own; without them a layer takes three threads and not five.
    let engine = Engine::of_analysers(limits(), without_inspectors());
    let (of_blobs, of_tars) = (engine.clone(), engine);
    let layer = |name: &str, own_seeds, run: Run| Target {
        name: name.to_owned(),
        seed: Box::new(|path, bytes| (path.len() <= 100 && bytes.len() <= 2048).then(|| tar(path, bytes))),
        own_seeds,
        run,
    };
    let (tar, small) = (with_everything(), tar("etc/os-release", b"ID=debian\n"));
    let half = tar.len() / 2;
    let compressed = vec![
        gzip(&tar),
        zstd(&tar),
        gzip(&small),
        zstd(&small),
        // Members and frames in a row.
        [gzip(&tar[..half]), gzip(&tar[half..])].concat(),
        [zstd(&tar[..half]), b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(&tar[half..])].concat(),
        tar.clone(),
    ];
    vec![
        layer("layer", compressed, Box::new(move |bytes| analyse(&of_blobs, bytes))),
        layer("layer-with-checksums", vec![tar], Box::new(move |bytes| analyse(&of_tars, &with_checksums(bytes)))),
    ]
}

fn without_inspectors() -> Vec<Box<dyn plimsoll_analysis::Analyser>> {
    plimsoll_analysis::all().into_iter().filter(|analyser| analyser.content_kinds().is_empty()).collect()
}

fn analyse(engine: &Engine, blob: &[u8]) {
    let Ok(layer) = engine.layer(blob, None) else { return };
    layer.contents.files.values().for_each(|file| assert_sound(file, &layer.problems));
    assert!(layer.contents.is_complete || !layer.problems.is_empty(), "what was not read is told");
    let once = squash(&[at(0, &layer)]);
    let twice = squash(&[at(0, &layer), at(1, &layer)]);
    assert_eq!(once.packages.len(), twice.packages.len(), "the same layer again changes nothing");
}

fn at(index: u32, layer: &LayerAnalysis) -> SquashLayer<'_> {
    SquashLayer {
        index,
        digest: layer.digest,
        size: layer.compressed_size,
        diff_id: layer.diff_id,
        build_step: None,
        analysis: Ok(layer),
    }
}

/// Makes the checksum right of every block that could be a header, so that changes to headers get past it.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut tar = bytes.to_vec();
    for block in tar.as_chunks_mut::<512>().0 {
        if block.get(257..262) == Some(b"ustar") {
            seal(block);
        }
    }
    tar
}

fn seal(block: &mut [u8; 512]) {
    let checksum = 148..156;
    block[checksum.clone()].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[checksum].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn entry(path: &str, flag: u8, link: &str, content: &[u8]) -> Vec<u8> {
    let mut block = [0; 512];
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[100..108].copy_from_slice(b"0004755\0");
    block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    block[156] = flag;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(if flag == b'S' { b"ustar  \0" } else { b"ustar\x0000" });
    seal(&mut block);
    let mut entry = [&block, content].concat();
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// A tar of one file.
pub(super) fn tar(path: &str, content: &[u8]) -> Vec<u8> {
    [entry(path, b'0', "", content), vec![0; 1024]].concat()
}

/// Compressed as layers are. In memory nothing fails.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap_or_default()
}

/// A tar with an entry of every kind.
fn with_everything() -> Vec<u8> {
    let metadata = b"Name: a\nVersion: 1\n\n";
    let record = |text: &str| format!("{} {text}\n", text.len() + 4).into_bytes();
    [
        entry("etc/", b'5', "", b""),
        entry("etc/os-release", b'0', "", b"ID=debian\nVERSION_ID=12\n"),
        entry("x", b'x', "", &record("path=a/x.dist-info/METADATA")),
        entry("short", b'0', "", metadata),
        entry("x", b'x', "", &record("SCHILY.xattr.security.capability=abcdefghijklmnopqrst")),
        entry("bin/ping", b'0', "", b"x"),
        entry("x", b'x', "", &record("GNU.sparse.name=app/Cargo.lock")),
        entry("s", b'0', "", b"x"),
        entry("x", b'g', "", &record("comment=aaaaaaaaaaa")),
        entry("x", b'L', "", b"lib/b.dist-info/METADATA\0"),
        entry("x", b'K', "", b"a/x.dist-info/METADATA\0"),
        entry("short", b'1', "", b""),
        entry("c", b'2', "/etc", b""),
        entry("d", b'S', "", b"x"),
        entry("e", b'3', "", b""),
        entry("a/.wh.b", b'0', "", b""),
        entry("a/.wh..wh..opq", b'0', "", b""),
        vec![0; 1024],
    ]
    .concat()
}
