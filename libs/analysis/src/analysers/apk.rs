//! Alpine's package database, `lib/apk/db/installed`; in `usr/lib/` since `/usr` is merged.
//!
//! In: blank-line separated records of `K:value` lines.
//! Out: one package a record, its origin (`o:`) as source package, and the paths that packages own (`F:` a folder, `R:` a file
//! in it).
//! Source: apk-tools, `doc/apk-package.5` and `src/database.c`.

use plimsoll_model::{Package, PackageType, SourcePackage};

use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads Alpine's package database.
pub struct Apk;

impl Analyser for Apk {
    fn name(&self) -> &'static str {
        "apk"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["lib/apk/db/installed", "usr/lib/apk/db/installed"]
    }

    fn max_bytes(&self) -> usize {
        16 << 20
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let mut record = Record::default();
        let mut number = 0;
        for line in file.whole_lines().split(|byte| *byte == b'\n') {
            number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match line {
                [] => std::mem::take(&mut record).finish(seen),
                [key, b':', value @ ..] => record.read(*key, value, number, seen),
                _ => seen.malformed(Malformed::at(number, "not a line of a record: no letter and colon")),
            }
        }
        // The last record of a file that was cut is cut too.
        if file.is_whole {
            record.finish(seen);
        }
        Ok(())
    }
}

/// What is read of a record, one package.
#[derive(Default)]
struct Record<'a> {
    first_line: Option<usize>,
    name: &'a [u8],
    version: &'a [u8],
    architecture: &'a [u8],
    origin: &'a [u8],
    license: &'a [u8],
    folder: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(&mut self, key: u8, value: &'a [u8], number: usize, seen: &mut Observations<'_>) {
        self.first_line.get_or_insert(number);
        match key {
            b'P' => self.name = value,
            b'V' => self.version = value,
            b'A' => self.architecture = value,
            b'o' => self.origin = value,
            b'L' => self.license = value,
            b'F' => self.folder = value,
            b'R' => seen.owns(&[self.folder, b"/", value].concat()),
            _ => {}
        }
    }

    fn finish(self, seen: &mut Observations<'_>) {
        let Some(first_line) = self.first_line else { return };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let stated = |bytes: &[u8]| (!bytes.is_empty()).then(|| text(bytes));
        let (name, version, architecture) = (text(self.name), text(self.version), stated(self.architecture));
        seen.owner(&name, Some(&version), architecture.as_deref());
        if name.is_empty() || version.is_empty() {
            return seen.malformed(Malformed::at(first_line, "a package without a name (P:) or version (V:)"));
        }
        seen.package(Package {
            source: stated(self.origin).map(|name| SourcePackage { name, version: version.clone() }),
            architecture,
            license: stated(self.license),
            ..Package::new(PackageType::Apk, name, version)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names, owner};
    use super::*;

    const PATH: &str = "lib/apk/db/installed";

    #[test]
    fn each_record_is_a_package_with_its_origin() {
        let (file, complaints) = analyse(
            &Apk,
            PATH,
            b"C:Q1abc=\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\n\n\
              P:musl\nV:1.2.4-r2\n\n\n",
        );
        assert_eq!(names(&file), ["libcrypto3@3.1.4-r5", "musl@1.2.4-r2"]);
        assert!(complaints.is_empty(), "{complaints:?}");
        let crypto = &file.packages[0];
        assert_eq!(crypto.source, Some(SourcePackage { name: "openssl".into(), version: "3.1.4-r5".into() }));
        assert_eq!((crypto.architecture.as_deref(), crypto.license.as_deref()), (Some("x86_64"), Some("Apache-2.0")));
        assert_eq!(file.packages[1].source, None);
    }

    #[test]
    fn what_is_broken_is_passed_over_and_named_with_its_line() {
        let cases: [(&[u8], &[&str], &[&str]); 4] = [
            (b"P:a\n\nP:b\nV:1\n", &["b@1"], &["line 1: a package without"]),
            (b"P:a\nV:1", &["a@1"], &[]),
            (b"P:a\r\nV:1\r\n\r\nP:b\r\nV:2\r\n", &["a@1", "b@2"], &[]),
            (b"rubbish\nP:a\nV:1\n", &["a@1"], &["line 1: not a line"]),
        ];
        for (bytes, expected, problems) in cases {
            let (file, complaints) = analyse(&Apk, PATH, bytes);
            assert_eq!(names(&file), expected);
            assert_eq!(complaints.len(), problems.len(), "{complaints:?}");
            assert!(complaints.iter().zip(problems).all(|(found, start)| found.starts_with(start)), "{complaints:?}");
        }
    }

    #[test]
    fn files_in_folders_are_owned() {
        let text = b"P:py3-six\nV:1-r0\nF:usr/lib/python3.11/site-packages/six-1.dist-info\nR:METADATA\nR:RECORD\nF:usr/bin\nR:x\n";
        let (file, _) = analyse(&Apk, PATH, text);
        let folder = "usr/lib/python3.11/site-packages/six-1.dist-info";
        let paths = [&format!("{folder}/METADATA"), &format!("{folder}/RECORD"), "usr/bin/x"];
        assert_eq!(file.owners, [crate::Owner { version: Some("1-r0".into()), ..owner("py3-six", &paths) }]);
    }
}
