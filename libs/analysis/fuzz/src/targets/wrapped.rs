//! What lies within a container that is checked: changes to the whole file would seldom get past the container.

use std::io::Write as _;

use plimsoll_analysis::Engine;

use super::Target;
use super::analysers::{limits, read};

/// A toolchain and the modules of a program, as two parts.
pub(super) const GO_MODULES: &[u8] = b"go1.22.0\0path\tx\nmod\tx\t(devel)\t\ndep\ty\tv0.1.0\th1:x=\n=>\tz\tv1.0.0\th1:\nbuild\t-ldflags=\"-X main.version=1\"\n";

pub(super) fn all() -> Vec<Target> {
    let manifest =
        b"Manifest-Version: 1.0\nBundle-SymbolicName: org.acme.\n lib\nBundle-Version: 1.0\nBundle-License: MIT\n";
    let project = b"<project><parent><groupId>g</groupId></parent><licenses><license><name>MIT</name></license></licenses></project>";
    let crates =
        br#"{"packages":[{"name":"a","version":"1.0.0","source":"crates.io","root":true,"dependencies":[1]}]}"#;
    vec![
        file("jar-metadata", "opt/a-1.jar", parted(&[manifest, b"groupId=g\nartifactId=a\nversion=1\n", project]), jar),
        file("rpm-header", "usr/share/rpm/Packages.db", rpm_header(), ndb),
        file("go-build-info", "usr/bin/x", GO_MODULES.to_vec(), go_program),
        file("rust-audit-data", "usr/bin/x", crates.to_vec(), rust_program),
        file("gzip-of-tar", "srv/x.tar.gz", b"API_KEY=x".to_vec(), gzip),
    ]
}

/// A target whose input is wrapped into a file, which all analysers are shown.
fn file(name: &str, path: &'static str, seed: Vec<u8>, wrap: fn(&[u8]) -> Vec<u8>) -> Target {
    let engine = Engine::new(limits());
    Target::new(name, vec![seed], move |bytes| read(&engine, path, &wrap(bytes)))
}

fn little(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Parts as one input.
fn parted(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&0)
}

/// A zip whose members are the input's parts, stored, with their checksums.
fn jar(bytes: &[u8]) -> Vec<u8> {
    let names = ["META-INF/MANIFEST.MF", "META-INF/maven/g/a/pom.properties", "META-INF/maven/g/a/pom.xml"];
    let (mut zip, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, part) in names.into_iter().zip(bytes.splitn(names.len(), |byte| *byte == 0)) {
        let mut crc = flate2::Crc::new();
        crc.update(part);
        let (size, offset) = (part.len() as u32, zip.len() as u32);
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        fields.extend(little(&[crc.sum(), size, size, name.len() as u32]));
        zip.extend([b"PK\x03\x04", fields.as_slice(), name.as_bytes(), part].concat());
        directory
            .extend([b"PK\x01\x02\x14\0", fields.as_slice(), &[0; 10], &little(&[offset]), name.as_bytes()].concat());
        count += 1;
    }
    let count = count.to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &count,
        &count,
        &little(&[directory.len() as u32, zip.len() as u32]),
        &[0, 0],
    ];
    [zip, directory, end.concat()].concat()
}

/// A header of RPM: name, version, release, a number, a list.
fn rpm_header() -> Vec<u8> {
    let store = b"bash\x005.1\x001\x00MIT\x00\0\0\0\x01\0\0\0\0a\0/usr/\0";
    let entries: [[u32; 4]; 8] = [
        [1000, 6, 0, 1],
        [1001, 6, 5, 1],
        [1002, 6, 9, 1],
        [1014, 6, 11, 1],
        [1003, 4, 15, 1],
        [1116, 4, 19, 1],
        [1117, 8, 23, 1],
        [1118, 8, 25, 1],
    ];
    let numbers = [entries.len() as u32, store.len() as u32].into_iter().chain(entries.into_iter().flatten());
    [numbers.flat_map(u32::to_be_bytes).collect(), store.to_vec()].concat()
}

/// NDB with one package of this header.
fn ndb(header: &[u8]) -> Vec<u8> {
    let length = header.len() as u32;
    let mut blob =
        [b"BlbS".to_vec(), little(&[1, 1, length]), header.to_vec(), little(&[0, length]), b"BlbE".to_vec()].concat();
    blob.resize(blob.len().next_multiple_of(16), 0);
    let mut slots = [b"RpmP".to_vec(), little(&[0, 1, 1, 0, 0, 0, 0])].concat();
    slots.extend([b"Slot".to_vec(), little(&[1, 256, blob.len() as u32 / 16])].concat());
    while slots.len() < 4096 {
        slots.extend(b"Slot\0\0\0\0\0\0\0\0\0\0\0\0");
    }
    [slots, blob].concat()
}

/// Where the bytes of a made program's segment lie.
const DATA: usize = 0x400;

/// An ELF with a writable segment and a section of this name around `data`.
fn elf(name: &str, data: &[u8]) -> Vec<u8> {
    let names = [b"\0", name.as_bytes(), b"\0"].concat();
    let (size, names_at) = (data.len() as u64, (DATA + data.len()) as u64);
    let sections = names_at + names.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    let longs = |longs: &[u64]| longs.iter().flat_map(|long| long.to_le_bytes()).collect::<Vec<u8>>();
    elf.extend(longs(&[0, 64, sections]));
    elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 3, 0, 2, 0]);
    elf.extend([1, 0, 0, 0, 6, 0, 0, 0]);
    elf.extend(longs(&[DATA as u64, 0x40_0000, 0x40_0000, size, size, 0x1000]));
    elf.resize(DATA, 0);
    elf.extend([data, &names].concat());
    elf.extend([0; 64]);
    for (name, kind, at, size) in [(1, 1, DATA as u64, size), (0, 3, names_at, names.len() as u64)] {
        elf.extend(little(&[name, kind]));
        elf.extend(longs(&[3, 0x40_0000, at, size, 0, 1, 0]));
    }
    elf
}

/// A Go program whose toolchain and modules are the input's two parts.
pub(super) fn go_program(bytes: &[u8]) -> Vec<u8> {
    let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
    info.resize(32, 0);
    for (position, part) in bytes.splitn(2, |byte| *byte == 0).enumerate() {
        let text = if position == 0 { part.to_vec() } else { [&[0xf9; 16], part, &[0xf9; 16]].concat() };
        let length = text.len();
        info.extend([0, 7, 14].map(|shift| (length >> shift) as u8 & 0x7f | if shift < 14 { 0x80 } else { 0 }));
        info.extend(text);
    }
    elf(".go.buildinfo", &info)
}

/// A program of `cargo auditable` with this document.
fn rust_program(document: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let compressed = encoder.write_all(document).and_then(|()| encoder.finish());
    elf(".dep-v0", &compressed.unwrap_or_default())
}

/// A gzipped tar with one file of these bytes.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    super::layers::gzip(&super::layers::tar("srv/.env", bytes))
}
