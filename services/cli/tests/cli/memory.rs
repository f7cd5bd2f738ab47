//! The memory that the program takes for images that are hostile as a whole: several layers, each with a large zstd window, large programs and many
//! packages.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::image::{Image, tar};
use crate::mirror::Place;
use crate::program::command;

const MEBIBYTE: usize = 1 << 20;

/// What it may take, in KiB, whatever the image holds.
const MOST: u64 = 256 << 10;

/// A layer with a program of 45 MiB and 10,000 packages, as a stream whose window is of `2^window_log` bytes.
fn layer(window_log: u32, name: &str) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(window_log).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_path("usr/bin/program").unwrap();
    header.set_size(45 * MEBIBYTE as u64);
    header.set_mode(0o755);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    let mut program = vec![0; MEBIBYTE];
    program[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
    for _ in 0..45 {
        encoder.write_all(&program).unwrap();
        program[..20].fill(0);
    }
    for number in 0..10_000 {
        let path = format!("usr/lib/python3/site-packages/{name}{number}-1.dist-info/METADATA");
        let text = format!("Metadata-Version: 2.1\nName: {name}{number}\nVersion: 1\nLicense: {number:01500}\n\n");
        let file = tar(&[(&path, &text)]);
        // Without the two blocks that end a tar.
        encoder.write_all(&file[..file.len() - 1024]).unwrap();
    }
    encoder.write_all(&[0; 1024]).unwrap();
    encoder.finish().unwrap()
}

/// The most memory of a run, in KiB, and what it printed. It is looked at when the program prints: it then waits for its reader.
fn peak(place: &Place, arguments: &[&str]) -> (u64, String) {
    let mut child = command(place.home()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0];
    stdout.read_exact(&mut first).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let peak = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let mut printed = String::from_utf8(first.to_vec()).unwrap();
    stdout.read_to_string(&mut printed).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{printed:.500}");
    (peak, printed)
}

#[test]
fn an_image_of_large_windows_programs_and_packages_stays_within_a_workers_memory() {
    let place = Place::with_database();
    let layers = vec![layer(26, "a"), layer(26, "b"), layer(23, "c")];
    let layout = place.path("layout");
    Image { layers, commands: vec![], broken: None }.write_layout(&layout, "hostile");
    let source = format!("oci:{}", layout.display());
    for arguments in
        [["inventory", "--format", "json", &source].as_slice(), &["scan", "--offline", "--format", "json", &source]]
    {
        let (peak, printed) = peak(&place, arguments);
        println!("{}: {} MiB", arguments[0], peak >> 10);
        assert!(peak < MOST, "{}: {} MiB", arguments[0], peak >> 10);
        assert!(printed.contains("what is to be kept of all layers takes more than"), "{}", arguments[0]);
    }
}
