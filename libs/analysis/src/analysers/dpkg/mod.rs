//! Debian's package database.
//!
//! In: `var/lib/dpkg/status` and, in distroless images, a file a package in `var/lib/dpkg/status.d/`: paragraphs of
//! `Field: value` lines; and for ownership the path lists `info/*.list` and `status.d/*.md5sums`.
//! Out: a package each that is unpacked on disk, with its source package and, where that is no distribution, its maker; the paths that
//! packages own.
//! Source: dpkg, deb822(5) and dpkg(1), "Package states".

mod vendor;

use plimsoll_model::{Package, PackageType, SourcePackage};

use crate::path::file_name;
use crate::{Analyser, File, Malformed, Observations, PastLimit};

const STATUS: &str = "var/lib/dpkg/status";
const STATUS_FOLDER: &str = "var/lib/dpkg/status.d/";
const LISTS_FOLDER: &str = "var/lib/dpkg/info/";
/// A field that is longer is passed over. Those that are read are short.
const FIELD_BYTES: usize = 4096;

/// Reads Debian's package database.
pub struct Dpkg;

impl Analyser for Dpkg {
    fn name(&self) -> &'static str {
        "dpkg"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["var/lib/dpkg/*"]
    }

    fn wants(&self, path: &str) -> bool {
        let is_list =
            || path.strip_prefix(LISTS_FOLDER).is_some_and(|name| name.ends_with(".list") && !name.contains('/'));
        let is_in_status_folder = || path.strip_prefix(STATUS_FOLDER).is_some_and(|name| !name.contains('/'));
        path == STATUS || is_list() || is_in_status_folder()
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
        let name = file_name(file.path);
        if file.path.starts_with(LISTS_FOLDER) {
            file.bytes.split(|byte| *byte == b'\n').for_each(|line| seen.owns(line.trim_ascii()));
            // `libc6:amd64.list` of a package that may be there for several architectures.
            let package = name.strip_suffix(".list").unwrap_or(name);
            seen.owner(package.split(':').next().unwrap_or(package), None, None);
        } else if let Some(package) = name.strip_suffix(".md5sums") {
            // A hash, two spaces, a path without a leading slash.
            let paths = file.bytes.split(|byte| *byte == b'\n').filter_map(|line| line.get(34..));
            paths.for_each(|path| seen.owns(path.trim_ascii()));
            seen.owner(package, None, None);
        } else {
            read_status(file, seen);
        }
        Ok(())
    }
}

fn read_status(file: &File<'_>, seen: &mut Observations<'_>) {
    // In distroless images a package that has a file is there, whether or not the file states it.
    let is_installed_unless_stated = file.path != STATUS;
    let mut paragraph = Paragraph::default();
    let mut number = 0;
    for line in file.whole_lines().split(|byte| *byte == b'\n') {
        number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            std::mem::take(&mut paragraph).finish(is_installed_unless_stated, seen);
        } else if let Err(detail) = paragraph.read(line, number) {
            seen.malformed(Malformed::at(number, detail));
        }
    }
    // The last paragraph of a file that was cut is cut too.
    if file.is_whole {
        paragraph.finish(is_installed_unless_stated, seen);
    }
}

/// What is read of a paragraph, one package.
#[derive(Default)]
struct Paragraph {
    first_line: usize,
    package: Option<String>,
    status: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    source: Option<String>,
    license: Option<String>,
    vendor: Option<String>,
    maintainer: Option<String>,
    has_field: bool,
}

impl Paragraph {
    fn read(&mut self, line: &[u8], number: usize) -> Result<(), &'static str> {
        if self.first_line == 0 {
            self.first_line = number;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return if self.has_field { Ok(()) } else { Err("goes on with a field, but none came before it") };
        }
        self.has_field = true;
        let colon = line.iter().position(|byte| *byte == b':').ok_or("not a field: no colon")?;
        let (name, value) = line.split_at(colon);
        let field = match name.to_ascii_lowercase().as_slice() {
            b"package" => &mut self.package,
            b"status" => &mut self.status,
            b"version" => &mut self.version,
            b"architecture" => &mut self.architecture,
            b"source" => &mut self.source,
            b"license" => &mut self.license,
            b"vendor" => &mut self.vendor,
            b"maintainer" => &mut self.maintainer,
            _ => return Ok(()),
        };
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if value.len() > FIELD_BYTES {
            return Err("a field too long to be believed");
        }
        if field.is_some() {
            return Err("a field that the package has already; the first counts");
        }
        *field = Some(String::from_utf8_lossy(value).into_owned());
        Ok(())
    }

    fn finish(self, is_installed_unless_stated: bool, seen: &mut Observations<'_>) {
        if !self.has_field || !self.status.as_deref().map_or(is_installed_unless_stated, is_on_disk) {
            return;
        }
        let named = |field: Option<String>| field.filter(|text| !text.is_empty());
        let (Some(name), Some(version)) = (named(self.package), named(self.version)) else {
            return seen.malformed(Malformed::at(self.first_line, "a package without a name or version"));
        };
        let source = source_package(self.source.as_deref(), &name, &version);
        let license = named(self.license);
        let stated = vendor::Stated {
            vendor: named(self.vendor),
            maintainer: named(self.maintainer),
            has_license: license.is_some(),
            version: &version,
        };
        seen.package(Package {
            source: Some(source),
            vendor: stated.maker(),
            architecture: named(self.architecture),
            license,
            ..Package::new(PackageType::Deb, name, version)
        });
    }
}

