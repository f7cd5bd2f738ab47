//! The components of a document.

use std::collections::HashSet;

use plimsoll_licenses::License;
use plimsoll_model::{InstalledPackage, Inventory, Layer, PackageType};
use serde::Serialize;

/// A component: of what a document is, or what it lists.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub bom_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hash {
    alg: &'static str,
    content: String,
}

/// A licence: all are expressions, of which there is one at most, or all are names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenseChoice {
    License {
        name: String,
    },
    #[serde(untagged)]
    Expression {
        expression: String,
    },
}

/// A name and value that the format has no field for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Property {
    name: String,
    value: String,
}

/// A property of ours.
pub fn property(name: &str, value: impl Into<String>) -> Property {
    Property { name: format!("plimsoll:{name}"), value: value.into() }
}

impl Hash {
    /// Of `sha256:...`; none of another algorithm.
    pub fn of_digest(digest: &str) -> Option<Self> {
        let content = digest.strip_prefix("sha256:")?.to_owned();
        Some(Self { alg: "SHA-256", content })
    }
}

impl Component {
    /// One with what every component has. An empty version is none.
    pub fn new(kind: &'static str, name: &str, version: &str) -> Self {
        Self {
            kind,
            bom_ref: None,
            group: None,
            name: name.to_owned(),
            version: version.to_owned(),
            description: None,
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: None,
            properties: Vec::new(),
        }
    }
}

/// A component for each package and place, in the inventory's order.
pub fn of_packages(inventory: &Inventory) -> Vec<Component> {
    let mut references = HashSet::new();
    let of_package = |installed| {
        let mut component = of_package(installed, &inventory.layers);
        component.bom_ref = Some(unused(&mut references, reference(installed)));
        component
    };
    inventory.packages.iter().map(of_package).collect()
}

/// The same for the same package in the same file, whatever else there is.
fn reference(installed: &InstalledPackage) -> String {
    let package = &installed.package;
    let named = || format!("{}/{}@{}", package.kind, package.name, package.version);
    format!("{}#{}", installed.purl.clone().unwrap_or_else(named), installed.path)
}

fn unused(references: &mut HashSet<String>, wanted: String) -> String {
    let numbered = |number: u32| if number < 2 { wanted.clone() } else { format!("{wanted}#{number}") };
    // As many numbers as there are references, and one: some of them is free.
    let free = (1..).map(numbered).find(|reference| !references.contains(reference)).unwrap_or(wanted.clone());
    references.insert(free.clone());
    free
}

fn of_package(installed: &InstalledPackage, layers: &[Layer]) -> Component {
    let package = &installed.package;
    let kind = match package.kind {
        PackageType::Generic | PackageType::Bitnami => "application",
        _ => "library",
    };
    let (group, name) = group_and_name(package.kind, &package.name);
    let mut component = Component::new(kind, name, &package.version);
    component.group = group.map(str::to_owned);
    component.purl.clone_from(&installed.purl);
    let stated = package.license.as_deref().unwrap_or_default();
    component.licenses = licenses(plimsoll_licenses::read(stated, package.kind));
    let mut add = |name, value: Option<String>| component.properties.extend(value.map(|value| property(name, value)));
    add("path", Some(installed.path.clone()));
    add("ecosystem", installed.ecosystem.as_ref().map(ToString::to_string));
    add("architecture", package.architecture.clone());
    add("module", package.module.clone());
    add("source:name", package.source.as_ref().map(|source| source.name.clone()));
    add("source:version", package.source.as_ref().map(|source| source.version.clone()));
    if let Some(layer) = layers.iter().find(|layer| layer.index == installed.layer) {
        add("layer:index", Some(layer.index.to_string()));
        add("layer:diff_id", Some(layer.diff_id.to_string()));
        add("layer:build_step", layer.build_step.as_ref().map(|step| step.created_by.clone()));
    }
    component
}

/// Maven's group, npm's scope, Composer's vendor.
fn group_and_name(kind: PackageType, name: &str) -> (Option<&str>, &str) {
    let separator = match kind {
        PackageType::Maven => ':',
        PackageType::Npm | PackageType::Composer => '/',
        _ => return (None, name),
    };
    name.rsplit_once(separator)
        .filter(|(group, name)| !group.is_empty() && !name.is_empty())
        .map_or((None, name), |(group, name)| (Some(group), name))
}

fn licenses(license: License) -> Vec<LicenseChoice> {
    match license {
        License { expression: Some(expression), text: None } => vec![LicenseChoice::Expression { expression }],
        License { expression, text } => {
            let name = |name| LicenseChoice::License { name };
            expression.into_iter().chain(text).map(name).collect()
        }
    }
}
