//! Rust programs that say what is in them: those built with `cargo auditable`, as many distributions' and some projects' are.
//!
//! In: the program; its section `.dep-v0` is a zlib stream of a JSON document. Out: each crate that is linked into it, the program's own
//! among them; not what only built it. As with `Cargo.lock`, a crate is reported wherever it came from.
//! Source: cargo-auditable, `PARSING.md` and `cargo-auditable.schema.json`.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use plimsoll_model::{Package, PackageType, ProblemCode};
use serde::Deserialize;

use crate::executable::{PROGRAM_BYTES, section};
use crate::json::{self, Text};
use crate::{Analyser, ContentKind, File, Malformed, Observations, PastLimit};

/// The section that cargo-auditable has the linker make.
const SECTION: &str = ".dep-v0";
/// Bytes that the document inflates to. A program of 500 crates has 60 KB.
const DOCUMENT_BYTES: u64 = 8 << 20;

/// Reads Rust programs.
pub struct RustBinary;

impl Analyser for RustBinary {
    fn name(&self) -> &'static str {
        "rust-binary"
    }

    fn version(&self) -> u32 {
        1
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Elf, ContentKind::Pe, ContentKind::MachO]
    }

    fn max_bytes(&self) -> usize {
        PROGRAM_BYTES
    }

    fn past_limit(&self) -> PastLimit {
        // That the rest is not read is told by `go-binary`, which wants the same files.
        PastLimit::BeginningSuffices
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let Some(compressed) = section(file.bytes, SECTION)? else { return Ok(()) };
        let mut document = Vec::new();
        let inflated = ZlibDecoder::new(compressed).take(DOCUMENT_BYTES + 1).read_to_end(&mut document);
        if document.len() as u64 > DOCUMENT_BYTES {
            let detail = format!("the section {SECTION} inflates to more than {DOCUMENT_BYTES} bytes");
            seen.problem(ProblemCode::ArchiveLimit, detail);
            return Ok(());
        }
        inflated.map_err(|error| Malformed::new(format!("the section {SECTION} does not inflate: {error}")))?;
        let (crates, outcome) = json::entries::<Linked>(&document, "packages");
        for (_, linked) in crates.into_iter().filter(|(_, linked)| !linked.is_of_the_build()) {
            seen.package(Package::new(PackageType::Cargo, linked.name.0, linked.version.0));
        }
        outcome.map_err(|malformed| Malformed::new(format!("the section {SECTION}: {malformed}")))
    }
}

/// A crate as the document has it.
#[derive(Deserialize)]
struct Linked<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    /// `runtime` where it is not stated.
    #[serde(borrow)]
    kind: Option<Text<'a>>,
}

impl Linked<'_> {
    /// Whether it only ran while the program was built: build scripts, and what procedural macros are made of.
    fn is_of_the_build(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.0 == "build")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::{analyse, names};
    use super::*;
    use crate::executable::made;

    const DOCUMENT: &str = r#"{"packages":[
        {"name":"app","version":"0.3.0","source":"local","dependencies":[1,2,3],"root":true},
        {"name":"cc","version":"1.0.83","source":"crates.io","kind":"build"},
        {"name":"time","version":"0.1.43","source":"crates.io","kind":"runtime"},
        {"name":"patched","version":"1.0.0+git","source":"git","features":["x"]}],"format":8}"#;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn elf(section: &[u8]) -> Vec<u8> {
        made::elf_with_section(SECTION, section)
    }

    #[test]
    fn crates_are_found_but_for_those_of_the_build() {
        let document = zlib(DOCUMENT.as_bytes());
        // Linkers align sections: what follows the stream says nothing.
        let padded = [document.as_slice(), &[0; 7]].concat();
        let programs = [
            ("elf", elf(&document)),
            ("padded", elf(&padded)),
            ("pe", made::pe_with_section(SECTION, &document)),
            ("mach-o", made::macho_with_section(SECTION, &document)),
        ];
        for (name, bytes) in programs {
            let (file, complaints) = analyse(&RustBinary, "usr/local/bin/app", &bytes);
            assert_eq!(complaints, Vec::<String>::new(), "{name}");
            assert_eq!(names(&file), ["app@0.3.0", "patched@1.0.0+git", "time@0.1.43"], "{name}");
        }
        let time = &analyse(&RustBinary, "x", &elf(&document)).0.packages[2];
        assert_eq!(time.purl(None, None).as_deref(), Some("pkg:cargo/time@0.1.43"));
    }

    #[test]
    fn other_programs_say_nothing() {
        for bytes in [made::elf(true, false, b"abc"), made::pe(b""), made::macho(b"x"), b"\x7fELF".to_vec()] {
            let (file, complaints) = analyse(&RustBinary, "usr/bin/other", &bytes);
            assert_eq!((file.packages.len(), complaints.len()), (0, 0));
        }
    }

    #[test]
    fn sections_that_lie_are_named() {
        let document = zlib(DOCUMENT.as_bytes());
        let bomb = zlib(&vec![b' '; 64 << 20]);
        let nested = format!("{{\"packages\":{}", "[".repeat(100_000));
        let many = format!("[{}]", vec![r#"{"name":"a","version":"1"}"#; 110_000].join(","));
        let cut = r#"{"packages":[{"name":"a","version":"1"},{"name":"b","#;
        let cases = [
            ("cut", elf(&document[..document.len() / 2]), 0, "the section .dep-v0 does not inflate"),
            ("not zlib", elf(b"{\"packages\":[]}"), 0, "the section .dep-v0 does not inflate"),
            ("empty", elf(b""), 0, "the section .dep-v0 does not inflate"),
            ("bomb", elf(&bomb), 0, "the section .dep-v0 inflates to more than 8388608 bytes"),
            ("not json", elf(&zlib(b"\xff\xfe")), 0, "the section .dep-v0: line 1: not a list of packages"),
            ("deep", elf(&zlib(nested.as_bytes())), 0, "the section .dep-v0: line 1: not a list of packages"),
            ("many", elf(&zlib(many.as_bytes())), 1, "the section .dep-v0: line 1: not a list of packages: more than"),
            ("json that is cut", elf(&zlib(cut.as_bytes())), 1, "the section .dep-v0: line 1: not a list of packages"),
            ("another list", elf(&zlib(b"{\"packages\":[7]}")), 0, "the section .dep-v0: line 1: not a list"),
            ("no name", elf(&zlib(b"[{\"name\":\"\",\"version\":\"1\"}]")), 0, "not the name or version of a package"),
        ];
        for (name, bytes, packages, complaint) in cases {
            let (file, complaints) = analyse(&RustBinary, "usr/bin/app", &bytes);
            assert_eq!(file.packages.len(), packages, "{name}");
            assert!(complaints.iter().all(|found| found.starts_with(complaint)), "{name}: {complaints:?}");
            assert_eq!(complaints.len(), 1, "{name}");
        }
    }
}
