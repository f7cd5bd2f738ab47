//! OpenVEX.
//!
//! Source: <https://github.com/openvex/spec>, OPENVEX-SPEC.md of 0.2.0, and of 0.0.2, where vulnerabilities and products are texts and
//! a statement has its subcomponents itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Budget, VexError, id, ids, text, unknown_word, wrong};
use crate::product::Meaning;
use crate::{Claim, Document, Format, Justification, Product, Statement, Status};

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "@id", default)]
    id: String,
    #[serde(default)]
    author: String,
    timestamp: Option<DateTime<Utc>>,
    last_updated: Option<DateTime<Utc>>,
    #[serde(borrow)]
    statements: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawStatement {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Component>,
    #[serde(default)]
    subcomponents: Vec<Component>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    timestamp: Option<DateTime<Utc>>,
    last_updated: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a vulnerability is a name, or an object with one")]
enum Vulnerability {
    Text(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        name: Option<String>,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a product is a text, or an object with @id or identifiers")]
enum Component {
    Text(String),
    Object {
        #[serde(rename = "@id")]
        id: Option<String>,
        #[serde(default)]
        identifiers: BTreeMap<String, String>,
        #[serde(default)]
        hashes: BTreeMap<String, String>,
        #[serde(default)]
        subcomponents: Vec<Component>,
    },
}

pub(super) fn read(json: &[u8], budget: &mut Budget) -> Result<Document, VexError> {
    let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| wrong("the document", error))?;
    let issued = raw.last_updated.or(raw.timestamp);
    let mut statements = Vec::with_capacity(raw.statements.len().min(10_000));
    for (number, statement) in raw.statements.into_iter().enumerate() {
        let place = format!("statements[{number}]");
        let read = serde_json::from_str(statement.get()).map_err(|error| wrong(&place, error))?;
        statements.push(of_statement(read, issued, &place, budget)?);
    }
    Ok(Document { format: Format::OpenVex, id: id(raw.id), author: id(raw.author), at: issued, statements })
}

fn of_statement(
    raw: RawStatement,
    issued: Option<DateTime<Utc>>,
    place: &str,
    budget: &mut Budget,
) -> Result<Statement, VexError> {
    let status = Status::parse(&raw.status)
        .ok_or_else(|| unknown_word(format!("{place}.status"), &raw.status, &Status::ALL.map(Status::as_str)))?;
    let justification = raw.justification.filter(|word| !word.is_empty()).map(|word| {
        Justification::of_cisa(&word)
            .ok_or_else(|| unknown_word(format!("{place}.justification"), &word, &Justification::CISA))
    });
    let justification = justification.transpose()?.filter(|_| status == Status::NotAffected);
    let impact = text(raw.impact_statement);
    if status == Status::NotAffected && justification.is_none() && impact.is_empty() {
        return Err(wrong(place, "not_affected takes a justification or an impact_statement"));
    }
    let vulnerabilities = match raw.vulnerability {
        Vulnerability::Text(name) => ids([name], place)?,
        Vulnerability::Named { id, name, aliases } => ids(name.or(id).into_iter().chain(aliases), place)?,
    };
    let of_all: Vec<Product> = raw.subcomponents.into_iter().flat_map(|part| named(part).0).collect();
    let mut claims = Vec::new();
    for product in raw.products {
        let (names, parts) = named(product);
        let own: Vec<Product> = parts.into_iter().flat_map(|part| named(part).0).collect();
        for product in names {
            let subcomponents = if own.is_empty() { of_all.clone() } else { own.clone() };
            let claim = Claim { product, subcomponents };
            budget.spend_on_claim(&claim, place)?;
            claims.push(claim);
        }
    }
    let at = raw.last_updated.or(raw.timestamp).or(issued);
    let action = text(raw.action_statement);
    let statement = Statement { vulnerabilities, claims, status, justification, impact, action, at };
    budget.spend_on_statement(&statement, place)?;
    Ok(statement)
}

/// The products that a component may be, the package URL before its address, and its parts.
fn named(component: Component) -> (Vec<Product>, Vec<Component>) {
    let (address, mut identifiers, hashes, parts) = match component {
        Component::Text(text) => return (vec![Product::read(id(text))], Vec::new()),
        Component::Object { id, identifiers, hashes, subcomponents } => (id, identifiers, hashes, subcomponents),
    };
    let known = [identifiers.remove("purl"), address].into_iter().flatten().map(|text| Product::read(id(text)));
    let known: Vec<Product> = known.collect();
    let digest = hashes.get("sha-256").map(|hash| Product::read(format!("sha256:{}", hash.to_ascii_lowercase())));
    let digest = digest.filter(|product| product.meaning != Meaning::Other);
    let mut products: Vec<Product> =
        known.iter().find(|product| product.meaning != Meaning::Other).cloned().into_iter().collect();
    // The hash of a package is a file's, no image's.
    if products.iter().all(|product| product.package().is_none()) {
        products.extend(digest);
    }
    if products.is_empty() {
        let other =
            known.into_iter().next().or_else(|| identifiers.into_values().next().map(|text| Product::read(id(text))));
        products.extend(other);
    }
    (products, parts)
}
