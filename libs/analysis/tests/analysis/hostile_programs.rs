//! Programs whose headers lie: row P9 of the conformance list.

use std::io::Read as _;

use plimsoll_analysis::{Limits, analyse_layer};
use plimsoll_model::ProblemCode;

use crate::builder::*;
use crate::memory::{long_file, within_a_worker};

/// Where the one segment's bytes lie in the file.
const DATA: usize = 0x400;

/// Build info of Go 1.18 and newer, with one module.
fn build_info() -> Vec<u8> {
    let modules = format!("{0}path\tx\ndep\tgolang.org/x/net\tv0.1.0\th1:x=\n{0}", "f".repeat(16));
    let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
    info.resize(32, 0);
    for text in ["go1.22.0", &modules] {
        info.push(text.len() as u8);
        info.extend(text.as_bytes());
    }
    info
}

/// Bytes that stand somewhere instead of others.
type Lies<'l> = &'l [(usize, &'l [u8])];

/// An ELF of 64 bits with a writable segment. `lies` are written over its header and program headers.
fn elf(data: &[u8], lies: Lies<'_>) -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for field in [0_u64, 64, 0] {
        elf.extend(field.to_le_bytes());
    }
    elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
    elf.extend([1, 0, 0, 0, 6, 0, 0, 0]);
    for field in [DATA as u64, 0x40_0000, 0x40_0000, data.len() as u64, data.len() as u64, 0x1000] {
        elf.extend(field.to_le_bytes());
    }
    for (at, bytes) in lies {
        elf[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    elf.resize(DATA, 0);
    elf.extend(data);
    elf
}

#[test]
fn p9_section_and_program_tables_that_lie_are_bounded() {
    let info = build_info();
    let all = [0xff; 8];
    let named = [b"\0.dep-v0\0.go.buildinfo\0".as_slice(), &info].concat();
    let cases: [(&str, Lies<'_>); 12] = [
        ("nothing", &[]),
        ("sections beyond the end", &[(40, &all), (60, &[0xff; 4])]),
        ("sections everywhere", &[(40, &[0; 8]), (60, &[0xff, 0xff, 1, 0])]),
        ("sections of no size", &[(40, &[64, 0, 0, 0, 0, 0, 0, 0]), (58, &[0, 0, 9, 0, 2, 0])]),
        ("no names of sections", &[(40, &[64, 0, 0, 0, 0, 0, 0, 0]), (60, &[1, 0, 0xff, 0xff])]),
        ("segments beyond the end", &[(32, &all)]),
        ("65,535 segments", &[(56, &[0xff, 0xff])]),
        ("segments of no size", &[(54, &[0, 0])]),
        ("a segment of all bytes", &[(64 + 32, &all), (64 + 40, &all)]),
        ("a segment from the end of memory", &[(64 + 8, &all), (64 + 16, &all)]),
        ("another byte order", &[(5, &[2])]),
        ("another width", &[(4, &[1])]),
    ];
    for (name, lies) in cases {
        for data in [&info, &named] {
            for cut in [0, 1, data.len() / 2, data.len(), data.len() + DATA - 70] {
                let elf = elf(data, lies);
                let tar =
                    Tar::new().file("usr/bin/x", &elf[..elf.len() - cut]).file(&dist_info("six"), metadata("six", "1"));
                let layer = analyse(&tar.end());
                let told = codes(&layer);
                assert!(told.iter().all(|code| *code == ProblemCode::FileMalformed), "{name}, {cut} less: {told:?}");
                let found = names(&layer);
                assert!(found.contains(&"six@1".to_owned()) && found.len() <= 3, "{name}, {cut} less: {found:?}");
                assert!(found.len() == 3 || name != "nothing" || cut > 0 || data != &info, "{found:?}");
            }
        }
    }
}

#[test]
fn p9_a_program_of_two_gibibytes_is_read_as_far_as_the_limit() {
    let six = Tar::new().file(&dist_info("six"), metadata("six", "1")).end();
    let stream = long_file("usr/bin/huge", 2 << 30, &elf(&build_info(), &[]), 0).chain(&*six);
    let layer = within_a_worker("a program of 2 GiB", || analyse_layer(stream, None, &Limits::default()).unwrap());
    assert_eq!(codes(&layer), [ProblemCode::FileTooLarge]);
    assert_eq!(names(&layer), ["golang.org/x/net@v0.1.0", "six@1", "stdlib@1.22.0"]);
}
