//! CycloneDX 1.4 and later: what `vulnerabilities[].analysis` says of the document's components, or of those of another.
//!
//! Source: CycloneDX 1.6 JSON reference, `vulnerabilities`; BOM-Link, <https://cyclonedx.org/capabilities/bomlink/>.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Budget, VexError, id, ids, text, unknown_word, wrong};
use crate::product::Meaning;
use crate::{Claim, Document, Format, Justification, Product, Repository, Statement, Status};

/// States by their words.
const STATES: [(&str, Status); 6] = [
    ("not_affected", Status::NotAffected),
    ("false_positive", Status::NotAffected),
    ("resolved", Status::Fixed),
    ("resolved_with_pedigree", Status::Fixed),
    ("in_triage", Status::UnderInvestigation),
    ("exploitable", Status::Affected),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(borrow, default)]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    timestamp: Option<DateTime<Utc>>,
    component: Option<Component>,
    authors: Vec<Named>,
    manufacturer: Option<Named>,
    manufacture: Option<Named>,
    supplier: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    name: String,
    version: Option<String>,
    purl: Option<String>,
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
    recommendation: Option<String>,
    updated: Option<DateTime<Utc>>,
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affects>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
    first_issued: Option<DateTime<Utc>>,
    last_updated: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    status: Option<String>,
}

/// The document's components by their references.
struct Components {
    serial_number: String,
    by_reference: HashMap<String, Product>,
    /// What the document is about, where that is known here.
    subject: Option<Product>,
    subject_reference: Option<String>,
}

pub(super) fn read(json: &[u8], budget: &mut Budget) -> Result<Document, VexError> {
    let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| wrong("the document", error))?;
    let Metadata { timestamp, component, authors, manufacturer, manufacture, supplier } = raw.metadata;
    let components = Components::of(raw.serial_number, component, raw.components);
    let mut statements = Vec::new();
    for (number, vulnerability) in raw.vulnerabilities.into_iter().enumerate() {
        let place = format!("vulnerabilities[{number}]");
        let read = serde_json::from_str(vulnerability.get()).map_err(|error| wrong(&place, error))?;
        of_vulnerability(read, &components, timestamp, &place, budget, &mut statements)?;
    }
    let makers = authors.into_iter().chain(manufacturer).chain(manufacture).chain(supplier);
    let author = makers.filter_map(|maker| maker.name).find(|name| !name.is_empty()).unwrap_or_default();
    let serial_number = components.serial_number;
    let (id, author) = (id(serial_number), id(author));
    Ok(Document { format: Format::CycloneDx, id, author, at: timestamp, statements, attached: None })
}

fn of_vulnerability(
    raw: Vulnerability,
    components: &Components,
    issued: Option<DateTime<Utc>>,
    place: &str,
    budget: &mut Budget,
    statements: &mut Vec<Statement>,
) -> Result<(), VexError> {
    // Without a state it tells of a vulnerability, and nothing of what that means here.
    let Some(Analysis { state: Some(word), justification, detail, first_issued, last_updated }) = raw.analysis else {
        return Ok(());
    };
    let known = STATES.iter().find(|(state, _)| *state == word);
    let unknown = || unknown_word(format!("{place}.analysis.state"), &word, &STATES.map(|(word, _)| word));
    let (_, status) = *known.ok_or_else(unknown)?;
    let justification = justification.map(|word| {
        let words: Vec<&str> = Justification::ALL.into_iter().map(Justification::cyclonedx).collect();
        let unknown = || unknown_word(format!("{place}.analysis.justification"), &word, &words);
        Justification::of_cyclonedx(&word).ok_or_else(unknown)
    });
    let justification = justification.transpose()?.filter(|_| status == Status::NotAffected);
    let named = raw.id.into_iter().chain(raw.references.into_iter().filter_map(|reference| reference.id));
    let vulnerabilities = ids(named, place)?;
    let (mut unaffected, mut unknown, mut analysed) = (Vec::new(), Vec::new(), Vec::new());
    for (number, affects) in raw.affects.into_iter().enumerate() {
        let place = format!("{place}.affects[{number}]");
        for (said, claim) in components.claims(affects, &place)? {
            budget.spend_on_claim(&claim, &place)?;
            match said {
                SaidOfVersion::AsAnalysed => analysed.push(claim),
                SaidOfVersion::Unaffected => unaffected.push(claim),
                SaidOfVersion::Unknown => unknown.push(claim),
            }
        }
    }
    let at = last_updated.or(first_issued).or(raw.updated).or(issued);
    let (impact, action) = (text(detail), text(raw.recommendation));
    let said = [
        (unaffected, Status::NotAffected, false),
        (unknown, Status::UnderInvestigation, false),
        (analysed, status, true),
    ];
    for (claims, status, is_analysed) in said {
        if claims.is_empty() && !is_analysed {
            continue;
        }
        let statement = Statement {
            vulnerabilities: vulnerabilities.clone(),
            claims,
            status,
            justification: justification.filter(|_| is_analysed),
            impact: impact.clone(),
            action: action.clone(),
            at,
        };
        budget.spend_on_statement(&statement, place)?;
        statements.push(statement);
    }
    Ok(())
}

