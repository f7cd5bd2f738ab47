//! pip's requirement files: `requirements.txt`, and those named like it or lying in a folder `requirements`.
//!
//! In: a requirement a line, which may go on in the next. Out: those that are pinned to one version, by `==` or `===`. Ranges,
//! addresses, paths and options say nothing of what was installed. What a file whose name has `dev` or `test` in it lists is for
//! developing, so that such a file is not read.
//! Source: pip, "Requirements File Format" and `req/req_file.py`; PEP 508.

use plimsoll_model::{Package, PackageType};

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::{self, is_among_packages};
use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads requirement files.
pub struct Requirements;

impl Analyser for Requirements {
    fn name(&self) -> &'static str {
        "requirements"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.txt"]
    }

    fn wants(&self, path: &str) -> bool {
        let name = path::file_name(path);
        let Some(stem) = name.strip_suffix(".txt") else { return false };
        let folder = path::parent(path).map(path::file_name);
        let is_list =
            stem.starts_with("requirements") || stem.ends_with("requirements") || folder == Some("requirements");
        is_list && !stem.split(['-', '_', '.']).any(is_for_developing) && !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = decoded(file.whole_lines());
        let mut requirement = String::new();
        for line in text.lines() {
            let is_comment = line.trim_start().starts_with('#');
            match line.strip_suffix('\\').filter(|_| !is_comment) {
                Some(begun) => requirement.push_str(begun),
                None => {
                    if !is_comment {
                        requirement.push_str(line);
                    }
                    pinned(&requirement).into_iter().for_each(|package| seen.package(package));
                    requirement.clear();
                }
            }
        }
        pinned(&requirement).into_iter().for_each(|package| seen.package(package));
        Ok(())
    }
}

/// PowerShell's `pip freeze > requirements.txt` writes UTF-16, which pip reads by its byte-order mark.
fn decoded(bytes: &[u8]) -> String {
    let (unit, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => return String::from_utf8_lossy(rest).into_owned(),
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The package that a requirement names, if it allows one version only.
pub(super) fn pinned(requirement: &str) -> Option<Package> {
    // After the requirement come the marker, where it counts, and pip's options. Comments end with the version.
    let requirement = requirement.split(';').next()?;
    let requirement = requirement.split(" -").next()?.trim();
    let is_in_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let (name, rest) = requirement.split_at(requirement.find(|character| !is_in_name(character))?);
    let is_name = name.starts_with(is_alphanumeric) && name.ends_with(is_alphanumeric);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('[').map_or(Some(rest), |extras| extras.split_once(']').map(|(_, rest)| rest))?;
    let rest = rest.trim_start().trim_start_matches('(').trim_end_matches(')');
    // `name @ https://…` is an address, whatever it contains.
    let clauses = rest.split(',').filter(|_| is_name && !rest.starts_with('@'));
    let version = clauses.filter_map(|clause| version_of(clause.trim())).next()?;
    Some(Package::new(PackageType::Pypi, normalised(name), version))
}

/// The version of `==1.0` and `===1.0`. That of `==1.*` is a range; one with other signs in it is to be filled in by some tool.
fn version_of(clause: &str) -> Option<&str> {
    let version = clause.strip_prefix("===").or_else(|| clause.strip_prefix("=="))?.trim_start();
    let version = version.split(|character: char| character.is_whitespace() || character == '#').next()?;
    let is_in_version =
        |character: char| is_alphanumeric(character) || matches!(character, '.' | '-' | '_' | '+' | '!');
    (version.starts_with(is_alphanumeric) && version.chars().all(is_in_version)).then_some(version)
}

fn is_alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: impl AsRef<[u8]>) -> Vec<String> {
        let (file, complaints) = analyse(&Requirements, "app/requirements.txt", text.as_ref());
        assert_eq!(complaints, Vec::<String>::new());
        names(&file)
    }

    #[test]
    fn what_is_pinned_is_a_package() {
        let cases = [
            ("Zope.Interface__x == 5.4.0", "zope-interface-x@5.4.0"),
            ("a==1.0", "a@1.0"),
            ("a===1.0-local", "a@1.0-local"),
            ("a==1!2.0+cu118", "a@1!2.0+cu118"),
            ("a[x, y] ==1.0 ; python_version < '3' and x == 'b==2'", "a@1.0"),
            ("a (==1.0)", "a@1.0"),
            ("a>=0.5,==1.0", "a@1.0"),
            ("a==1.0#comment", "a@1.0"),
            ("a==1.0 # b==2", "a@1.0"),
            ("a \\\n  == 1.0 \\\r\n  --hash=sha256:00 \\\r\n  --hash=sha256:01\r\n", "a@1.0"),
            ("# b==1 \\\na==1.0", "a@1.0"),
            ("\u{feff}a==1.0", "a@1.0"),
            ("a==1.0\\", "a@1.0"),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_not_pinned_is_passed_over() {
        for text in [
            "",
            "a",
            "a>=1",
            "a~=1.0",
            "a!=1.0",
            "a==1.*",
            "a==",
            "a== --hash=sha256:00",
            "==1.0",
            "a 1.0",
            "-a==1.0",
            "a-==1.0",
            "-r other==1.txt",
            "-e git+https://x/y@v==1#egg=a",
            "--index-url https://x/==1",
            "./a==1.0",
            "https://x/a==1.0.zip",
            "a @ https://x/a,==1.0.zip",
            "a[x==1.0",
            "a==${VERSION}",
            "a=={{ version }}",
            "# a==1.0",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn utf_16_is_read_by_its_mark() {
        let little: Vec<u8> = "\u{feff}a==1.0\r\nb==2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}a==1.0\r\nb==2\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(found(little), ["a@1.0", "b@2"]);
        assert_eq!(found(&big[..big.len() - 1]), ["a@1.0", "b@2"]);
    }

    #[test]
    fn files_for_developing_and_of_packages_are_not_wanted() {
        let cases = [
            ("requirements.txt", true),
            ("app/requirements-prod.txt", true),
            ("app/base-requirements.txt", true),
            ("app/requirements/base.txt", true),
            ("app/requirements/dev.txt", false),
            ("app/requirements_test.txt", false),
            ("app/dev-requirements.txt", false),
            ("app/notes.txt", false),
            ("app/requirements.in", false),
            ("opt/site-packages/x/requirements.txt", false),
            ("app/node_modules/x/requirements.txt", false),
        ];
        for (path, expected) in cases {
            assert_eq!(Requirements.wants(path), expected, "{path}");
        }
    }
}
