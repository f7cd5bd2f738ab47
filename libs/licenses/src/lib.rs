//! Licences as packages state them, read as SPDX expressions.
//!
//! In: what a package's metadata says (`GPLv2+ and LGPLv2+`, `Apache License, Version 2.0`, a Python classifier, an address), or the bytes of
//! a Debian `copyright` file. Out: a [`License`]: an expression that SPDX's grammar accepts, in the spelling of its list, and what could not be read.
//! Pure, and never wrong on purpose: what may be one of several licences (`BSD License`) stays text.

use plimsoll_model::PackageType;
use serde::{Deserialize, Serialize};

mod debian_copyright;
mod expression;
mod gnu;
mod spelling;

pub use debian_copyright::{debian_license, debian_license_names, debian_statement};

use expression::Part;

/// Bytes of a stated licence that are read as an expression. Longer ones are whole licence texts.
const MOST_BYTES: usize = 4 << 10;
/// Characters of a text that is kept.
const LONGEST_TEXT: usize = 200;

/// A licence. With both an expression and a text, both hold; with neither, none was stated.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct License {
    /// An SPDX license expression (SPDX 2.3, annex D), identifiers spelled as in the list, deprecated GNU ones as `-only` and `-or-later`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What is no expression, or may be one of several licences: as stated, clipped, control characters escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Reads what a package states.
///
/// Past 4 KiB, 64 levels of parentheses or 500 words it is taken for a text, of which the beginning is kept.
pub fn read(stated: &str, kind: PackageType) -> License {
    parts(stated, kind).into_iter().collect()
}

/// The licences that together hold, each an expression or a text.
fn parts(stated: &str, kind: PackageType) -> Vec<License> {
    let stated = stated.trim();
    if stated.len() > MOST_BYTES || stated.lines().nth(2).is_some() {
        return vec![of_text(stated)];
    }
    let stated = stated.split_whitespace().collect::<Vec<_>>().join(" ");
    let stated = without_classifier(&stated);
    if is_nothing(stated) {
        return Vec::new();
    }
    let address = spelling::of_address(stated);
    expression::parts(address.as_deref().unwrap_or(stated), kind).into_iter().map(License::from).collect()
}

/// Several licences, all of which hold.
impl FromIterator<License> for License {
    fn from_iter<T: IntoIterator<Item = License>>(licenses: T) -> Self {
        let mut expressions: Vec<String> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for license in licenses {
            expressions.extend(license.expression.filter(|expression| !expressions.contains(expression)));
            texts.extend(license.text.filter(|text| !texts.contains(text)));
        }
        let alone = expressions.len() == 1;
        let joined: Vec<_> = expressions.into_iter().map(|expression| expression::operand(expression, alone)).collect();
        Self {
            expression: (!joined.is_empty()).then(|| joined.join(" AND ")),
            text: (!texts.is_empty()).then(|| clipped(&texts.join("; "))),
        }
    }
}

impl From<Part> for License {
    fn from(part: Part) -> Self {
        match part {
            Part::Expression(expression) => Self { expression: Some(expression), text: None },
            Part::Text(text) => Self { expression: None, text: Some(clipped(&text)) },
        }
    }
}

/// A whole licence text: its title, on one line or two, may name it.
fn of_text(text: &str) -> License {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let title = lines.next().unwrap_or_default();
    // `Version 2.0, January 2004`.
    let version = lines.next().and_then(|line| line.split(", ").next()).unwrap_or_default();
    if title.len().max(version.len()) <= LONGEST_TEXT {
        let named = spelling::expression_of(title).or_else(|| spelling::expression_of(&format!("{title} {version}")));
        if named.is_some() {
            return License { expression: named, text: None };
        }
    }
    License { expression: None, text: Some(clipped(title)) }
}

/// `License :: OSI Approved :: MIT License` to its last part (Python's trove classifiers).
fn without_classifier(stated: &str) -> &str {
    match stated.strip_prefix("License ::") {
        Some(rest) => {
            let last = rest.rsplit("::").next().unwrap_or(rest).trim();
            if last == "OSI Approved" { "" } else { last }
        }
        None => stated,
    }
}

fn is_nothing(stated: &str) -> bool {
    stated.is_empty()
        || ["unknown", "none", "n/a", "noassertion", "null", "undefined", "-"]
            .iter()
            .any(|word| stated.eq_ignore_ascii_case(word))
}

fn clipped(text: &str) -> String {
    let mut clipped: String = text.chars().take(LONGEST_TEXT).flat_map(shown).collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        clipped.push('…');
    }
    clipped
}

