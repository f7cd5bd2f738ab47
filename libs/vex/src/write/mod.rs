//! Documents of our own: what an image's findings and the statements that were applied to them come to.
//!
//! In: what the image is, and one [`OwnStatement`] for each vulnerability in each of its packages. Out: a document, the same for the same
//! arguments. *Not affected* is written only where a statement said so.

mod csaf;
mod cyclonedx;
mod found;
mod openvex;

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use plimsoll_model::Digest;
use serde_json::Value;
use uuid::Uuid;

use crate::{Format, Justification, Repository, Status};

pub use found::Found;

/// What a document is about.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// For people: a reference, or a path.
    pub name: &'a str,
    /// The digest of the image; none for a folder, of which only the packages are named.
    pub digest: Option<Digest>,
    /// Where the image lies, if that is known.
    pub repository: Option<Repository>,
    /// What it runs on.
    pub architecture: Option<&'a str>,
}

/// When, and by whom, a document is made.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    /// Unique for each document that is made.
    pub id: Uuid,
    /// Who says it.
    pub author: &'a str,
    /// When it is made.
    pub timestamp: DateTime<Utc>,
    /// The version of the program that makes it.
    pub tool_version: &'a str,
}

/// What is said of one vulnerability in one package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnStatement {
    /// The vulnerability's canonical id.
    pub vulnerability: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// One line for people; may be empty.
    pub title: String,
    /// The package URL.
    pub package: String,
    /// What is said.
    pub status: Status,
    /// Why it is not affected.
    pub justification: Option<Justification>,
    /// The same in words; may be empty.
    pub impact: String,
    /// What to do about it; may be empty.
    pub action: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// The document in one of the formats.
pub fn write(format: Format, about: &About<'_>, statements: &[OwnStatement], edition: &Edition<'_>) -> Value {
    let alike = alike(statements);
    match format {
        Format::OpenVex => openvex::document(about, &alike, edition),
        Format::Csaf => csaf::document(about, &alike, edition),
        Format::CycloneDx => cyclonedx::document(about, &alike, edition),
    }
}

impl About<'_> {
    /// The image's package URL.
    fn purl(&self) -> Option<String> {
        let digest = self.digest?;
        // A name that is none of an image's still stands for one: the digest says which.
        let unnamed = || Repository::of_any_registry("image");
        self.repository.clone().unwrap_or_else(unnamed).purl(Some(digest), self.architecture)
    }
}

/// Statements that differ in their packages alone.
struct Alike<'s> {
    said: &'s OwnStatement,
    packages: Vec<&'s str>,
}

fn alike(statements: &[OwnStatement]) -> Vec<Alike<'_>> {
    let mut alike: BTreeMap<_, Alike<'_>> = BTreeMap::new();
    for said in statements {
        let key = (&said.vulnerability, said.status, said.justification, &said.impact, &said.action, said.at);
        let packages = &mut alike.entry(key).or_insert_with(|| Alike { said, packages: Vec::new() }).packages;
        packages.push(&said.package);
    }
    let mut alike: Vec<Alike<'_>> = alike.into_values().collect();
    for alike in &mut alike {
        alike.packages.sort_unstable();
        alike.packages.dedup();
    }
    alike
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What to do where nothing else is said: each format asks for something.
fn action(said: &OwnStatement) -> &str {
    if said.action.is_empty() { "No action is known yet." } else { &said.action }
}
