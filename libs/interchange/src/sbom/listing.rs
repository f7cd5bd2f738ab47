//! What is gathered of a document, within limits.

use plimsoll_model::{Package, PurlError};

use super::{Format, Sbom};

/// Bounds of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Packages that are kept. The largest real documents have a tenth of it.
    pub packages: usize,
    /// Components in components. Each level is looked at once more by those above it.
    pub depth: usize,
    /// Complaints that are told one by one.
    pub complaints: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { packages: 200_000, depth: 16, complaints: 20 }
    }
}

/// What a document lists that is no package here, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Components without a package URL, such as files.
    pub without_purl: u64,
    /// Package URLs of types that are not known.
    pub of_unknown_type: u64,
    /// Package URLs without a version.
    pub without_version: u64,
    /// What is for developing, building or testing alone.
    pub for_developing: u64,
}

/// A part of a document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub detail: String,
}

/// What has been read so far.
pub(super) struct Listing<'l> {
    limits: &'l Limits,
    packages: Vec<Package>,
    pub passed_over: PassedOver,
    complaints: Vec<Complaint>,
    complaint_count: usize,
    is_cut: bool,
    /// The line that is being read, from 1, where the format has lines.
    pub line: Option<usize>,
}

impl<'l> Listing<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            packages: Vec::new(),
            passed_over: PassedOver::default(),
            complaints: Vec::new(),
            complaint_count: 0,
            is_cut: false,
            line: None,
        }
    }

    pub const fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// The package of a package URL, if it is one that is kept; `version` counts where the URL has none.
    pub fn package(&mut self, purl: Option<&str>, version: Option<&str>, license: Option<String>) -> Option<Package> {
        let Some(purl) = purl else {
            self.passed_over.without_purl += 1;
            return None;
        };
        match Package::from_purl(purl, version) {
            Ok(package) => return Some(Package { license, ..package }),
            Err(PurlError::UnknownType(_)) => self.passed_over.of_unknown_type += 1,
            Err(PurlError::WithoutVersion) => self.passed_over.without_version += 1,
            Err(error @ PurlError::Malformed(_)) => self.complain(format!("{}: {error}", shown(purl))),
        }
        None
    }

    pub fn push(&mut self, package: Package) {
        if self.packages.len() < self.limits.packages {
            self.packages.push(package);
        } else {
            self.is_cut = true;
        }
    }

    pub fn complain(&mut self, detail: String) {
        self.complaint_count += 1;
        if self.complaints.len() < self.limits.complaints {
            self.complaints.push(Complaint { line: self.line, detail });
        }
    }

    /// The outcome, with where the document broke off.
    pub fn finish(mut self, format: Format, broken: Option<Complaint>) -> Sbom {
        self.packages.sort_unstable();
        self.packages.dedup();
        let more = self.complaint_count - self.complaints.len();
        let mut complaints = self.complaints;
        if more > 0 {
            complaints.push(Complaint { line: None, detail: format!("{more} more like these") });
        }
        if self.is_cut {
            let detail = format!("more than {} packages: the others are left out", self.limits.packages);
            complaints.push(Complaint { line: None, detail });
        }
        complaints.extend(broken);
        Sbom { format, packages: self.packages, passed_over: self.passed_over, complaints }
    }
}

/// The beginning of a text, for a complaint.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
