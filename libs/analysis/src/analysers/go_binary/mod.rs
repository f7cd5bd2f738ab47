//! Go programs, by the build info that Go's linker puts into them: ELF, PE and Mach-O, Go 1.13 and newer.
//!
//! In: the program. Out: each module linked into it at its version, with replacements in place of what they replace; the main
//! module, at the version that its builder's flags state where it has none; and the toolchain's library as `stdlib`, by which advisories of Go
//! speak of it. What has no version is `(devel)`, as Go itself writes: a main module built in its repository, a module that is replaced by a
//! folder, a toolchain between releases. It cannot be compared with any advisory, and is told so.
//! Sources: Go, `src/debug/buildinfo/buildinfo.go` and `src/runtime/debug/mod.go`.

mod build_info;
mod modules;
mod stated;

use plimsoll_model::{Package, PackageType};

use self::build_info::BuildInfo;
use crate::executable::PROGRAM_BYTES;
use crate::{Analyser, ContentKind, File, Malformed, Observations, PastLimit};

/// Reads Go programs.
pub struct GoBinary;

impl Analyser for GoBinary {
    fn name(&self) -> &'static str {
        "go-binary"
    }

    fn version(&self) -> u32 {
        2
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Elf, ContentKind::Pe, ContentKind::MachO]
    }

    fn max_bytes(&self) -> usize {
        PROGRAM_BYTES
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let Some(info) = BuildInfo::read(file.bytes)? else { return Ok(()) };
        let toolchain = toolchain_version(info.version).unwrap_or(modules::UNVERSIONED);
        seen.package(Package::new(PackageType::Golang, "stdlib", toolchain));
        for module in modules::linked(info.modules) {
            let stated = (module.is_main && module.version == modules::UNVERSIONED)
                .then(|| stated::version(info.modules, module.path))
                .flatten();
            let version = stated.unwrap_or_else(|| module.version.to_owned());
            seen.package(Package::new(PackageType::Golang, module.path, version));
        }
        Ok(())
    }
}

/// `1.22.3` of `go1.22.3 X:rangefunc`: without experiments and a builder's additions (`-google`, `+auto`, `b7`). A toolchain
/// between releases (`devel go1.23-…`) has no version that could be looked up.
pub(super) fn toolchain_version(text: &str) -> Option<&str> {
    let version = text.strip_prefix("go")?;
    let end = version.find([' ', '-', '+']).unwrap_or(version.len());
    let version = version.get(..end)?;
    let numbers =
        version.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(version.len());
    let (release, stage) = version.split_at_checked(numbers)?;
    let is_stage = stage.starts_with("rc") || stage.starts_with("beta");
    let version = if is_stage { version } else { release };
    version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysers::{analyse, names};
    use crate::executable::made;

    const MODULES: &str = "path\tacme.org/cmd\nmod\tacme.org\t(devel)\t\ndep\tgolang.org/x/net\tv0.1.0\th1:x=\n";

    #[test]
    fn programs_of_every_format_and_both_layouts_say_what_is_in_them() {
        let inline = build_info::made::inline("go1.22.3", MODULES);
        let pointers = |is_64, is_big| build_info::made::pointers(is_64, is_big, "go1.16.2", MODULES);
        let cases = [
            (made::elf(true, false, &inline), "1.22.3"),
            (made::elf(false, true, &inline), "1.22.3"),
            (made::pe(&inline), "1.22.3"),
            (made::macho(&inline), "1.22.3"),
            (made::elf(true, false, &pointers(true, false)), "1.16.2"),
            (made::elf(true, true, &pointers(true, true)), "1.16.2"),
            (made::elf(false, false, &pointers(false, false)), "1.16.2"),
            (made::elf(false, true, &pointers(false, true)), "1.16.2"),
            (made::pe(&pointers(true, false)), "1.16.2"),
            (made::macho(&pointers(true, false)), "1.16.2"),
        ];
        for (bytes, version) in cases {
            let (file, complaints) = analyse(&GoBinary, "usr/local/bin/cmd", &bytes);
            assert_eq!(complaints, Vec::<String>::new());
            let stdlib = format!("stdlib@{version}");
            assert_eq!(names(&file), ["acme.org@(devel)", "golang.org/x/net@v0.1.0", stdlib.as_str()]);
        }
    }

    #[test]
    fn toolchains_are_looked_up_by_their_release() {
        let cases = [
            ("go1.22.3", Some("1.22.3")),
            ("go1.22rc1", Some("1.22rc1")),
            ("go1.21.0 X:rangefunc,boringcrypto", Some("1.21.0")),
            ("go1.20.4-google", Some("1.20.4")),
            ("go1.19.7b5", Some("1.19.7")),
            ("devel go1.23-0123abc Tue Mar 1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(toolchain_version(text), expected, "{text}");
        }
    }

    #[test]
    fn what_was_built_by_a_toolchain_between_releases_has_a_library_without_a_version() {
        let info = build_info::made::inline("devel go1.23-0123abc Tue Mar 1", "mod\tacme.org\tv1.0.0\t\n");
        let (file, complaints) = analyse(&GoBinary, "usr/local/bin/cmd", &made::elf(true, false, &info));
        assert_eq!((names(&file), complaints.len()), (vec!["acme.org@v1.0.0".into(), "stdlib@(devel)".into()], 0));
    }

    #[test]
    fn other_programs_say_nothing() {
        for bytes in [made::elf(true, false, b"abc"), made::pe(b""), b"\x7fELF".to_vec()] {
            let (file, complaints) = analyse(&GoBinary, "usr/bin/other", &bytes);
            assert_eq!((file.packages.len(), complaints.len()), (0, 0));
        }
    }

    #[test]
    fn a_main_module_has_the_version_that_its_builder_stated() {
        let modules = "mod\tacme.org/tool\t(devel)\t\nbuild\t-ldflags=\"-X main.version=1.4.0\"\n";
        let bytes = made::elf(true, false, &build_info::made::inline("go1.22.3", modules));
        let (file, _) = analyse(&GoBinary, "usr/local/bin/tool", &bytes);
        assert_eq!(names(&file), ["acme.org/tool@v1.4.0", "stdlib@1.22.3"]);
    }
}
