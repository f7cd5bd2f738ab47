//! Bills of materials that lie in an image: CycloneDX, SPDX, and what Syft writes of its own.
//!
//! In: a document by its name or place. Out: the packages that it lists, as [`plimsoll_interchange::sbom`] reads them, but for those of
//! distributions: their own database says what is installed, and Wolfi's and Chainguard's documents repeat it.
//! Source: CycloneDX 1.6 and SPDX 2.3, "file names"; the names by which Trivy and Syft find them; Bitnami's images, `/opt/bitnami/*/.spdx-*.spdx`;
//! apko, `/var/lib/db/sbom`; Cloud Native Buildpacks, `/layers/sbom/launch/*/sbom.*.json`.

use plimsoll_interchange::sbom::{Limits, SbomError, read};

use crate::{Analyser, File, Malformed, Observations, path};

/// Ends of the names that nothing else bears, wherever it lies.
const ENDS: [&str; 17] = [
    ".cdx.json",
    ".cdx.xml",
    "cyclonedx.json",
    "cyclonedx.xml",
    "sbom.json",
    "sbom.xml",
    ".sbom",
    ".spdx",
    ".spdx.json",
    ".spdx.xml",
    ".spdx.yaml",
    ".spdx.yml",
    ".spdx.rdf",
    ".spdx.rdf.xml",
    ".spdx.tag",
    ".spdx.tv",
    ".syft.json",
];
/// Ends of names that something else may bear too: it is one if it says so.
const ENDS_OF_SOME: [&str; 4] = [".cdx", ".bom", ".bom.json", ".bom.xml"];
/// Such names.
const SOME: [&str; 4] = ["bom", "bom.json", "bom.xml", "sbom"];
/// Folders of documents, whatever their names.
const FOLDERS: [&str; 2] = ["usr/share/sbom/", "var/lib/db/sbom/"];
/// What a document in JSON or XML ends with.
const DOCUMENTS: [&str; 2] = [".json", ".xml"];

/// Reads embedded bills of materials.
pub struct Sbom;

