//! The largest of the hostile layers, as streams: whatever they hold, a worker's memory is enough.

use std::io::{self, Read, Write as _};

use plimsoll_analysis::{LayerAnalysis, Limits, analyse_layer};
use plimsoll_model::ProblemCode;

use crate::builder::*;
use crate::memory::{long_file, within_a_worker};

fn six() -> Vec<u8> {
    Tar::new().file(&dist_info("six"), metadata("six", "1")).end()
}

fn analysed(name: &str, blob: impl Read) -> LayerAnalysis {
    within_a_worker(name, || analyse_layer(blob, None, &Limits::default()).unwrap())
}

/// The same bytes again and again.
struct Again<'b>(&'b [u8], usize);

impl Read for Again<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = (&self.0[self.1..]).read(out)?;
        self.1 = (self.1 + count) % self.0.len();
        Ok(count)
    }
}

fn again(bytes: &[u8], times: u64) -> impl Read {
    Again(bytes, 0).take(bytes.len() as u64 * times)
}

/// Where the conformance list has ten, one is enough: what takes ten times as long takes no more memory.
const GIBIBYTE: u64 = 1 << 30;

#[test]
fn l4_gibibytes_of_zeroes_take_no_memory() {
    let start = gzip(&Header::new(b"zeroes", b'0', GIBIBYTE).block());
    let zeroes = gzip(&vec![0; 1 << 20]);
    let blob = start.chain(again(&zeroes, GIBIBYTE >> 20)).chain(io::Cursor::new(gzip(&six())));
    let layer = analysed("zeroes in gzip", blob);
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1".to_owned()]));
    assert!(layer.compressed_size < GIBIBYTE / 100 && layer.uncompressed_size > GIBIBYTE);
}

#[test]
fn l4_the_largest_window_of_zstd_is_within_a_workers_memory() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(Limits::default().zstd_window_log).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.write_all(&Header::new(b"zeroes", b'0', 256 << 20).block()).unwrap();
    io::copy(&mut io::repeat(0).take(256 << 20), &mut encoder).unwrap();
    encoder.write_all(&six()).unwrap();
    let layer = analysed("the largest window", &*encoder.finish().unwrap());
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1".to_owned()]));
}

#[test]
fn l8_headers_that_never_end_are_not_held() {
    for flag in [b'x', b'g', b'L', b'K'] {
        let header = Header::new(b"extension", flag, GIBIBYTE).block();
        let layer = analysed("a long header", header.chain(io::repeat(b'1').take(100 << 20)));
        assert_eq!(codes(&layer), [ProblemCode::TarHeaderTooLarge]);
    }
}

#[test]
fn l14_a_hundred_thousand_entries_are_kept_as_hashes() {
    let layer = analysed("many entries", EmptyFiles::new(100_000).chain(io::Cursor::new(six())));
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1".to_owned()]));
    assert_eq!(layer.contents.entry_count, 100_001);
}

/// Headers of empty files, each made when it is read.
struct EmptyFiles {
    count: u32,
    made: u32,
    block: [u8; 512],
    /// The checksum of the file numbered zero: each digit adds itself.
    checksum: u32,
    /// How far the block was read.
    at: usize,
}

impl EmptyFiles {
    fn new(count: u32) -> Self {
        let block = Header::new(b"folder/0000000", b'0', 0).block();
        let checksum = std::str::from_utf8(&block[148..154]).unwrap();
        Self { count, made: 0, block, checksum: u32::from_str_radix(checksum, 8).unwrap(), at: 512 }
    }

    fn next_block(&mut self) -> bool {
        if self.made == self.count {
            return false;
        }
        self.made += 1;
        let (mut number, mut checksum) = (self.made, self.checksum);
        for digit in self.block[7..14].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            checksum += number % 10;
            number /= 10;
        }
        for digit in self.block[148..154].iter_mut().rev() {
            *digit = b'0' + (checksum % 8) as u8;
            checksum /= 8;
        }
        self.at = 0;
        true
    }
}

impl Read for EmptyFiles {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < out.len() && (self.at < self.block.len() || self.next_block()) {
            let count = (&self.block[self.at..]).read(&mut out[written..])?;
            self.at += count;
            written += count;
        }
        Ok(written)
    }
}

