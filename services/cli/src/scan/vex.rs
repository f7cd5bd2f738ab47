//! What VEX documents say of the findings, and the documents that say what was found.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll_model::{AffectedState, Finding};
use plimsoll_oci::Reference;
use plimsoll_vex::write::{About, Edition, Found, OwnStatement, write};
use plimsoll_vex::{
    Decisions, Document, Format, ImageIdentity, Limits, PackagePattern, Repository, Said, Subject, read,
};

use crate::edition;
use crate::exit::Failure;
use crate::report::{HiddenFinding, ScanReport, ScannedImage, VexNote};

/// Reads the documents that the user names.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    paths.iter().map(|path| document(path)).collect()
}

fn document(path: &Path) -> Result<Document, Failure> {
    let limits = Limits::default();
    let told = |error: &dyn std::fmt::Display| Failure::undone(format!("the VEX document {}: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| told(&error))?;
    file.take(limits.bytes as u64 + 1).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    let mut document = read(&bytes, &limits).map_err(|error| told(&error))?;
    if document.id.is_empty() {
        document.id = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    }
    Ok(document)
}

/// Takes what need not be seen out of the findings.
pub fn hide(report: &mut ScanReport, decisions: &Decisions<'_>) {
    let subjects = Subjects::of(report);
    let (mut findings, mut hidden) = (Vec::new(), Vec::new());
    for finding in std::mem::take(&mut report.findings) {
        match subjects.decided(&finding, decisions).filter(|said| said.statement.status.hides()) {
            Some(said) => hidden.push(HiddenFinding { finding, vex: note(said) }),
            None => findings.push(finding),
        }
    }
    report.findings = findings;
    report.hidden.extend(hidden);
    report.hidden.sort_by(|a, b| plimsoll_advisories::urgency(&a.finding, &b.finding));
}

fn note(said: Said<'_>) -> VexNote {
    let Said { document, statement, .. } = said;
    VexNote {
        status: statement.status,
        justification: statement.justification,
        impact: statement.impact.clone(),
        document: document.id.clone(),
        author: document.author.clone(),
        at: statement.at,
    }
}

/// What statements may speak of: an image and its packages.
struct Subjects {
    image: Option<ImageIdentity>,
    /// The packages of each file.
    by_file: HashMap<String, Vec<PackagePattern>>,
}

impl Subjects {
    fn of(report: &ScanReport) -> Self {
        let mut by_file: HashMap<String, Vec<PackagePattern>> = HashMap::new();
        for placed in &report.placed {
            by_file.entry(file(&placed.path).to_owned()).or_default().extend(PackagePattern::read(&placed.purl));
        }
        Self { image: identity(&report.image), by_file }
    }

    fn decided<'d>(&self, finding: &Finding, decisions: &Decisions<'d>) -> Option<Said<'d>> {
        let ids = std::iter::once(&finding.vulnerability).chain(&finding.aliases);
        let ids: Vec<&str> = ids.map(String::as_str).collect();
        let package = PackagePattern::read(&package_url(finding));
        let holders = self.by_file.get(file(&finding.path)).map(Vec::as_slice).unwrap_or_default();
        decisions.about(Subject {
            vulnerability: &ids,
            image: self.image.as_ref(),
            package: package.as_ref(),
            holders,
            beside: &[],
        })
    }
}

/// The file that a path lies in: the archive of `app.jar!/META-INF/MANIFEST.MF`.
fn file(path: &str) -> &str {
    path.split_once("!/").map_or(path, |(file, _)| file)
}

fn identity(image: &ScannedImage) -> Option<ImageIdentity> {
    let digest = image.digest.as_deref()?;
    let references = references(image);
    Some(ImageIdentity {
        digests: digest.parse().into_iter().chain(image.index).collect(),
        repositories: references.iter().filter_map(repository).collect(),
        tags: references.iter().filter_map(|reference| reference.tag().map(|tag| tag.as_str().to_owned())).collect(),
        architecture: architecture(image).map(str::to_owned),
    })
}

fn references(image: &ScannedImage) -> Vec<Reference> {
    // A bare tag or digest names no repository.
    let whole = image.references.iter().filter(|name| name.contains('/'));
    whole.filter_map(|name| name.parse().ok()).collect()
}

fn repository(reference: &Reference) -> Option<Repository> {
    Repository::read(&format!("{}/{}", reference.registry(), reference.repository()))
}

fn architecture(image: &ScannedImage) -> Option<&str> {
    image.platform.as_deref()?.split('/').nth(1)
}

fn package_url(finding: &Finding) -> String {
    plimsoll_vex::package_url(finding.purl.as_deref(), &finding.package, &finding.version)
}

/// A document that says what was found: what is affected, and what was said not to be.
pub fn document_of(report: &ScanReport, format: Format, decisions: &Decisions<'_>, author: &str) -> serde_json::Value {
    let image = &report.image;
    let timestamp = edition::time();
    let about = About {
        name: &image.name,
        digest: image.digest.as_deref().and_then(|digest| digest.parse().ok()),
        repository: references(image).iter().find_map(repository),
        architecture: architecture(image),
    };
    let edition =
        Edition { id: edition::id(image, timestamp), author, timestamp, tool_version: env!("CARGO_PKG_VERSION") };
    let subjects = Subjects::of(report);
    let own = |finding: &Finding| {
        let found = Found {
            vulnerability: &finding.vulnerability,
            aliases: &finding.aliases,
            title: &finding.title,
            package: &finding.package,
            version: &finding.version,
            purl: finding.purl.as_deref(),
            state: finding.state,
            fixed_in: finding.fixed_in.as_deref(),
        };
        found.statement(timestamp)
    };
    let is_open = |finding: &&Finding| finding.state == AffectedState::UnderInvestigation;
    let shown = report.findings.iter().chain(report.not_counted.iter().filter(is_open));
    let shown = shown.map(|finding| {
        let mut own = own(finding);
        if let Some(said) = subjects.decided(finding, decisions).map(|said| said.statement) {
            own.status = said.status;
            if !said.action.is_empty() {
                own.action.clone_from(&said.action);
            }
        }
        own
    });
    let hidden = report.hidden.iter().map(|HiddenFinding { finding, vex }| OwnStatement {
        status: vex.status,
        justification: vex.justification,
        impact: vex.impact.clone(),
        action: String::new(),
        at: vex.at.unwrap_or(timestamp),
        ..own(finding)
    });
    let statements: Vec<OwnStatement> = shown.chain(hidden).collect();
    write(format, &about, &statements, &edition)
}
