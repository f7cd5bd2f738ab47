//! An in-toto statement about an OpenVEX document: its subjects are the products of statements that name none, and of the other statements it
//! attests what they say of its subjects alone.
//!
//! Source: in-toto Attestation Framework, Statement of v0.1 and v1; OpenVEX, ATTESTING.md. Signatures are of the envelope, which is taken off before.

use std::collections::BTreeMap;

use plimsoll_model::Digest;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Budget, VexError, id, openvex, wrong};
use crate::product::Meaning;
use crate::{Document, ImageIdentity, Product, Repository};

/// Subjects of one statement: each is compared with each product.
const MOST_SUBJECTS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(default)]
    predicate_type: String,
    #[serde(default)]
    subject: Vec<RawSubject>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawSubject {
    #[serde(default)]
    name: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// What is attested.
pub(super) struct Subjects(Vec<Subject>);

struct Subject {
    name: String,
    product: Product,
    /// What it is known by if it is an image.
    image: ImageIdentity,
}

impl From<RawSubject> for Subject {
    fn from(raw: RawSubject) -> Self {
        let name = id(raw.name);
        let hash = raw.digest.get("sha256");
        let named = Product::read(name.clone());
        // The digest of a package is a file's, no image's.
        let hash = hash.filter(|_| named.package().is_none());
        let digest: Option<Digest> = hash.and_then(|hex| format!("sha256:{}", hex.to_ascii_lowercase()).parse().ok());
        let product = digest.map_or(named, |digest| Product::read(digest.to_string()));
        let repositories = Repository::read(&name).into_iter().collect();
        Self {
            product,
            image: ImageIdentity { digests: digest.into_iter().collect(), repositories, ..ImageIdentity::default() },
            name,
        }
    }
}

impl Subject {
    fn is_named_by(&self, product: &Product) -> bool {
        let is_named = match &product.meaning {
            Meaning::Image(image) => image.names(&self.image),
            Meaning::Package(package) => self.product.package().is_some_and(|there| package.names(there)),
            Meaning::Other => false,
        };
        is_named || product.text == self.name
    }
}

impl Subjects {
    /// All of them.
    pub(super) fn products(&self) -> impl Iterator<Item = &Product> {
        self.0.iter().map(|subject| &subject.product)
    }

    /// Those that a product of the document is.
    pub(super) fn named_by(&self, product: &Product) -> impl Iterator<Item = &Product> {
        self.0.iter().filter(|subject| subject.is_named_by(product)).map(|subject| &subject.product)
    }
}

pub(super) fn read(json: &[u8], budget: &mut Budget) -> Result<Document, VexError> {
    let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| wrong("the in-toto statement", error))?;
    if !super::is_openvex(&raw.predicate_type) {
        let kind: String = raw.predicate_type.chars().take(60).collect();
        let why = format!("'{kind}' is not {}: no other attestation is a VEX document here", super::OPENVEX);
        return Err(wrong("predicateType", why));
    }
    if raw.subject.is_empty() || raw.subject.len() > MOST_SUBJECTS {
        return Err(wrong("subject", format!("it has {}, not 1 to {MOST_SUBJECTS}", raw.subject.len())));
    }
    let subjects = Subjects(raw.subject.into_iter().map(Subject::from).collect());
    let predicate = raw.predicate.ok_or_else(|| wrong("predicate", "there is none"))?;
    openvex::read(predicate.get().as_bytes(), Some(&subjects), budget)
}
