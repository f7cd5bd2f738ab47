//! CSAF 2.0 documents, security advisories and VEX alike, read piece by piece.
//!
//! In: a document's bytes. Out: what it says, each list handed on element by element as it is read: a document names products by the ten
//! thousand and repeats their ids in every status, remediation and threat, so that held as a whole it would take many times its length.
//! What is not read: acknowledgments, revisions, groups of products, involvements and flags. A flag says why a product is not affected, which
//! its status says already.
//! Source: <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html>.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Error;
use serde_json::value::RawValue;

/// How deep branches nest; the specification's schema has no deeper ones.
const MAX_DEPTH: u32 = 30;

/// A document whose lists are not read yet.
#[derive(Debug, Deserialize)]
pub struct CsafDocument<'a> {
    /// What it says of itself.
    #[serde(borrow)]
    pub document: Head<'a>,
    #[serde(borrow, default)]
    product_tree: ProductTree<'a>,
    #[serde(borrow)]
    vulnerabilities: Option<&'a RawValue>,
}

/// What a document says of itself.
#[derive(Debug, Deserialize)]
pub struct Head<'a> {
    /// Its version of the specification.
    #[serde(borrow)]
    pub csaf_version: Cow<'a, str>,
    /// Its title.
    #[serde(borrow)]
    pub title: Cow<'a, str>,
    /// Its severity, in the publisher's words.
    #[serde(borrow)]
    pub aggregate_severity: Option<AggregateSeverity<'a>>,
    /// Its id and dates.
    #[serde(borrow)]
    pub tracking: Tracking<'a>,
}

/// The publisher's word for the severity.
#[derive(Debug, Deserialize)]
pub struct AggregateSeverity<'a> {
    /// The word.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// A document's id and date.
#[derive(Debug, Deserialize)]
pub struct Tracking<'a> {
    /// The publisher's id: `RHSA-2024:0010`, of a VEX document by vulnerability the CVE.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// When it was last changed.
    pub current_release_date: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
struct ProductTree<'a> {
    #[serde(borrow)]
    branches: Option<&'a RawValue>,
    #[serde(borrow)]
    full_product_names: Option<&'a RawValue>,
    #[serde(borrow)]
    relationships: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    branches: Option<&'a RawValue>,
    #[serde(borrow)]
    product: Option<Product<'a>>,
}

/// A product of the tree.
#[derive(Debug, Deserialize)]
pub struct Product<'a> {
    /// Its name for people.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// What the rest of the document calls it.
    #[serde(borrow)]
    pub product_id: Cow<'a, str>,
    /// By what it is known outside of the document.
    #[serde(borrow, default, rename = "product_identification_helper")]
    pub known_as: KnownAs<'a>,
}

/// By what a product is known outside of the document.
#[derive(Debug, Default, Deserialize)]
pub struct KnownAs<'a> {
    /// Its CPE.
    #[serde(borrow)]
    pub cpe: Option<Cow<'a, str>>,
    /// Its package URL.
    #[serde(borrow)]
    pub purl: Option<Cow<'a, str>>,
}

/// A product in another one: a product of its own.
#[derive(Debug, Deserialize)]
pub struct Relationship<'a> {
    /// What lies in the other.
    #[serde(borrow, rename = "product_reference")]
    pub component: Cow<'a, str>,
    /// Where it lies.
    #[serde(borrow, rename = "relates_to_product_reference")]
    pub place: Cow<'a, str>,
    /// The product that both make.
    #[serde(borrow, rename = "full_product_name")]
    pub made: Made<'a>,
}

/// The product that a relationship makes.
#[derive(Debug, Deserialize)]
pub struct Made<'a> {
    /// What the rest of the document calls it.
    #[serde(borrow)]
    pub product_id: Cow<'a, str>,
}

/// A vulnerability whose lists are not read yet: [`each`] reads them.
#[derive(Debug, Deserialize)]
pub struct Vulnerability<'a> {
    /// Its CVE.
    #[serde(borrow)]
    pub cve: Option<Cow<'a, str>>,
    /// Its title.
    #[serde(borrow)]
    pub title: Option<Cow<'a, str>>,
    /// When it became public.
    pub release_date: Option<DateTime<Utc>>,
    /// Its weakness.
    #[serde(borrow)]
    pub cwe: Option<Weakness<'a>>,
    /// Of [`Note`].
    #[serde(borrow)]
    pub notes: Option<&'a RawValue>,
    /// Of [`Reference`].
    #[serde(borrow)]
    pub references: Option<&'a RawValue>,
    /// What is said of which products.
    #[serde(borrow, default)]
    pub product_status: ProductStatus<'a>,
    /// Of [`Remediation`].
    #[serde(borrow)]
    pub remediations: Option<&'a RawValue>,
    /// Of [`Score`].
    #[serde(borrow)]
    pub scores: Option<&'a RawValue>,
    /// Of [`Threat`].
    #[serde(borrow)]
    pub threats: Option<&'a RawValue>,
}

/// A weakness.
#[derive(Debug, Deserialize)]
pub struct Weakness<'a> {
    /// `CWE-79`.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
}

/// A text.
#[derive(Debug, Deserialize)]
pub struct Note<'a> {
    /// `description`, `summary` and others.
    #[serde(borrow)]
    pub category: Cow<'a, str>,
    /// The text.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// An address to read on.
#[derive(Debug, Deserialize)]
pub struct Reference<'a> {
    /// The address.
    #[serde(borrow)]
    pub url: Cow<'a, str>,
}

