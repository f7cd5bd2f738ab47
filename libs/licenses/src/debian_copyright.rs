//! Debian's `usr/share/doc/PACKAGE/copyright`.
//!
//! In: the file's bytes, machine-readable or prose. Out: the short names of the licences in it. Source: Debian's machine-readable
//! debian/copyright file 1.0 (DEP-5), fields `Format` and `License`; of prose, which files of `usr/share/common-licenses` it points to.

use plimsoll_model::PackageType;

use crate::{License, expression, parts, read};

/// Bytes that are read. Few are over 1 MiB (Chromium's, TeX Live's).
const MOST_BYTES: usize = 4 << 20;
/// Names of one file.
const MOST_NAMES: usize = 200;
/// Bytes of a name.
const LONGEST_NAME: usize = 500;
/// Bytes of a statement. The longest in a plain Debian is a third of it.
const LONGEST_STATEMENT: usize = 2000;
/// Bytes that are left in it for the count of what does not fit.
const COUNT_BYTES: usize = 40;

/// The licences of a Debian package, all of which hold.
pub fn debian_license(bytes: &[u8]) -> License {
    debian_statement(bytes).map(|statement| read(&statement, PackageType::Deb)).unwrap_or_default()
}

/// The same as one statement that [`read`] reads, for where a package's licence is kept as it is stated. `None` where the file names no
/// licence. At most 2,000 bytes; licences that do not fit are counted.
pub fn debian_statement(bytes: &[u8]) -> Option<String> {
    let parts = distinct_parts(bytes);
    let is_alone = parts.len() == 1;
    let mut statement = String::new();
    for (position, part) in parts.iter().enumerate() {
        let part = match (&part.expression, &part.text) {
            (Some(expression), _) => expression::operand(expression.clone(), is_alone),
            (None, text) => inert(text.as_deref().unwrap_or_default()),
        };
        let is_last = statement.len() + part.len() > LONGEST_STATEMENT - COUNT_BYTES;
        let part = if is_last { format!("{} more licences", parts.len() - position) } else { part };
        if !(statement.is_empty() || part.is_empty()) {
            statement.push_str(" AND ");
        }
        statement.push_str(&part);
        if is_last {
            break;
        }
    }
    (!statement.is_empty()).then_some(statement)
}

/// A text as one side of an `AND`, so that it stays one.
fn inert(text: &str) -> String {
    let bare = text.replace(['(', ')', ',', ';'], " ");
    let words: Vec<&str> = bare.split_whitespace().collect();
    let joined = words.join(" ");
    let is_operator =
        |word: &&str| ["and", "or", "with", "&", "|"].iter().any(|known| word.eq_ignore_ascii_case(known));
    if words.iter().any(is_operator) { format!("({joined})") } else { joined }
}

/// Each licence once, expressions first.
fn distinct_parts(bytes: &[u8]) -> Vec<License> {
    let mut distinct: Vec<License> = Vec::new();
    for part in debian_license_names(bytes).iter().flat_map(|name| parts(name, PackageType::Deb)) {
        if !distinct.contains(&part) {
            distinct.push(part);
        }
    }
    distinct.sort_by_key(|part| part.expression.is_none());
    distinct
}

/// The short names of the licences in a `copyright` file, as written (`GPL-2+ or Artistic`), each once, in the file's order; at most 200.
pub fn debian_license_names(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes.get(..MOST_BYTES).unwrap_or(bytes));
    let is_machine_readable = text.lines().take(20).any(|line| {
        let field = line.split(':').next().unwrap_or_default();
        field.eq_ignore_ascii_case("format") || field.eq_ignore_ascii_case("format-specification")
    });
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let is_new = !name.is_empty() && name.len() <= LONGEST_NAME && !names.iter().any(|known| known == name);
        if is_new && names.len() < MOST_NAMES {
            names.push(name.to_owned());
        }
    };
    if is_machine_readable {
        text.lines().filter_map(license_field).for_each(&mut add);
    } else {
        let mut pieces = text.split("/usr/share/common-licenses/");
        let mut before = pieces.next().unwrap_or_default();
        for rest in pieces {
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+'))).unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or_default().trim_end_matches(['.', '-']);
            let is_versioned_gnu = name.contains("GPL-") || name.contains("GFDL-");
            if is_versioned_gnu && allows_later(before) {
                add(&format!("{name}+"))
            } else {
                add(name)
            }
            before = rest.get(end..).unwrap_or_default();
        }
    }
    names
}

/// Whether what comes before the address of a GNU licence's text leaves the choice of a later version: the address itself is that of
/// one version.
fn allows_later(before: &str) -> bool {
    let words = || before.split_whitespace();
    words().zip(words().skip(1)).any(|(first, second)| {
        first.eq_ignore_ascii_case("later") && second.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("version"))
    })
}