/// Control characters and marks that reorder text are escaped; quotes are not.
fn shown(c: char) -> impl Iterator<Item = char> {
    let is_plain = matches!(c, '\'' | '"' | '\\');
    is_plain.then_some(c).into_iter().chain(c.escape_debug().filter(move |_| !is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expression, and after ` ; ` the text.
    fn shown(license: &License) -> String {
        let parts = [license.expression.as_deref(), license.text.as_deref().map(|_| ";"), license.text.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn assert_read(kind: PackageType, table: &[(&str, &str)]) {
        for (stated, expected) in table {
            let license = read(stated, kind);
            assert_eq!(shown(&license), *expected, "{stated}");
            if let Some(expression) = license.expression {
                let mode = spdx::ParseMode { allow_deprecated: true, ..spdx::ParseMode::STRICT };
                assert!(spdx::Expression::parse_mode(&expression, mode).is_ok(), "{expression}");
                assert_eq!(read(&expression, kind).expression, Some(expression), "reading twice is reading once");
            }
        }
    }

    #[test]
    fn expressions_are_spelled_as_in_the_list() {
        assert_read(
            PackageType::Npm,
            &[
                ("MIT", "MIT"),
                ("mit", "MIT"),
                ("(MIT OR apache-2.0)", "MIT OR Apache-2.0"),
                ("mit and (isc or BSD-3-clause)", "MIT AND (ISC OR BSD-3-Clause)"),
                ("(MIT OR ISC) AND (Zlib OR X11)", "(MIT OR ISC) AND (Zlib OR X11)"),
                ("GPL-2.0", "GPL-2.0-only"),
                ("GPL-2.0+", "GPL-2.0-or-later"),
                ("gpl-3.0-OR-later with gcc-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1"),
                ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
                ("Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"),
                ("Apache-1.1+", "Apache-1.1+"),
                ("LicenseRef-Our-Own OR MIT", "LicenseRef-Our-Own OR MIT"),
                ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
                ("MIT, ISC", "MIT AND ISC"),
                ("MIT AND MIT", "MIT"),
            ],
        );
    }

    #[test]
    fn what_is_not_known_stays_text() {
        assert_read(
            PackageType::Npm,
            &[
                ("BSD", "; BSD"),
                ("BSD License", "; BSD License"),
                ("SEE LICENSE IN LICENSE.md", "; SEE LICENSE IN LICENSE.md"),
                ("UNLICENSED", "; UNLICENSED"),
                ("Unlicense", "Unlicense"),
                ("Proprietary", "; Proprietary"),
                ("MIT AND Proprietary", "MIT ; Proprietary"),
                ("MIT OR Proprietary", "; MIT OR Proprietary"),
                ("MIT AND (ISC OR Proprietary)", "MIT ; (ISC OR Proprietary)"),
                ("Dual-licensed: MIT, Ruby", "; Dual-licensed: MIT, Ruby"),
                ("MIT OR", "; MIT OR"),
                ("(MIT", "; (MIT"),
                ("MIT)", "; MIT)"),
                ("MIT WITH MIT", "; MIT WITH MIT"),
                ("MIT (", "; MIT ("),
                ("AND", "; AND"),
                ("", ""),
                ("UNKNOWN", ""),
                ("  \n ", ""),
                ("a\u{7}\u{202e}b", "; a\\u{7}\\u{202e}b"),
            ],
        );
    }

    #[test]
    fn common_spellings_are_known() {
        assert_read(
            PackageType::Maven,
            &[
                ("Apache License 2.0", "Apache-2.0"),
                ("The Apache Software License, Version 2.0", "Apache-2.0"),
                ("Apache License, Version 2.0", "Apache-2.0"),
                ("Apache-2", "Apache-2.0"),
                ("ASL 2.0", "Apache-2.0"),
                ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
                ("https://opensource.org/licenses/MIT", "MIT"),
                ("https://licenses.nuget.org/MIT%20OR%20Apache-2.0", "MIT OR Apache-2.0"),
                ("https://example.com/license", "; https://example.com/license"),
                ("The MIT License (MIT)", "MIT"),
                ("MIT License", "MIT"),
                ("MIT/X11", "MIT"),
                ("Eclipse Public License - v 1.0", "EPL-1.0"),
                ("Eclipse Distribution License - v 1.0", "BSD-3-Clause"),
                ("New BSD License", "BSD-3-Clause"),
                ("3-Clause BSD License", "BSD-3-Clause"),
                ("Simplified BSD", "BSD-2-Clause"),
                ("GNU General Public License v2.0 only", "GPL-2.0-only"),
                ("GNU Lesser General Public License, Version 2.1", "LGPL-2.1-only"),
                ("GNU General Public License, version 2 or later", "GPL-2.0-or-later"),
                ("GNU General Public License", "; GNU General Public License"),
                ("GPL2 w/ CPE", "GPL-2.0-only WITH Classpath-exception-2.0"),
                ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
                ("CC0 1.0 Universal", "CC0-1.0"),
                ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
                ("MIT.", "MIT"),
            ],
        );
    }

    #[test]
    fn classifiers_of_python_are_known() {
        assert_read(
            PackageType::Pypi,
            &[
                ("License :: OSI Approved :: MIT License", "MIT"),
                ("License :: OSI Approved :: BSD License", "; BSD License"),
                ("License :: OSI Approved :: Apache Software License", "; Apache Software License"),
                ("License :: OSI Approved :: Python Software Foundation License", "PSF-2.0"),
                ("License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
                ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
                (
                    "License :: OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)",
                    "AGPL-3.0-or-later",
                ),
                ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
                ("License :: OSI Approved :: ISC License (ISCL)", "ISC"),
                ("License :: OSI Approved :: The Unlicense (Unlicense)", "Unlicense"),
                ("License :: OSI Approved", ""),
                ("License :: Public Domain", "; Public Domain"),
            ],
        );
    }

    #[test]
    fn the_distributions_spellings_are_known() {
        assert_read(
            PackageType::Rpm,
            &[
                ("GPLv2+ and LGPLv2+", "GPL-2.0-or-later AND LGPL-2.0-or-later"),
                ("GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
                ("(GPL+ or Artistic) and MIT", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"),
                (
                    "GPLv3+ and GPLv2+ and LGPLv2+ and BSD",
                    "GPL-3.0-or-later AND GPL-2.0-or-later AND LGPL-2.0-or-later ; BSD",
                ),
                ("GPLv2+ with exceptions", "; GPLv2+ with exceptions"),
                ("ASL 2.0 or MPLv2.0", "Apache-2.0 OR MPL-2.0"),
                ("MIT and Public Domain", "MIT ; Public Domain"),
            ],
        );
        assert_read(
            PackageType::Deb,
            &[
                ("Expat", "MIT"),
                ("GPL-2+", "GPL-2.0-or-later"),
                ("GPL-2", "GPL-2.0-only"),
                ("LGPL-2.1+", "LGPL-2.1-or-later"),
                ("GFDL-1.3+", "GFDL-1.3-or-later"),
                ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
                ("Artistic or GPL-1+", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
                ("GPL-1+ or Artistic, and BSD-3-clause", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause"),
                ("GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-generic"),
                ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
                ("GPL-3+ with Texinfo exception", "GPL-3.0-or-later WITH Texinfo-exception"),
                ("APACHE-2-LLVM-EXCEPTIONS", "Apache-2.0 WITH LLVM-exception"),
                ("public-domain", "; public-domain"),
            ],
        );
        assert_read(
            PackageType::Apk,
            &[
                ("MIT BSD GPL2+", "MIT AND GPL-2.0-or-later ; BSD"),
                ("GPL-2.0-only AND MIT", "GPL-2.0-only AND MIT"),
                ("MPL-2.0 AND MIT", "MPL-2.0 AND MIT"),
                ("custom multiple", "; custom multiple"),
            ],
        );
    }

    #[test]
    fn a_whole_text_is_known_by_its_title() {
        let mit =
            format!("MIT License\n\nCopyright (c) 2020 Somebody\n\n{}", "Permission is hereby granted ".repeat(500));
        assert_eq!(shown(&read(&mit, PackageType::Pypi)), "MIT");
        let apache = "Apache License\nVersion 2.0, January 2004\nhttp://www.apache.org/licenses/";
        assert_eq!(shown(&read(apache, PackageType::Pypi)), "Apache-2.0");
        let other = format!("Terms of use\n{}", "x".repeat(1 << 20));
        assert_eq!(shown(&read(&other, PackageType::Pypi)), "; Terms of use");
    }

    #[test]
    fn an_expression_that_nests_ten_thousand_deep_is_a_text() {
        for depth in [65, 1_000, 10_000] {
            let deep = format!("{}MIT{}", "(".repeat(depth), ")".repeat(depth));
            let license = read(&deep, PackageType::Npm);
            assert_eq!(license.expression, None);
            assert!(license.text.unwrap().chars().count() <= LONGEST_TEXT + 1);
        }
        let fits = format!("{}MIT OR ISC{}", "(".repeat(60), ")".repeat(60));
        assert_eq!(read(&fits, PackageType::Npm).expression.as_deref(), Some("MIT OR ISC"));
        assert_eq!(read(&"MIT AND ".repeat(501), PackageType::Npm).expression, None);
        assert_eq!(read(&"x".repeat(1 << 20), PackageType::Npm).text.unwrap().chars().count(), LONGEST_TEXT + 1);
    }

    #[test]
    fn several_licences_all_hold() {
        let several = ["MIT OR ISC", "GPL-2.0", "MIT OR ISC", "Proprietary", "BSD"];
        let license: License = several.iter().map(|stated| read(stated, PackageType::Gem)).collect();
        assert_eq!(shown(&license), "(MIT OR ISC) AND GPL-2.0-only ; Proprietary; BSD");
        assert_eq!(License::from_iter([]), License::default());
    }
}
