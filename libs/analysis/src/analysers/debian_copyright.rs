//! Licences of Debian's packages, `usr/share/doc/PACKAGE/copyright`: their database says nothing of them.
//!
//! In: the file, machine-readable or prose. Out: a statement of its licences, no package; when layers are squashed, the package of the folder's
//! name gets it. A folder may be a link to that of another package of the same source (`libgcc-s1` to `gcc-12-base`).
//! Source: Debian policy 12.5, "Copyright information"; which names mean which licence is `plimsoll-licenses`' to say.

use plimsoll_licenses::debian_statement;

use crate::{Analyser, File, Malformed, Observations, PastLimit, path};

/// The folder of the packages' folders.
pub(crate) const FOLDER: &str = "usr/share/doc";

/// Reads the copyright files of Debian's packages.
pub struct DebianCopyright;

impl Analyser for DebianCopyright {
    fn name(&self) -> &'static str {
        "debian-copyright"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["usr/share/doc/*"]
    }

    fn wants(&self, path: &str) -> bool {
        path::file_name(path) == "copyright" && path::parent(path).is_some_and(is_package)
    }

    fn wants_link(&self, path: &str) -> bool {
        is_package(path) || self.wants(path)
    }

    fn max_bytes(&self) -> usize {
        // Few are over 1 MiB (Chromium's, TeX Live's).
        4 << 20
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if let Some(statement) = debian_statement(file.whole_lines()) {
            seen.license(&statement);
        }
        Ok(())
    }
}

/// Whether a path is that of a package's folder.
fn is_package(path: &str) -> bool {
    path::parent(path) == Some(FOLDER)
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    #[test]
    fn licences_are_stated_and_nothing_of_their_texts_is_kept() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2+\n\n\
            Files: x\nLicense: Expat\n Permission is hereby granted, ...\n\nFiles: y\nLicense: public-domain\n";
        let cases = [
            (text, Some("GPL-2.0-or-later AND MIT AND public-domain")),
            ("It is free.\nSee /usr/share/common-licenses/LGPL-2.1\n", Some("LGPL-2.1-only")),
            ("It is free.\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let (file, complaints) = analyse(&DebianCopyright, "usr/share/doc/x/copyright", text.as_bytes());
            assert_eq!((file.license.as_deref(), complaints), (expected, vec![]));
        }
    }

    #[test]
    fn only_the_files_of_packages_and_their_links_are_wanted() {
        let cases = [
            ("usr/share/doc/bash/copyright", true, true),
            ("usr/share/doc/libgcc-s1", false, true),
            ("usr/share/doc/bash/examples/copyright", false, false),
            ("usr/share/doc/copyright", false, true),
            ("usr/share/doc/bash/README", false, false),
            ("srv/usr/share/doc/bash/copyright", false, false),
        ];
        for (path, file, link) in cases {
            assert_eq!((DebianCopyright.wants(path), DebianCopyright.wants_link(path)), (file, link), "{path}");
        }
    }

    #[test]
    fn a_file_of_any_bytes_states_something_short_or_nothing() {
        let names: String = (0..100_000).map(|n| format!("License: L{n} and (M{n}\n")).collect();
        for bytes in [format!("Format: 1\n{names}").into_bytes(), vec![b'('; 4 << 20], vec![0xff; 1 << 20]] {
            let (file, complaints) = analyse(&DebianCopyright, "usr/share/doc/x/copyright", &bytes);
            assert_eq!(complaints, Vec::<String>::new());
            assert!(file.license.is_none_or(|license| license.len() <= 2000 && license.ends_with(" more licences")));
        }
    }
}
