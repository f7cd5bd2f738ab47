//! Bills of materials that lie in an image: CycloneDX and SPDX, as JSON.
//!
//! In: a document by its name or place. Out: the packages that it lists, as [`plimsoll_interchange::sbom`] reads them, but for those of
//! distributions: their own database says what is installed, and Wolfi's and Chainguard's documents repeat it.
//! Source: CycloneDX 1.6 and SPDX 2.3, "file names"; Bitnami's images, `/opt/bitnami/*/.spdx-*.spdx`; apko, `/var/lib/db/sbom`.

use plimsoll_interchange::sbom::{Limits, SbomError, read};

use crate::{Analyser, File, Malformed, Observations, path};

/// Ends of the names of documents, wherever they lie.
const ENDS: [&str; 3] = [".cdx.json", ".spdx.json", ".cyclonedx.json"];
/// Folders of documents, whatever their names.
const FOLDERS: [&str; 2] = ["usr/share/sbom/", "var/lib/db/sbom/"];

/// Reads embedded bills of materials.
pub struct Sbom;

impl Analyser for Sbom {
    fn name(&self) -> &'static str {
        "sbom"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &[
            "**/*.cdx.json",
            "**/*.spdx.json",
            "**/*.cyclonedx.json",
            "**/bom.json",
            "usr/share/sbom/*",
            "var/lib/db/sbom/*",
            "opt/bitnami/*",
        ]
    }

    fn wants(&self, path: &str) -> bool {
        // A package's own document says what its authors had, not what is here.
        if path.split('/').any(|folder| folder == "node_modules" || path::is_samples_folder(folder)) {
            return false;
        }
        let name = path::file_name(path);
        let is_in_folder = FOLDERS.iter().any(|folder| path.starts_with(folder));
        let is_bitnami = path.strip_prefix("opt/bitnami/").is_some_and(|rest| rest.split('/').count() == 2);
        ENDS.iter().any(|end| name.ends_with(end))
            || name == "bom.json"
            || (is_in_folder && (name.ends_with(".json") || name.ends_with(".spdx")))
            || (is_bitnami && name.starts_with(".spdx-") && name.ends_with(".spdx"))
    }

    fn max_bytes(&self) -> usize {
        16 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let sbom = match read(file.bytes, &Limits::default()) {
            Ok(sbom) => sbom,
            // By its name alone it might have been one.
            Err(SbomError::Other) => return Ok(()),
            Err(SbomError::Malformed { line, detail }) => return Err(Malformed::at(line, detail)),
        };
        sbom.packages
            .into_iter()
            .filter(|package| !package.kind.is_distribution())
            .for_each(|package| seen.package(package));
        for complaint in sbom.complaints {
            seen.malformed(Malformed { line: complaint.line, detail: complaint.detail });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&Sbom, "app/bom.json", text.as_bytes());
        (names(&file), complaints.len())
    }

    #[test]
    fn packages_of_distributions_are_left_to_their_database() {
        let text = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            { "type": "library", "name": "a", "purl": "pkg:npm/a@1" },
            { "type": "library", "name": "musl", "purl": "pkg:apk/wolfi/musl@1.2" },
            { "type": "library", "name": "bash", "purl": "pkg:deb/debian/bash@5" },
            { "type": "library", "name": "bash", "purl": "pkg:rpm/fedora/bash@5" } ] }"#;
        assert_eq!(found(text), (vec!["a@1".to_owned()], 0));
        assert_eq!(found(&text[..text.len() - 4]), (vec!["a@1".to_owned()], 1), "what came before the break is kept");
    }

    #[test]
    fn another_document_of_the_name_says_nothing() {
        let deep = "[".repeat(500);
        for (text, complaints) in [("{}", 0), ("[1]", 0), ("", 1), ("{", 1), (deep.as_str(), 0)] {
            assert_eq!(found(text), (vec![], complaints), "{text}");
        }
    }

    #[test]
    fn documents_are_known_by_name_or_place() {
        for (path, expected) in [
            ("bom.json", true),
            ("app/shop.cdx.json", true),
            ("layers/sbom/launch/sbom.cdx.json", true),
            ("usr/local/lib/python3/site-packages/x.dist-info/sboms/auditwheel.cdx.json", true),
            ("app/x.cyclonedx.json", true),
            ("var/lib/db/sbom/musl-1.2.spdx.json", true),
            ("usr/share/sbom/app.json", true),
            ("usr/share/sbom/README", false),
            ("opt/bitnami/apache/.spdx-apache.spdx", true),
            ("opt/bitnami/apache/modules/.spdx-apache.spdx", false),
            ("opt/bitnami/apache/conf.spdx", false),
            ("app/node_modules/x/bom.json", false),
            ("src/tests/bom.json", false),
            ("app/sitebom.json", false),
        ] {
            assert_eq!(Sbom.wants(path), expected, "{path}");
        }
    }
}
