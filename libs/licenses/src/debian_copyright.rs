//! Debian's `usr/share/doc/PACKAGE/copyright`.
//!
//! In: the file's bytes, machine-readable or prose. Out: the short names of the licences in it. Source: Debian's machine-readable
//! debian/copyright file 1.0 (DEP-5), fields `Format` and `License`; of prose, which files of `usr/share/common-licenses` it points to.

use plimsoll_model::PackageType;

use crate::{License, read};

/// Bytes that are read. Few are over 1 MiB (Chromium's, TeX Live's).
const MOST_BYTES: usize = 4 << 20;
/// Names of one file.
const MOST_NAMES: usize = 200;
/// Bytes of a name.
const LONGEST_NAME: usize = 500;

/// The licences of a Debian package, all of which hold.
pub fn debian_license(bytes: &[u8]) -> License {
    debian_license_names(bytes).iter().map(|name| read(name, PackageType::Deb)).collect()
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
        text.split("/usr/share/common-licenses/").skip(1).for_each(|rest| {
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+'))).unwrap_or(rest.len());
            add(rest.get(..end).unwrap_or_default().trim_end_matches(['.', '-']));
        });
    }
    names
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
        assert_eq!(debian_license_names(b""), [""; 0]);
        assert_eq!(debian_license_names(b"\xff\xfe nothing"), [""; 0]);
    }

    #[test]
    fn a_file_of_names_is_read_only_so_far() {
        let many: String = (0..10_000).map(|n| format!("License: L{n}\n")).collect();
        assert_eq!(debian_license_names(format!("Format: x\n{many}").as_bytes()).len(), MOST_NAMES);
        let long = format!("Format: x\nLicense: {}\n", "x".repeat(10_000));
        assert_eq!(debian_license_names(long.as_bytes()), [""; 0]);
    }
}
