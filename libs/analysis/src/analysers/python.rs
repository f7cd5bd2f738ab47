//! Installed Python distributions: `*.dist-info/METADATA`, `*.egg-info/PKG-INFO`, `*.egg-info` files, eggs.
//!
//! In: headers as of mail, then perhaps a long description, which is not read.
//! Out: one package, its name normalised (PEP 503).
//! Source: PyPA "Core metadata specifications"; PEP 376, PEP 503, PEP 639.

use plimsoll_model::{Package, PackageType};

use crate::path::is_samples_folder;
use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads the metadata of installed Python distributions.
pub struct PythonMetadata;

impl Analyser for PythonMetadata {
    fn name(&self) -> &'static str {
        "python"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/METADATA", "**/PKG-INFO", "**/*.egg-info"]
    }

    fn wants(&self, path: &str) -> bool {
        let mut components = path.rsplit('/');
        let (name, folder, above) = (components.next(), components.next(), components.next());
        let is_metadata = match (name, folder) {
            (Some("METADATA"), Some(folder)) => folder.ends_with(".dist-info"),
            (Some("PKG-INFO"), Some("EGG-INFO")) => above.is_some_and(|egg| egg.ends_with(".egg")),
            (Some("PKG-INFO"), Some(folder)) => folder.ends_with(".egg-info"),
            (Some(name), _) => name.ends_with(".egg-info"),
            _ => false,
        };
        is_metadata && !is_sample(path)
    }

    fn max_bytes(&self) -> usize {
        256 << 10
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::BeginningSuffices
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let headers = Headers::read(file.bytes);
        let (Some(name), Some(version)) = (headers.name, headers.version) else {
            return Err(Malformed::new("no Name and Version in its headers"));
        };
        let license = headers.expression.or(headers.license).or(headers.classifier);
        seen.package(Package { license, ..Package::new(PackageType::Pypi, normalised(&name), version) });
        Ok(())
    }
}

/// Whether it lies among the tests or examples of an installed package.
fn is_sample(path: &str) -> bool {
    let mut folders = path.split('/');
    folders.any(|folder| matches!(folder, "site-packages" | "dist-packages")) && folders.any(is_samples_folder)
}

/// PEP 503: lower case, each run of `-`, `_` and `.` one `-`.
pub(super) fn normalised(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            normalised.extend(character.to_lowercase());
        } else if !normalised.ends_with('-') {
            normalised.push('-');
        }
    }
    normalised
}

/// The headers that are read; the first of each counts.
#[derive(Default)]
struct Headers {
    name: Option<String>,
    version: Option<String>,
    /// `License-Expression`.
    expression: Option<String>,
    license: Option<String>,
    /// The last part of a `License ::` classifier.
    classifier: Option<String>,
}

impl Headers {
    fn read(bytes: &[u8]) -> Self {
        let mut headers = Self::default();
        let lines = bytes.split(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line.trim_ascii_end()));
        for line in lines {
            if line.starts_with([' ', '\t']) {
                // It goes on with a header that is long, and so not read.
                continue;
            }
            // A blank line ends the headers, as anything does that is none: a text which happens to say `Name: ...` is no metadata.
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_header_name(name)) else { break };
            let value = value.trim();
            let field = match name.to_ascii_lowercase().as_str() {
                "name" => &mut headers.name,
                "version" => &mut headers.version,
                "license-expression" => &mut headers.expression,
                "license" => &mut headers.license,
                "classifier" if value.starts_with("License ::") => &mut headers.classifier,
                _ => continue,
            };
            let value = if name.eq_ignore_ascii_case("classifier") { value.rsplit(" :: ").next() } else { Some(value) };
            let value = value.filter(|value| !value.is_empty() && *value != "UNKNOWN");
            *field = field.take().or(value.map(str::to_owned));
        }
        headers
    }
}

/// RFC 5322: printable ASCII without spaces.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn only_metadata_of_installed_distributions_is_wanted() {
        let cases = [
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", true),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", true),
            ("app/venv/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA", true),
            ("opt/site-packages/six-1.16.0-py3.11.egg/EGG-INFO/PKG-INFO", true),
            ("opt/site-packages/setuptools/_vendor/six-1.16.0.dist-info/METADATA", true),
            ("opt/site-packages/pip/tests/data/six-1.16.0.dist-info/METADATA", false),
            ("src/six-1.16.0/PKG-INFO", false),
            ("METADATA", false),
            ("EGG-INFO/PKG-INFO", false),
        ];
        for (path, expected) in cases {
            assert_eq!(PythonMetadata.wants(path), expected, "{path}");
        }
    }

    #[test]
    fn names_are_normalised_and_licences_taken_from_the_best_place() {
        let cases = [
            ("Name: Zope.Interface__x\nVersion: 5.4.0\n\nName: other\n", "zope-interface-x@5.4.0", None),
            ("Metadata-Version: 2.1\r\nName: a\r\nVersion: 1\r\nLicense: MIT\r\n", "a@1", Some("MIT")),
            (
                "Name: a\nVersion: 1\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n",
                "a@1",
                Some("BSD License"),
            ),
            (
                "Name: a\nVersion: 1\nLicense: x\nLicense-Expression: MIT OR Apache-2.0\n",
                "a@1",
                Some("MIT OR Apache-2.0"),
            ),
            ("Name: a\nVersion: 1\nDescription: long\n Name: b\nLicense: MIT\n", "a@1", Some("MIT")),
        ];
        for (text, expected, license) in cases {
            let (file, complaints) = analyse(&PythonMetadata, "x-1.dist-info/METADATA", text.as_bytes());
            assert_eq!((names(&file), complaints), (vec![expected.to_owned()], vec![]));
            assert_eq!(file.packages[0].license.as_deref(), license);
        }
        let prose = "Metadata of this folder\nName: a\nVersion: 1\n";
        for text in [
            "",
            "Name: a\n",
            "Name: a\n\nVersion: 1\n",
            "\nName: a\nVersion: 1\n",
            prose,
            "Name: a\nSee also\nVersion: 1\n",
        ] {
            let (file, complaints) = analyse(&PythonMetadata, "x-1.dist-info/METADATA", text.as_bytes());
            assert_eq!((file.packages.len(), complaints.len()), (0, 1), "{text}");
        }
    }
}
