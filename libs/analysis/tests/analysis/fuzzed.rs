//! The fuzz targets without a fuzzer: on what they start from, on that changed a little, and on what fuzzing found.

use std::collections::BTreeSet;
use std::path::Path;

use crate::builder::analyse;
use crate::corpus::shared;
use crate::seeds;
use crate::targets::{self, Target};

/// Inputs that a target is given, changed.
const CHANGED: usize = 200;
/// The largest seed that is changed: large ones take long.
const SEED_BYTES: usize = 8 << 10;

#[test]
fn every_target_has_a_name_of_its_own_and_something_to_start_from() {
    let targets = targets::all();
    let names: BTreeSet<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names.len(), targets.len());
    for target in &targets {
        assert!(!seeds::of(target).is_empty(), "{}: no fixture and no sample says anything to it", target.name);
    }
}

#[test]
fn the_files_of_the_shared_corpus_are_seeds_at_their_paths_in_an_image() {
    let Some(vectors) = shared("vectors/packages") else { return };
    let files: Vec<(String, Vec<u8>)> = seeds::trees_in(&vectors).collect();
    assert!(files.len() > 100, "{} files", files.len());
    let targets = targets::all();
    for (name, path) in [("dpkg", "var/lib/dpkg/status"), ("npm-lock", "package-lock.json"), ("go-mod", "go.mod")] {
        let target = targets.iter().find(|target| target.name == name).expect("a target of the analyser");
        let mut found = files.iter().filter(|(at, _)| at == path);
        assert!(found.any(|(path, bytes)| (target.seed)(path, bytes).is_some()), "{name}: no {path}");
    }
}

#[test]
fn a_layer_starts_from_each_compression_that_layers_have() {
    let targets = targets::all();
    let layer = targets.iter().find(|target| target.name == "layer").expect("a target of layers");
    let seeds = seeds::of(layer);
    for (name, magic) in [("gzip", [0x1f, 0x8b, 8, 0].as_slice()), ("zstd", &[0x28, 0xb5, 0x2f, 0xfd])] {
        let mut compressed = seeds.iter().filter(|seed| seed.starts_with(magic));
        assert!(compressed.any(|seed| analyse(seed).problems.is_empty()), "{name}");
    }
}

#[test]
fn what_fuzzing_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    let targets = targets::all();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        let target = targets.iter().find(|target| target.name == name).expect("a folder is called as its target");
        for input in std::fs::read_dir(entry.path()).unwrap().map(|entry| entry.unwrap().path()) {
            println!("{}", input.display());
            target.run(&std::fs::read(input).unwrap());
        }
    }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((number ^ (number >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Changes some bytes: to another, to one that formats care about, away, twice, to the end.
fn changed(mut bytes: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    const MARKS: &[u8] = b"\0\xff\x80\n\r\t \"'\\/:;,.=<>[]{}()@#%&*!-+0199";
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + numbers.below(40)).min(bytes.len());
        match numbers.below(6) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] = numbers.below(256) as u8,
            1 => bytes[at] = MARKS[numbers.below(MARKS.len())],
            2 => bytes.insert(at, MARKS[numbers.below(MARKS.len())]),
            3 => drop(bytes.drain(at..end)),
            4 => bytes = [&bytes[..end], &bytes[at..]].concat(),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn run_changed(target: &Target) {
    let seeds: Vec<Vec<u8>> = seeds::of(target).into_iter().filter(|seed| seed.len() <= SEED_BYTES).collect();
    let mut numbers = Numbers(target.name.len() as u64);
    for _ in 0..if seeds.is_empty() { 0 } else { CHANGED } {
        let seed = seeds[numbers.below(seeds.len())].clone();
        target.run(&changed(seed, &mut numbers));
    }
}

#[test]
fn every_target_takes_what_it_starts_from_and_that_changed_a_little() {
    for target in targets::all() {
        println!("{}", target.name);
        seeds::of(&target).iter().for_each(|seed| target.run(seed));
        run_changed(&target);
    }
}
