//! SPDX as tag-value, read: `Tag: value` lines.

use super::listing::{Complaint, Limits};
use super::spdx::{Packages, Stated};
use super::{Format, Sbom, SbomError, moderate};

/// What begins something that is no package.
const OTHER_ELEMENTS: [&str; 4] = ["FileName", "SnippetSPDXID", "SnippetSPDXIdentifier", "LicenseID"];
const OPEN: &str = "<text>";
const CLOSE: &str = "</text>";

/// Reads a document, line by line.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Sbom, SbomError> {
    let mut document = Document { version: None, is_yaml: false, package: None, packages: Packages::new(limits) };
    // A text of several lines, by the line where it begins.
    let mut text_since = None;
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = String::from_utf8_lossy(line);
        if text_since.is_some() {
            text_since = text_since.filter(|_| !line.contains(CLOSE));
            continue;
        }
        let Some((tag, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        match value.strip_prefix(OPEN) {
            Some(text) if !text.contains(CLOSE) => text_since = Some(number),
            Some(text) => document.see(number, tag.trim(), text.split(CLOSE).next().unwrap_or_default().trim()),
            None => document.see(number, tag.trim(), value),
        }
    }
    document.finish_package();
    let format = match (document.version.as_deref().and_then(Format::spdx), document.is_yaml) {
        (Some(format), _) => format?,
        (None, true) => return Err(SbomError::Unread("SPDX as YAML".to_owned())),
        (None, false) => return Err(SbomError::Other),
    };
    let broken = text_since.map(|line| Complaint { line: Some(line), detail: "a text that does not end".to_owned() });
    Ok(document.packages.into_listing().finish(format, broken))
}

struct Document<'l> {
    version: Option<String>,
    /// Whether it states its version as SPDX does in YAML.
    is_yaml: bool,
    /// The package that is being described, with its package URL and the line where it begins.
    package: Option<(Stated<'static>, Option<String>, usize)>,
    packages: Packages<'l>,
}

impl Document<'_> {
    fn see(&mut self, line: usize, tag: &str, value: &str) {
        match tag {
            "SPDXVersion" => self.version = moderate(value),
            "spdxVersion" => self.is_yaml = true,
            "PackageName" => {
                self.finish_package();
                self.package = Some((Stated::default(), None, line));
            }
            "Relationship" => {
                let mut words = value.split_whitespace();
                if let (Some(element), Some(kind)) = (words.next(), words.next()) {
                    self.packages.add_relationship(element.to_owned(), kind);
                }
            }
            _ if OTHER_ELEMENTS.contains(&tag) => self.finish_package(),
            _ => self.describe(tag, value),
        }
    }

    fn describe(&mut self, tag: &str, value: &str) {
        let Some((package, purl, _)) = &mut self.package else { return };
        let value = (!value.is_empty()).then(|| value.to_owned());
        match tag {
            "SPDXID" => package.id = value,
            "PackageVersion" => package.version_info = value,
            "PackageLicenseDeclared" => package.license_declared = value,
            "PackageLicenseConcluded" => package.license_concluded = value,
            "PrimaryPackagePurpose" => package.primary_package_purpose = value,
            "ExternalRef" if purl.is_none() => *purl = value.as_deref().and_then(purl_of),
            _ => {}
        }
    }

    fn finish_package(&mut self) {
        let Some((package, purl, line)) = self.package.take() else { return };
        self.packages.listing.line = Some(line);
        self.packages.add(package, purl.as_deref());
    }
}

/// The package URL of a reference: `PACKAGE-MANAGER purl pkg:npm/a@1`.
fn purl_of(reference: &str) -> Option<String> {
    let mut words = reference.split_whitespace();
    let is_purl = words.nth(1) == Some("purl");
    words.next().filter(|_| is_purl).map(str::to_owned)
}
