//! Images whose layers are hostile together: each alone would be within its bounds.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_analysis::{Engine, LayerAnalysis, Limits, packages, squash};
use plimsoll_model::{Inventory, ProblemCode};

use crate::builder::*;
use crate::memory::within_a_worker;

const MEBIBYTE: usize = 1 << 20;

/// A tar that is compressed as it is made.
struct Packed(zstd::Encoder<'static, Vec<u8>>);

impl Packed {
    fn new(window_log: u32) -> Self {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        Self(encoder)
    }

    fn tar(mut self, tar: Tar) -> Self {
        self.0.write_all(&tar.0).unwrap();
        self
    }

    /// A file that begins with `head` and goes on with `body` again and again.
    fn file(mut self, path: &str, size: usize, head: &str, body: &str) -> Self {
        self.0.write_all(&Header::new(path.as_bytes(), b'0', size as u64).block()).unwrap();
        self.0.write_all(head.as_bytes()).unwrap();
        let block = body.repeat((64 << 10) / body.len());
        let mut left = size - head.len();
        while left > 0 {
            let count = left.min(block.len());
            self.0.write_all(&block.as_bytes()[..count]).unwrap();
            left -= count;
        }
        self.0.write_all(&vec![0; size.next_multiple_of(512) - size]).unwrap();
        self
    }

    fn program(self, path: &str, mebibytes: usize) -> Self {
        let head = "\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0";
        self.file(path, mebibytes * MEBIBYTE, head, "\0")
    }

    /// Python packages, each with a licence of 1500 bytes: what is kept of them fills its bounds sooner.
    fn packages(mut self, prefix: &str, count: usize) -> Self {
        for number in 0..count {
            let name = format!("{prefix}{number}");
            let text = format!("License: {number:01500}\n{}", metadata(&name, "1"));
            self = self.tar(Tar::new().file(&dist_info(&name), text));
        }
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.write_all(&[0; 1024]).unwrap();
        self.0.finish().unwrap()
    }
}

/// Reads the layers as the command line does, two at a time.
fn read(engine: &Engine, blobs: &[Vec<u8>]) -> (Vec<LayerAnalysis>, Inventory) {
    let engine = engine.for_image();
    let waiting = Mutex::new(blobs.iter().enumerate());
    let read = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((index, blob)) = next else { return };
                    let layer = engine.layer(&**blob, None).unwrap();
                    read.lock().unwrap().push((index, layer));
                }
            });
        }
    });
    let mut read = read.into_inner().unwrap();
    read.sort_by_key(|(index, _)| *index);
    let analyses: Vec<LayerAnalysis> = read.into_iter().map(|(_, layer)| layer).collect();
    let inventory = squash(&layers(&analyses));
    (analyses, inventory)
}

fn details(inventory: &Inventory) -> Vec<&str> {
    inventory.problems.iter().map(|problem| problem.detail.as_str()).collect()
}

#[test]
fn large_windows_programs_and_packages_in_two_layers_stay_within_a_workers_memory() {
    let layer = |name: &str| {
        let packed = Packed::new(26).program("usr/bin/large", 95).program("usr/bin/first", 45);
        packed.packages(name, 12_000).program("usr/bin/second", 45).end()
    };
    let blobs = [layer("a"), layer("b")];
    let (analyses, inventory) = within_a_worker("two large windows", || read(&Engine::new(Limits::default()), &blobs));
    assert!(inventory.packages.len() > 15_000, "{}", inventory.packages.len());
    let details = details(&inventory);
    let told = |what: &str| details.iter().filter(|detail| detail.contains(what)).count();
    assert_eq!(told("the layer's zstd window of 67108864 bytes leaves"), 2, "{details:?}");
    assert!(told("what is to be kept of all layers") > 0, "{details:?}");
    assert!(analyses.iter().any(|layer| layer.is_cut_short));
}

#[test]
fn a_hundred_and_twenty_seven_layers_keep_what_an_image_may_and_say_so() {
    let blobs: Vec<Vec<u8>> =
        (0..127).map(|number| Packed::new(20).packages(&format!("l{number}-"), 250).end()).collect();
    let (analyses, inventory) = within_a_worker("127 layers", || read(&Engine::new(Limits::default()), &blobs));
    let cut = analyses.iter().filter(|layer| layer.is_cut_short).count();
    assert!((40..127).contains(&cut), "{cut} layers were cut");
    assert!(analyses.iter().all(|layer| layer.is_cut_short != layer.contents.is_complete));
    let told = details(&inventory).iter().filter(|detail| detail.contains("kept of all layers")).count();
    assert_eq!(told, cut);
    assert!((15_000..25_000).contains(&inventory.packages.len()), "{}", inventory.packages.len());
}