impl Analyser for Sbom {
    fn name(&self) -> &'static str {
        "sbom"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &[
            "**/*.cdx.json",
            "**/*.cdx.xml",
            "**/*cyclonedx.json",
            "**/*cyclonedx.xml",
            "**/*sbom.json",
            "**/*sbom.xml",
            "**/*.sbom",
            "**/*.spdx",
            "**/*.spdx.json",
            "**/*.spdx.xml",
            "**/*.spdx.yaml",
            "**/*.spdx.yml",
            "**/*.spdx.rdf",
            "**/*.spdx.rdf.xml",
            "**/*.spdx.tag",
            "**/*.spdx.tv",
            "**/*.syft.json",
            "**/*.cdx",
            "**/*.bom",
            "**/*.bom.json",
            "**/*.bom.xml",
            "**/bom",
            "**/bom.json",
            "**/bom.xml",
            "**/sbom",
            "usr/share/sbom/*",
            "var/lib/db/sbom/*",
        ]
    }

    fn wants(&self, path: &str) -> bool {
        // A package's own document says what its authors had, not what is here.
        if path.split('/').any(|folder| folder == "node_modules" || path::is_samples_folder(folder)) {
            return false;
        }
        let name = path::file_name(path);
        is_one_by_name(path) || ENDS_OF_SOME.iter().any(|end| name.ends_with(end)) || SOME.contains(&name)
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
            Err(error) => return told(error, file.path),
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

/// Whether the name or the folder leaves no doubt.
fn is_one_by_name(path: &str) -> bool {
    let is_document = || DOCUMENTS.iter().any(|end| path.ends_with(end));
    ENDS.iter().any(|end| path.ends_with(end))
        || (FOLDERS.iter().any(|folder| path.starts_with(folder)) && is_document())
}

/// What is told of a document that is not read. What only might have been one by its name says nothing.
fn told(error: SbomError, path: &str) -> Result<(), Malformed> {
    let is_certain = is_one_by_name(path);
    match error {
        SbomError::Other if is_certain => {
            Err(Malformed::new(format!("a bill of materials by its name, but {error}: it is not read")))
        }
        SbomError::Malformed { line, detail } if is_certain || DOCUMENTS.iter().any(|end| path.ends_with(end)) => {
            Err(Malformed { line, detail })
        }
        SbomError::Other | SbomError::Malformed { .. } => Ok(()),
        SbomError::Unread(_) => Err(Malformed::new(format!("a bill of materials of the format {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;
    use crate::selection::{Selection, Wanting};

    fn found_at(path: &str, text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&Sbom, path, text.as_bytes());
        (names(&file), complaints.len())
    }

    fn found(text: &str) -> (Vec<String>, usize) {
        found_at("app/bom.json", text)
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
    fn a_document_is_read_by_what_it_says_whatever_its_name_promises() {
        let documents = [
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/a@1"}]}"#,
            "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components><component><purl>pkg:npm/a@1</purl></component></components></bom>",
            r#"{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}"#,
            "SPDXVersion: SPDX-2.3\nPackageName: a\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
            r#"{"artifacts":[{"purl":"pkg:npm/a@1"}],"schema":{"version":"16.0.0","url":"https://raw.githubusercontent.com/anchore/syft/x"}}"#,
        ];
        for path in ["app/bom.json", "app/sbom.json", "app/x.cdx", "app/x.cdx.xml", "app/bom.xml", "app/x.spdx", "sbom"]
        {
            for document in documents {
                assert_eq!(found_at(path, document), (vec!["a@1".to_owned()], 0), "{path}: {document}");
            }
        }
    }

    #[test]
    fn what_is_one_by_its_name_and_cannot_be_read_is_told() {
        let deep = "[".repeat(500);
        // What it holds, and the complaints where the name is certain, where it is of a document, and where it is neither.
        for (text, told) in [
            ("{}", [1, 0, 0]),
            ("[1]", [1, 0, 0]),
            ("", [1, 1, 0]),
            ("{", [1, 1, 0]),
            ("<", [1, 1, 0]),
            ("<project/>", [1, 0, 0]),
            ("a text", [1, 0, 0]),
            (deep.as_str(), [1, 0, 0]),
            ("spdxVersion: SPDX-2.3\n", [1, 1, 1]),
            ("<RDF xmlns='r' xmlns:spdx='http://spdx.org/rdf/terms#'/>", [1, 1, 1]),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}"#, [1, 1, 1]),
            (r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, [1, 1, 1]),
        ] {
            for (path, told) in ["app/x.spdx.json", "app/bom.json", "app/x.bom"].into_iter().zip(told) {
                assert_eq!(found_at(path, text), (vec![], told), "{path}: {text}");
            }
        }
    }

    #[test]
    fn documents_are_known_by_name_or_place() {
        let (selection, mut wanting) = (Selection::new(vec![Box::new(Sbom)]), Wanting::new());
        for (path, expected) in [
            ("bom.json", true),
            ("app/target/bom.xml", true),
            ("app/sbom.json", true),
            ("app/shop-sbom.json", true),
            ("app/shop.sbom", true),
            ("app/sbom", true),
            ("app/shop.cdx", true),
            ("app/shop.cdx.json", true),
            ("app/shop.cdx.xml", true),
            ("app/shop.bom", true),
            ("app/shop.bom.json", true),
            ("app/shop-1.0-cyclonedx.xml", true),
            ("layers/sbom/launch/sbom.cdx.json", true),
            ("layers/sbom/launch/jre/sbom.syft.json", true),
            ("usr/local/lib/python3/site-packages/x.dist-info/sboms/auditwheel.cdx.json", true),
            ("app/x.cyclonedx.json", true),
            ("_manifest/spdx_2.2/manifest.spdx.json", true),
            ("var/lib/db/sbom/musl-1.2.spdx.json", true),
            ("usr/share/sbom/app.json", true),
            ("usr/share/sbom/app.xml", true),
            ("usr/share/sbom/README", false),
            ("opt/bitnami/apache/.spdx-apache.spdx", true),
            ("app/x.spdx", true),
            ("app/x.spdx.tv", true),
            ("app/x.spdx.yml", true),
            ("app/x.spdx.rdf.xml", true),
            ("app/x.spdx.html", false),
            ("app/node_modules/x/bom.json", false),
            ("app/node_modules/x/x.spdx", false),
            ("src/tests/bom.json", false),
            ("app/sitebom.json", false),
            ("app/sbom/README", false),
            ("app/spdx", false),
        ] {
            selection.wanting(path, &mut wanting);
            assert_eq!(!wanting.is_empty(), expected, "{path}");
        }
        for end in ENDS.iter().chain(&ENDS_OF_SOME) {
            selection.wanting(&format!("app/x{end}"), &mut wanting);
            assert!(!wanting.is_empty(), "{end}");
        }
    }
}