#[test]
fn p1_p3_databases_of_a_gibibyte_are_read_as_far_as_their_limits() {
    let status = dpkg_status(&[("bash", "5.2")]) + "Package: endless\nDescription: x\n";
    let files = long_file("var/lib/dpkg/status", GIBIBYTE, status.as_bytes(), b' ').chain(long_file(
        "var/lib/rpm/rpmdb.sqlite",
        GIBIBYTE,
        b"SQLite format 3\0",
        1,
    ));
    let layer = analysed("databases of a gibibyte", files.chain(&*six()));
    assert_eq!(codes(&layer), [ProblemCode::FileTooLarge; 2]);
    assert_eq!(names(&layer), ["bash@5.2", "six@1"]);
}

/// A file that begins with `head` and goes on with `body` again and again.
fn repeated(path: &str, size: u64, head: &str, body: &str) -> impl Read {
    let start = [Header::new(path.as_bytes(), b'0', size).block().as_slice(), head.as_bytes()].concat();
    let rest = again(body.as_bytes(), size).take(size - head.len() as u64);
    io::Cursor::new(start).chain(rest).chain(io::repeat(0).take(size.next_multiple_of(512) - size))
}

/// Documents that are one thing again and again: name, path, KiB, beginning, thing.
type Repeated = (&'static str, &'static str, u64, &'static str, &'static str);

/// Each kind has a test of its own, so a process: what one has freed, the allocator may still hold while the next is measured.
#[track_caller]
fn assert_within_a_worker(cases: &[Repeated]) {
    for (name, path, kibibytes, head, body) in cases {
        let layer = analysed(name, repeated(path, kibibytes << 10, head, body).chain(io::Cursor::new(six())));
        assert!(names(&layer).contains(&"six@1".to_owned()) || !layer.contents.is_complete, "{name}");
    }
}

#[test]
fn toml_of_many_small_things_stays_within_a_workers_memory() {
    // As many as are read of one document, and more.
    assert_within_a_worker(&[
        ("numbers", "Cargo.lock", 320, "a=[", "1,"),
        ("dots", "Cargo.lock", 640, "a", ".a"),
        ("tables", "Cargo.lock", 850, "", "[[package]]\na=1\n"),
        ("tables past the limit", "Cargo.lock", 3 << 10, "", "[[package]]\na=1\n"),
    ]);
}

#[test]
fn yaml_of_many_small_things_stays_within_a_workers_memory() {
    assert_within_a_worker(&[
        ("a list", "conda-lock.yml", 8 << 10, "x: [", "{},"),
        ("packages", "pnpm-lock.yaml", 8 << 10, "packages:\n", " a: {}\n"),
    ]);
}

#[test]
fn json_of_many_small_things_stays_within_a_workers_memory() {
    let cyclonedx = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[";
    assert_within_a_worker(&[
        ("objects", "composer.lock", 16 << 10, "{\"packages\":[", "{},"),
        ("components", "bom.json", 16 << 10, cyclonedx, "{},"),
        ("numbers", "conda-meta/a.json", 32 << 10, "{\"files\":[", "1,"),
        ("artifacts", "sbom.syft.json", 6 << 10, "{\"artifacts\":[", "{\"purl\":\"pkg:npm/a@1\"},"),
    ]);
}

#[test]
fn lines_and_elements_of_many_small_things_stay_within_a_workers_memory() {
    assert_within_a_worker(&[
        ("paragraphs", "var/lib/dpkg/status", 16 << 10, "", "Package: a\n\n"),
        ("elements", "pom.xml", 2 << 10, "<project><dependencies>", "<dependency/>"),
        (
            "components",
            "bom.xml",
            2 << 10,
            "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components>",
            "<component/>",
        ),
        (
            "packages",
            "x.spdx",
            12 << 10,
            "SPDXVersion: SPDX-2.3\n",
            "PackageName: a\nSPDXID: a\nExternalRef: P purl pkg:npm/a@1\n",
        ),
        ("installations", "perllocal.pod", 4 << 10, "", "=head2 x: C<Module> L<A|A>\nC<VERSION: 1>\n"),
    ]);
}