#[test]
fn documents_in_two_layers_stay_within_a_workers_memory() {
    let cyclonedx = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[";
    let layer = |name: &str| {
        Packed::new(22)
            .packages(name, 6000)
            .file("a/composer.lock", 16 * MEBIBYTE, "{\"packages\":[", "{},")
            .file("a/bom.json", 16 * MEBIBYTE, cyclonedx, "{},")
            .file("a/pnpm-lock.yaml", 8 * MEBIBYTE, "packages:\n", " a: {}\n")
            .file("a/Cargo.lock", 850 << 10, "", "[[package]]\na=1\n")
            .end()
    };
    let blobs = [layer("a"), layer("b")];
    within_a_worker("documents", || read(&Engine::new(Limits::default()), &blobs));
}

#[test]
fn a_window_past_the_limit_is_told_wherever_it_comes() {
    let small = Packed::new(20).tar(Tar::new().file(&dist_info("six"), metadata("six", "1"))).end();
    let too_large = Packed::new(27).end();
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let blobs =
        [too_large.clone(), [&skipped[..], &too_large].concat(), [small.clone(), Packed::new(26).end()].concat()];
    let (analyses, inventory) = read(&Engine::new(Limits::default()), &blobs);
    let told = "layer not read: its zstd window of 128 MiB is larger than the limit of 64 MiB";
    assert_eq!(details(&inventory)[..2], [told; 2]);
    assert!(analyses.iter().all(|layer| codes(layer) == [ProblemCode::LayerTooLarge] && !layer.is_cut_short));
    assert_eq!((names(&analyses[2]), analyses[2].diff_id), (vec!["six@1".to_owned()], None));
    let (analyses, _) =
        read(&Engine::new(Limits::default()), &[[small, skipped.to_vec(), Packed::new(23).end()].concat()]);
    assert_eq!(codes(&analyses[0]), []);
}

#[test]
fn what_other_layers_took_cuts_a_layer_and_what_is_its_own_does_not_make_it_theirs() {
    let limits = Limits { kept_bytes: 200_000, image_kept_bytes: 300_000, ..Limits::default() };
    let engine = Engine::new(limits);
    let blob = |count| {
        gzip(&(0..count).fold(Tar::new(), |tar, n| tar.file(&dist_info(&format!("p{n}")), metadata("p", "1"))).end())
    };
    let alone = engine.layer(&*blob(2000), None).unwrap();
    assert!(!alone.is_cut_short && !alone.contents.is_complete, "its own bound cut it");
    let (analyses, _) = read(&engine, &[blob(2000), blob(2000), blob(2000)]);
    assert!(analyses.iter().any(|layer| layer.is_cut_short));
    // Each image has its own room, and a kept analysis takes of it as one that is read.
    assert_eq!(engine.layer(&*blob(2000), None).unwrap(), alone);
    let image = engine.for_image();
    assert!(image.admit(alone.clone()).is_ok());
    assert_eq!(image.admit(alone).unwrap_err().code, ProblemCode::LayerTooLarge);
}

#[test]
fn a_layer_that_does_not_get_on_is_cut_and_one_that_does_is_not() {
    let blob =
        gzip(&(0..500).fold(Tar::new(), |tar, n| tar.file(&dist_info(&format!("p{n}")), metadata("p", "1"))).end());
    // Each look at the clock takes so long.
    let read = |look: Duration| {
        let looks = AtomicU64::new(0);
        let clock = Arc::new(move || Duration::from_nanos(looks.fetch_add(look.as_nanos() as u64, Ordering::Relaxed)));
        Engine::of_analysers(Limits::default(), packages()).with_clock(clock).layer(&*blob, None).unwrap()
    };
    let whole = read(Duration::from_millis(100));
    assert_eq!((codes(&whole), names(&whole).len(), whole.is_cut_short), (vec![], 500, false));
    let cut = read(Duration::from_secs(10));
    assert_eq!(codes(&cut), [ProblemCode::LayerTooLarge]);
    assert!(cut.problems[0].detail.contains("it took longer than 300 seconds"), "{:?}", cut.problems);
    assert!((1..100).contains(&names(&cut).len()) && !cut.contents.is_complete && cut.is_cut_short);
    assert_eq!(cut.digest, sha256(&blob));
}
