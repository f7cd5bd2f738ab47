//! CycloneDX 1.6, written.
//!
//! In: an inventory, what it is of, and when and by what the document is made. Out: [`Bom`], to be serialised. The same arguments make the
//! same document, byte for byte.
//! Source: CycloneDX 1.6 JSON reference. The types are the part of it that we write, and no more.

mod component;

use chrono::{DateTime, SecondsFormat, Utc};
use plimsoll_model::{Inventory, Layer, OsRelease, Problem};
use serde::Serialize;
use uuid::Uuid;

use component::{Component, Property, property};

/// What an inventory is of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// A reference, or a path.
    pub name: &'a str,
    /// The digest of the image's manifest, `sha256:...`; none for a folder.
    pub digest: Option<&'a str>,
    /// `linux/amd64`.
    pub platform: Option<&'a str>,
}

/// When and by what a document is made.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    /// Unique for each document that is made.
    pub serial_number: Uuid,
    /// When it is made.
    pub timestamp: DateTime<Utc>,
    /// The version of the program that makes it.
    pub tool_version: &'a str,
}

/// A CycloneDX document. What `plimsoll:` properties say is in the crate's README.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    compositions: Vec<Composition>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Metadata {
    timestamp: String,
    tools: Tools,
    component: Component,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tools {
    components: Vec<Component>,
}

/// How much of what there is the document lists.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: Vec<String>,
}

/// The reference of what the document is about.
const SUBJECT: &str = "subject";

impl Bom {
    /// The document of an inventory.
    pub fn of(inventory: &Inventory, subject: &Subject<'_>, edition: &Edition<'_>) -> Self {
        let mut components: Vec<Component> = inventory.os.as_ref().map(of_system).into_iter().collect();
        components.extend(component::of_packages(inventory));
        // What has no problem may still hold what no analyser knows.
        let aggregate = if inventory.problems.is_empty() { "unknown" } else { "incomplete" };
        Self {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: edition.serial_number.urn().to_string(),
            version: 1,
            metadata: Metadata {
                timestamp: edition.timestamp.to_rfc3339_opts(SecondsFormat::Secs, true),
                tools: Tools { components: vec![Component::new("application", "plimsoll", edition.tool_version)] },
                component: of_subject(subject, inventory),
                properties: inventory.problems.iter().map(of_problem).collect(),
            },
            components,
            compositions: vec![Composition { aggregate, assemblies: vec![SUBJECT.to_owned()] }],
        }
    }
}

fn of_subject(subject: &Subject<'_>, inventory: &Inventory) -> Component {
    let kind = if subject.digest.is_some() { "container" } else { "file" };
    let mut component = Component::new(kind, subject.name, subject.digest.unwrap_or_default());
    component.bom_ref = Some(SUBJECT.to_owned());
    component.hashes = subject.digest.and_then(component::Hash::of_digest).into_iter().collect();
    component.properties.extend(subject.platform.map(|platform| property("platform", platform)));
    component.properties.extend(inventory.layers.iter().map(of_layer));
    component
}

fn of_layer(layer: &Layer) -> Property {
    property("layer:diff_id", layer.diff_id.to_string())
}

fn of_system(os: &OsRelease) -> Component {
    let mut component = Component::new("operating-system", &os.id, os.version_id.as_deref().unwrap_or_default());
    component.bom_ref = Some("operating-system".to_owned());
    component.description = os.pretty_name.clone();
    component
}

fn of_problem(problem: &Problem) -> Property {
    let layer = problem.layer.map(|layer| format!("layer {layer}: ")).unwrap_or_default();
    let path = problem.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
    property("problem", format!("{}: {layer}{path}{}", problem.code.as_str(), problem.detail))
}