/// Whether a status, `want flag state`, is that of a package whose files are on the disk. One that is unpacked but not yet
/// configured, or whose triggers are still to run, is as vulnerable as any; one of which configuration files are left is not.
fn is_on_disk(status: &str) -> bool {
    let state = status.split_ascii_whitespace().nth(2).unwrap_or_default();
    matches!(state, "installed" | "triggers-pending" | "triggers-awaited" | "half-configured" | "unpacked")
}

/// The source package: `Source: name (version)`, where each part defaults to the binary package's.
fn source_package(field: Option<&str>, name: &str, version: &str) -> SourcePackage {
    let field = field.filter(|field| !field.is_empty()).unwrap_or(name);
    let (source, rest) = field.split_once(|space: char| space.is_ascii_whitespace()).unwrap_or((field, ""));
    let stated = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    SourcePackage {
        name: source.to_owned(),
        version: stated.filter(|stated| !stated.is_empty()).unwrap_or(version).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names, owner};
    use super::*;

    #[test]
    fn packages_that_are_on_the_disk_are_found() {
        let (file, complaints) = analyse(
            &Dpkg,
            STATUS,
            b"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1+b1\nSource: bash (5.2-1)\n\
              Description: shell\n more\n .\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\n\
              Package: half\nStatus: install ok unpacked\nVersion: 2\nSource: whole\n\nPackage: nostatus\nVersion: 3\n\n\
              Package: held\nStatus: hold ok installed\nVersion: 1:2.0~rc1\n",
        );
        assert_eq!(names(&file), ["bash@5.2-1+b1", "half@2", "held@1:2.0~rc1"]);
        assert!(complaints.is_empty());
        let sources: Vec<_> = file.packages.iter().filter_map(|package| package.source.as_ref()).collect();
        let sources: Vec<_> = sources.iter().map(|source| (source.name.as_str(), source.version.as_str())).collect();
        assert_eq!(sources, [("bash", "5.2-1"), ("whole", "2"), ("held", "1:2.0~rc1")]);
        assert_eq!(file.packages[0].architecture.as_deref(), Some("amd64"));
    }

    #[test]
    fn a_distroless_package_needs_no_status() {
        let path = "var/lib/dpkg/status.d/tzdata";
        let (file, complaints) = analyse(&Dpkg, path, b"Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n");
        assert_eq!((names(&file), complaints.len()), (vec!["tzdata@2024a-0".to_owned()], 0));
    }

    #[test]
    fn what_is_broken_is_passed_over_and_named_with_its_line() {
        let cases: [(&[u8], &[&str], &[&str]); 6] = [
            (b" first\nPackage: a\nStatus: install ok installed\nVersion: 1\n", &["a@1"], &["line 1: goes on"]),
            (b"Package: a\r\nStatus: install ok installed\r\nVersion: 1\r\n\r\n", &["a@1"], &[]),
            (
                b"Package: a\nVersion: 1\nVersion: 2\nStatus: install ok installed\n",
                &["a@1"],
                &["line 3: a field that"],
            ),
            (b"Package: a\nMaintainer: J\xfcrgen\nStatus: install ok installed\nVersion: 1\n", &["a@1"], &[]),
            (
                b"\nPackage: a\nStatus: install ok installed\nrubbish\n",
                &[],
                &["line 4: not a field", "line 2: a package without"],
            ),
            (
                b"Package: a\x1b[1m\nStatus: install ok installed\nVersion: 1\n",
                &[],
                &["not the name or version of a package"],
            ),
        ];
        for (bytes, expected, problems) in cases {
            let (file, complaints) = analyse(&Dpkg, STATUS, bytes);
            assert_eq!(names(&file), expected);
            assert_eq!(complaints.len(), problems.len(), "{complaints:?}");
            assert!(complaints.iter().zip(problems).all(|(found, start)| found.starts_with(start)), "{complaints:?}");
        }
    }

    #[test]
    fn a_field_of_ten_mebibytes_is_passed_over() {
        let long = "x".repeat(10 << 20);
        let text = format!(
            "Package: {long}\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nDescription: {long}\nStatus: install ok installed\nVersion: 2\n"
        );
        let (file, complaints) = analyse(&Dpkg, STATUS, text.as_bytes());
        assert_eq!(names(&file), ["b@2"]);
        assert!(complaints[0].starts_with("line 1: a field too long"), "{complaints:?}");
    }

    #[test]
    fn owned_paths_are_kept_as_the_merged_usr_has_them() {
        let list = b"/.\n/usr/bin/x\n/lib/python3/dist-packages/x-1.egg-info\n/usr/lib/node_modules/y/package.json\n";
        let (file, _) = analyse(&Dpkg, "var/lib/dpkg/info/x.list", list);
        let paths = ["usr/bin/x", "usr/lib/node_modules/y/package.json", "usr/lib/python3/dist-packages/x-1.egg-info"];
        assert_eq!(file.owners, [owner("x", &paths)]);
        let (file, _) = analyse(&Dpkg, "var/lib/dpkg/info/x:amd64.list", list);
        assert_eq!(file.owners, [owner("x", &paths)]);
        let sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/dist-packages/x-1.dist-info/METADATA\nshort\n";
        let (file, _) = analyse(&Dpkg, "var/lib/dpkg/status.d/x.md5sums", sums);
        assert_eq!(file.owners, [owner("x", &["usr/lib/python3/dist-packages/x-1.dist-info/METADATA"])]);
    }
}