/// The first line of a field `License`: its name. What follows on lines that begin with a space is the licence's text.
fn license_field(line: &str) -> Option<&str> {
    let (field, name) = line.split_once(':')?;
    field.eq_ignore_ascii_case("license").then(|| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE_READABLE: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
Copyright: 2020 Somebody
License: GPL-2+ or Artistic, and BSD-3-clause
 License: not this one
 .
 On Debian systems: /usr/share/common-licenses/GPL-2

Files: y
License: Expat

Files: z
license:Expat

License: public-domain
 Nobody's.
";

    #[test]
    fn names_are_read_from_fields() {
        let names = debian_license_names(MACHINE_READABLE.as_bytes());
        assert_eq!(names, ["GPL-2+ or Artistic, and BSD-3-clause", "Expat", "public-domain"]);
        let license = debian_license(MACHINE_READABLE.as_bytes());
        assert_eq!(
            license.expression.as_deref(),
            Some("(GPL-2.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause AND MIT")
        );
        assert_eq!(license.text.as_deref(), Some("public-domain"));
    }

    #[test]
    fn prose_is_read_by_what_it_points_to() {
        let prose = b"This is free software.\nLicense: see below\nSee `/usr/share/common-licenses/GPL-2'.\nOr /usr/share/common-licenses/LGPL-2.1.\n\
            Again /usr/share/common-licenses/GPL-2, and /usr/share/common-licenses/";
        assert_eq!(debian_license_names(prose), ["GPL-2", "LGPL-2.1"]);
        let later =
            b"either version 2, or (at your option) any later\nversion. See /usr/share/common-licenses/GPL-2.\n\
            Its manual: /usr/share/common-licenses/GFDL-1.2, or any later version; /usr/share/common-licenses/LGPL,\n\
            any later version: /usr/share/common-licenses/Apache-2.0";
        assert_eq!(debian_license_names(later), ["GPL-2+", "GFDL-1.2", "LGPL", "Apache-2.0"]);
        assert_eq!(debian_license_names(b""), [""; 0]);
        assert_eq!(debian_license_names(b"\xff\xfe nothing"), [""; 0]);
    }

    #[test]
    fn a_statement_says_each_licence_once_and_what_is_none_last() {
        let of = |names: &[&str]| {
            let fields: String = names.iter().map(|name| format!("License: {name}\n")).collect();
            let statement = debian_statement(format!("Format: x\n{fields}").as_bytes());
            let license = statement.as_deref().map(|statement| read(statement, PackageType::Deb)).unwrap_or_default();
            (statement, license.expression, license.text)
        };
        type Case<'c> = (&'c [&'c str], Option<&'c str>, Option<&'c str>, Option<&'c str>);
        let cases: [Case<'_>; 9] = [
            (&["Expat"], Some("MIT"), Some("MIT"), None),
            (&["Expat or GPL-2"], Some("MIT OR GPL-2.0-only"), Some("MIT OR GPL-2.0-only"), None),
            (
                &["public-domain", "Expat or GPL-2", "Expat and ISC", "ISC"],
                Some("(MIT OR GPL-2.0-only) AND MIT AND ISC AND public-domain"),
                Some("(MIT OR GPL-2.0-only) AND MIT AND ISC"),
                Some("public-domain"),
            ),
            (&["Expat", "Apache or X"], Some("MIT AND (Apache or X)"), Some("MIT"), Some("(Apache OR X)")),
            (
                &["Expat", "GPL-2+ or AFL-2.1, and Tcl-BSDish, too"],
                Some("MIT AND (GPL-2+ or AFL-2.1 and Tcl-BSDish too)"),
                Some("MIT"),
                Some("(GPL-2+ OR AFL-2.1 AND Tcl-BSDish too)"),
            ),
            (&["ISC", "Odd)", "(Odd"], Some("ISC AND Odd AND Odd"), Some("ISC"), Some("Odd")),
            (&["GPL"], Some("GPL"), None, Some("GPL")),
            (&["and"], Some("(and)"), None, Some("(and)")),
            (&[], None, None, None),
        ];
        for (names, statement, expression, text) in cases {
            let (said, read_expression, read_text) = of(names);
            assert_eq!((said.as_deref(), read_expression.as_deref()), (statement, expression), "{names:?}");
            assert_eq!(read_text.as_deref(), text, "{names:?}");
        }
    }

    #[test]
    fn licences_that_do_not_fit_are_counted() {
        let many: String = (0..150).map(|n| format!("License: a-licence-of-number-{n}\n")).collect();
        let statement = debian_statement(format!("Format: x\nLicense: Expat\n{many}").as_bytes()).unwrap();
        assert!(statement.len() <= LONGEST_STATEMENT && statement.starts_with("MIT AND a-licence-of-number-0 AND "));
        assert!(statement.ends_with(" more licences"), "{statement}");
        assert_eq!(read(&statement, PackageType::Deb).expression.as_deref(), Some("MIT"));
    }

    #[test]
    fn a_file_of_names_is_read_only_so_far() {
        let many: String = (0..10_000).map(|n| format!("License: L{n}\n")).collect();
        assert_eq!(debian_license_names(format!("Format: x\n{many}").as_bytes()).len(), MOST_NAMES);
        let long = format!("Format: x\nLicense: {}\n", "x".repeat(10_000));
        assert_eq!(debian_license_names(long.as_bytes()), [""; 0]);
    }
}