/// What `affects[].versions[].status` says of one version.
#[derive(Clone, Copy)]
enum SaidOfVersion {
    AsAnalysed,
    Unaffected,
    Unknown,
}

impl Components {
    fn of(serial_number: String, subject: Option<Component>, components: Vec<Component>) -> Self {
        let mut by_reference = HashMap::new();
        let subject_reference = subject.as_ref().and_then(|subject| subject.reference.clone());
        let about = subject.as_ref().map(product).filter(|product| product.meaning != Meaning::Other);
        let mut left: Vec<Component> = components;
        left.extend(subject);
        while let Some(component) = left.pop() {
            if let Some(reference) = &component.reference {
                by_reference.insert(reference.clone(), product(&component));
            }
            left.extend(component.components);
        }
        Self { serial_number, by_reference, subject: about, subject_reference }
    }

    /// What an entry speaks of, version by version where it names some.
    fn claims(&self, affects: Affects, place: &str) -> Result<Vec<(SaidOfVersion, Claim)>, VexError> {
        let claim = self.claim(&affects.reference);
        if affects.versions.is_empty() {
            return Ok(vec![(SaidOfVersion::AsAnalysed, claim)]);
        }
        let mut claims = Vec::new();
        for version in affects.versions {
            let said = match version.status.as_deref() {
                None | Some("affected") => SaidOfVersion::AsAnalysed,
                Some("unaffected") => SaidOfVersion::Unaffected,
                Some("unknown") => SaidOfVersion::Unknown,
                Some(word) => {
                    let known = ["affected", "unaffected", "unknown"];
                    return Err(unknown_word(format!("{place}.versions"), word, &known));
                }
            };
            // A range of versions cannot be told by a package URL: it says nothing here.
            let Some(version) = version.version else { continue };
            claims.push((said, at_version(claim.clone(), &version)));
        }
        Ok(claims)
    }

    /// The component within what the document is about; it alone, where that is not known.
    fn claim(&self, reference: &str) -> Claim {
        let reference = self.within(reference);
        let alone = |product| Claim { product, subcomponents: Vec::new() };
        let product = match self.by_reference.get(reference.as_str()) {
            Some(product) => product.clone(),
            // A reference is often the package URL, with more after it.
            None => Product::read(id(reference.split_once('#').map_or(reference.as_str(), |(purl, _)| purl))),
        };
        match &self.subject {
            Some(subject) if self.subject_reference.as_ref() != Some(&reference) && *subject != product => {
                Claim { product: subject.clone(), subcomponents: vec![product] }
            }
            _ => alone(product),
        }
    }

    /// A BOM-Link's reference in its document, `urn:cdx:<serial number>/<version>#<reference>`; any other text as it is.
    fn within(&self, reference: &str) -> String {
        let linked = reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#'));
        linked.map_or_else(|| reference.to_owned(), |(_, reference)| percent_decoded(reference))
    }
}

/// A claim about one version: of the part where there is one, else of the product.
fn at_version(mut claim: Claim, version: &str) -> Claim {
    let product = claim.subcomponents.first_mut().unwrap_or(&mut claim.product);
    let purl = product.text.parse::<packageurl::PackageUrl<'_>>().ok();
    let text = purl.and_then(|mut purl| purl.with_version(version.to_owned()).ok().map(|purl| purl.to_string()));
    if let Some(text) = text {
        *product = Product::read(id(text));
    }
    claim
}

/// A component: by its package URL, an image also by its digest or its name.
fn product(component: &Component) -> Product {
    if let Some(purl) = &component.purl {
        return Product::read(id(purl.as_str()));
    }
    let sha256 =
        component.hashes.iter().find(|hash| hash.alg == "SHA-256").map(|hash| format!("sha256:{}", hash.content));
    let mut texts: Vec<String> = Vec::new();
    if component.kind == "container" {
        texts.extend(component.version.clone());
        texts.extend(sha256);
        texts.extend(Repository::read(&component.name).and_then(|repository| repository.purl(None, None)));
    }
    let known = texts.into_iter().map(|text| Product::read(id(text))).find(|product| product.meaning != Meaning::Other);
    known.unwrap_or_else(|| Product { text: id(component.name.as_str()), meaning: Meaning::Other })
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
