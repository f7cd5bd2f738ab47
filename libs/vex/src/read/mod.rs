//! Documents, read: whichever of the formats it is, and as hostile as it may be.

mod csaf;
mod cyclonedx;
mod in_toto;
mod openvex;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{Claim, Document, Statement};

/// The longest text that is kept, in characters.
const LONGEST_TEXT: usize = 4_000;
/// The longest id of a vulnerability, product, document or author, in characters.
const LONGEST_ID: usize = 1_000;
/// What contexts of OpenVEX, and its attestations' types, begin with.
const OPENVEX: &str = "https://openvex.dev/ns";

/// Bounds of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a document. Red Hat's largest have two million.
    pub bytes: usize,
    /// Bytes of all that it says: a format may name a product once and speak of it often.
    pub said: usize,
}

impl Limits {
    /// Of a document that an organization saves at a server.
    pub const SAVED: Self = Self { bytes: 128 << 10, said: 8 << 20 };
    /// Bytes of a document that is sent to a server as it is; Red Hat's largest have two million.
    pub const MOST_UPLOADED: usize = 8 << 20;

    /// Of a document of so many bytes that is sent to a server as it is: what a short one may say is not more for that.
    pub fn uploaded(bytes: usize) -> Self {
        let said = bytes.min(Self::MOST_UPLOADED).saturating_mul(8);
        Self { bytes: Self::MOST_UPLOADED, said: said.max(Self::SAVED.said) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 << 20, said: 64 << 20 }
    }
}

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VexError {
    /// It is longer than it may be.
    #[error("it has {bytes} bytes, more than {most}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// It says more than is kept.
    #[error("{place}: what it says up to here takes more than {most} bytes")]
    SaysTooMuch {
        /// Where.
        place: String,
        /// The most.
        most: usize,
    },
    /// It is no JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// It is JSON, of no format that is read here.
    #[error("neither an OpenVEX nor a CSAF 2 nor a CycloneDX document")]
    UnknownFormat,
    /// A part of it is not as its format has it.
    #[error("{place}: {why}")]
    Wrong {
        /// Where: `statements[3].status`.
        place: String,
        /// What is wrong.
        why: String,
    },
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "@context")]
    context: Option<Names>,
    #[serde(rename = "_type")]
    kind: Option<Names>,
    #[serde(rename = "bomFormat")]
    bom_format: Option<String>,
    document: Option<IgnoredAny>,
}

/// JSON-LD has one or many.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
    Other(IgnoredAny),
}

impl Names {
    fn has(&self, is_it: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(name) => is_it(name),
            Self::Many(names) => names.iter().any(|name| is_it(name)),
            Self::Other(IgnoredAny) => false,
        }
    }
}

fn is_openvex(context: &str) -> bool {
    context.starts_with(OPENVEX)
}

fn is_in_toto(kind: &str) -> bool {
    kind.starts_with("https://in-toto.io/Statement/")
}

/// Reads a document of any of the formats, as JSON; of OpenVEX also in an in-toto statement. It is read whole or not at all.
///
/// # Errors
/// It is too long, no JSON, of no format that is known, or not as its format has it; the error says where.
pub fn read(json: &[u8], limits: &Limits) -> Result<Document, VexError> {
    if json.len() > limits.bytes {
        return Err(VexError::TooLong { bytes: json.len(), most: limits.bytes });
    }
    // A file from Windows may begin with a mark of its byte order.
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let head: Head = serde_json::from_slice(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => VexError::UnknownFormat,
        _ => VexError::NotJson(error.to_string()),
    })?;
    let mut budget = Budget { left: limits.said, most: limits.said };
    if head.context.is_some_and(|context| context.has(is_openvex)) {
        openvex::read(json, None, &mut budget)
    } else if head.kind.is_some_and(|kind| kind.has(is_in_toto)) {
        in_toto::read(json, &mut budget)
    } else if head.bom_format.as_deref() == Some("CycloneDX") {
        cyclonedx::read(json, &mut budget)
    } else if head.document.is_some() {
        csaf::read(json, &mut budget)
    } else {
        Err(VexError::UnknownFormat)
    }
}

/// What may still be said.
struct Budget {
    left: usize,
    most: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize, place: &str) -> Result<(), VexError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| VexError::SaysTooMuch { place: place.to_owned(), most: self.most })?;
        Ok(())
    }

    fn spend_on_claim(&mut self, claim: &Claim, place: &str) -> Result<(), VexError> {
        // Each product holds its text, and its parts once more.
        let products = claim.subcomponents.iter().chain([&claim.product]);
        self.spend(products.map(|product| 500 + 2 * product.text.len()).sum(), place)
    }

    /// The statement itself; its claims are paid for one by one.
    fn spend_on_statement(&mut self, statement: &Statement, place: &str) -> Result<(), VexError> {
        let ids: usize = statement.vulnerabilities.iter().map(|id| 50 + id.len()).sum();
        self.spend(200 + ids + statement.impact.len() + statement.action.len(), place)
    }
}

fn wrong(place: impl Into<String>, why: impl ToString) -> VexError {
    VexError::Wrong { place: place.into(), why: why.to_string() }
}

/// An unknown word where some are known; the word may be long.
fn unknown_word(place: impl Into<String>, word: &str, known: &[&str]) -> VexError {
    let word: String = word.chars().take(60).collect();
    wrong(place, format!("'{word}' is none of {}", known.join(", ")))
}

/// Text for people, not endless and without what a database cannot hold.
fn text(text: Option<String>) -> String {
    bounded(text.unwrap_or_default(), LONGEST_TEXT)
}

/// An id or a name, likewise.
fn id(text: impl Into<String>) -> String {
    bounded(text.into(), LONGEST_ID)
}

fn bounded(text: String, longest: usize) -> String {
    let is_fine = text.len() <= longest && !text.contains('\0') && text.trim().len() == text.len();
    if is_fine { text } else { text.trim().chars().filter(|c| *c != '\0').take(longest).collect() }
}

/// The vulnerability's ids, each once, without empty ones.
fn ids(named: impl IntoIterator<Item = String>, place: &str) -> Result<Vec<String>, VexError> {
    let mut ids: Vec<String> = Vec::new();
    for name in named.into_iter().map(id).filter(|id| !id.is_empty()) {
        if ids.len() == 100 {
            return Err(wrong(place, "more than 100 ids of one vulnerability"));
        }
        if !ids.contains(&name) {
            ids.push(name);
        }
    }
    if ids.is_empty() { Err(wrong(place, "it names no vulnerability")) } else { Ok(ids) }
}
