//! OpenVEX.
//!
//! Source: <https://github.com/openvex/spec>, OPENVEX-SPEC.md of 0.2.0, and of 0.0.2, where vulnerabilities and products are texts and
//! a statement has its subcomponents itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::in_toto::Subjects;
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

/// Reads a document; where it is attested, what it says of the attestation's subjects.
pub(super) fn read(json: &[u8], attested: Option<&Subjects>, budget: &mut Budget) -> Result<Document, VexError> {
    let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| wrong("the document", error))?;
    let issued = raw.last_updated.or(raw.timestamp);
    let mut statements = Vec::with_capacity(raw.statements.len().min(10_000));
    for (number, statement) in raw.statements.into_iter().enumerate() {
        let place = format!("statements[{number}]");
        let read = serde_json::from_str(statement.get()).map_err(|error| wrong(&place, error))?;
        statements.extend(of_statement(read, issued, attested, &place, budget)?);
    }
    let (id, author) = (id(raw.id), id(raw.author));
    Ok(Document { format: Format::OpenVex, id, author, at: issued, statements, attached: None })
}

/// The statement; none where it names products and none of them is attested.
fn of_statement(
    raw: RawStatement,
    issued: Option<DateTime<Utc>>,
    attested: Option<&Subjects>,
    place: &str,
    budget: &mut Budget,
) -> Result<Option<Statement>, VexError> {
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
    let claims = claims(raw.products, raw.subcomponents, attested, place, budget)?;
    if claims.is_empty() && attested.is_some() {
        return Ok(None);
    }
    let at = raw.last_updated.or(raw.timestamp).or(issued);
    let action = text(raw.action_statement);
    let statement = Statement { vulnerabilities, claims, status, justification, impact, action, at };
    budget.spend_on_statement(&statement, place)?;
    Ok(Some(statement))
}

/// What a statement speaks of. Its own `subcomponents` are those of every product that names none.
fn claims(
    products: Vec<Component>,
    subcomponents: Vec<Component>,
    attested: Option<&Subjects>,
    place: &str,
    budget: &mut Budget,
) -> Result<Vec<Claim>, VexError> {
    let all_of = |parts: Vec<Component>| parts.into_iter().flat_map(|part| named(part).0).collect::<Vec<Product>>();
    let of_all = all_of(subcomponents);
    let mut claims = Vec::new();
    let mut claim = |product: &Product, parts: &[Product]| {
        let claim = Claim { product: product.clone(), subcomponents: parts.to_vec() };
        budget.spend_on_claim(&claim, place)?;
        claims.push(claim);
        Ok::<_, VexError>(())
    };
    if products.is_empty() {
        for product in attested.into_iter().flat_map(Subjects::products) {
            claim(product, &of_all)?;
        }
    }
    for product in products {
        let (names, parts) = named(product);
        let own = all_of(parts);
        let parts = if own.is_empty() { &of_all } else { &own };
        for product in names {
            match attested {
                None => claim(&product, parts)?,
                Some(subjects) => subjects.named_by(&product).try_for_each(|subject| claim(subject, parts))?,
            }
        }
    }
    Ok(claims)
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