/// Lists of product ids, by what is said of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProductStatus<'a> {
    /// These versions have a fix.
    #[serde(borrow)]
    pub fixed: Option<&'a RawValue>,
    /// The first versions that have a fix.
    #[serde(borrow)]
    pub first_fixed: Option<&'a RawValue>,
    /// These versions are affected.
    #[serde(borrow)]
    pub known_affected: Option<&'a RawValue>,
    /// These are the first that are affected.
    #[serde(borrow)]
    pub first_affected: Option<&'a RawValue>,
    /// These are the last that are affected.
    #[serde(borrow)]
    pub last_affected: Option<&'a RawValue>,
    /// These are not affected.
    #[serde(borrow)]
    pub known_not_affected: Option<&'a RawValue>,
    /// Of these it is not known yet.
    #[serde(borrow)]
    pub under_investigation: Option<&'a RawValue>,
}

/// What to do about it.
#[derive(Debug, Deserialize)]
pub struct Remediation<'a> {
    /// `vendor_fix`, `workaround`, `mitigation`, `no_fix_planned`, `none_available`.
    #[serde(borrow)]
    pub category: Cow<'a, str>,
    /// In words.
    #[serde(borrow)]
    pub details: Cow<'a, str>,
    /// Where to read on: of a fix, the advisory.
    #[serde(borrow)]
    pub url: Option<Cow<'a, str>>,
    /// Of product ids.
    #[serde(borrow)]
    pub product_ids: Option<&'a RawValue>,
}

/// How bad it is.
#[derive(Debug, Deserialize)]
pub struct Threat<'a> {
    /// `impact`, `exploit_status`, `target_set`.
    #[serde(borrow)]
    pub category: Cow<'a, str>,
    /// In words.
    #[serde(borrow)]
    pub details: Cow<'a, str>,
    /// Of product ids; all products where it is missing.
    #[serde(borrow)]
    pub product_ids: Option<&'a RawValue>,
}

/// A rating by CVSS.
#[derive(Debug, Deserialize)]
pub struct Score<'a> {
    /// By version 2.
    #[serde(borrow)]
    pub cvss_v2: Option<Cvss<'a>>,
    /// By version 3.
    #[serde(borrow)]
    pub cvss_v3: Option<Cvss<'a>>,
    /// By version 4, which CSAF 2.1 has.
    #[serde(borrow)]
    pub cvss_v4: Option<Cvss<'a>>,
}

/// A rating by one version of CVSS.
#[derive(Debug, Deserialize)]
pub struct Cvss<'a> {
    /// Its vector.
    #[serde(borrow, rename = "vectorString")]
    pub vector: Cow<'a, str>,
}

impl<'a> CsafDocument<'a> {
    /// Reads what a document says of itself; its lists are only looked over.
    ///
    /// # Errors
    /// It is no JSON, cut off, or no CSAF 2.
    pub fn read(json: &'a [u8]) -> Result<Self, Error> {
        let document: Self = serde_json::from_slice(json)?;
        if !document.document.csaf_version.starts_with("2.") {
            return Err(Error::custom(format!("it is of CSAF {:.20}", document.document.csaf_version)));
        }
        Ok(document)
    }

    /// Every product that is not made by a relationship.
    ///
    /// # Errors
    /// A product is not as specified, branches nest too deep, or `take` fails.
    pub fn products(&self, take: &mut dyn FnMut(Product<'a>) -> Result<(), Error>) -> Result<(), Error> {
        each(self.product_tree.full_product_names, &mut *take)?;
        walk(self.product_tree.branches, MAX_DEPTH, take)
    }

    /// Every relationship.
    ///
    /// # Errors
    /// One is not as specified, or `take` fails.
    pub fn relationships(&self, take: impl FnMut(Relationship<'a>) -> Result<(), Error>) -> Result<(), Error> {
        each(self.product_tree.relationships, take)
    }

    /// Every vulnerability, to be read by [`Vulnerability::read`].
    ///
    /// # Errors
    /// They are no list, or `take` fails.
    pub fn vulnerabilities(&self, take: impl FnMut(&'a RawValue) -> Result<(), Error>) -> Result<(), Error> {
        each(self.vulnerabilities, take)
    }
}

impl<'a> Vulnerability<'a> {
    /// Reads a vulnerability of a document.
    ///
    /// # Errors
    /// It is not as specified.
    pub fn read(json: &'a RawValue) -> Result<Self, Error> {
        serde_json::from_str(json.get())
    }
}

fn walk<'a>(
    branches: Option<&'a RawValue>,
    depth_left: u32,
    take: &mut dyn FnMut(Product<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some(depth_left) = depth_left.checked_sub(1) else {
        return Err(Error::custom(format!("its branches nest deeper than {MAX_DEPTH}")));
    };
    each(branches, |branch: Branch<'a>| {
        branch.product.map_or(Ok(()), &mut *take)?;
        if branch.branches.is_some() { walk(branch.branches, depth_left, take) } else { Ok(()) }
    })
}

/// Hands on a list's elements as they are read; a missing list has none.
///
/// # Errors
/// It is no list, an element is not as specified, or `take` fails.
pub fn each<'a, T: Deserialize<'a>>(
    list: Option<&'a RawValue>,
    take: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some(list) = list else { return Ok(()) };
    Each { take, element: PhantomData }.deserialize(&mut serde_json::Deserializer::from_str(list.get()))
}

/// Hands on a list's texts as they are read: product ids.
///
/// # Errors
/// As [`each`].
pub fn each_text(list: Option<&RawValue>, mut take: impl FnMut(&str) -> Result<(), Error>) -> Result<(), Error> {
    each(list, |Text(text)| take(&text))
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Each<F, T> {
    take: F,
    element: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Result<(), Error>> DeserializeSeed<'a> for Each<F, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Result<(), Error>> Visitor<'a> for Each<F, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.take)(element).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
