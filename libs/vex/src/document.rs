//! A document and its statements, whichever format they came in.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};

use crate::Claim;

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its format.
    pub format: Format,
    /// Its own id; empty where it has none.
    pub id: String,
    /// Who says it; empty where that is not said.
    pub author: String,
    /// When it was last changed.
    pub at: Option<DateTime<Utc>>,
    /// What it says, in its order.
    pub statements: Vec<Statement>,
    /// The image that somebody attached it to; none where it speaks of every image. What is read of bytes is attached to none.
    pub attached: Option<Attachment>,
}

/// The image that a document is attached to: it speaks of that image alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment {
    /// The digest of its manifest, or of an index which names it.
    pub image: Digest,
    /// Whether a product that is not known here is that image: see [`Document::has_one_product`].
    pub is_its_product: bool,
}

impl Document {
    /// Whether all its statements that speak of an image, or of something with parts, name the same one (by the same names). Who attaches such a document to
    /// an image says that this is it. Of several products some are others.
    pub fn has_one_product(&self) -> bool {
        let mut products = self.statements.iter().map(Statement::wholes).filter(|products| !products.is_empty());
        products.next().is_none_or(|first| products.all(|other| other == first))
    }
}

/// What a document is called where nobody gives it a name: its own id, and the image that it is attached to. So it may be attached to several.
pub fn attached_name(id: &str, image: Option<&Digest>) -> String {
    match image {
        Some(image) if !id.is_empty() => format!("{id}@{image}"),
        _ => id.to_owned(),
    }
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// OpenVEX.
    OpenVex,
    /// CSAF 2.
    Csaf,
    /// CycloneDX.
    CycloneDx,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::OpenVex, Self::Csaf, Self::CycloneDx];

    /// Its word: `openvex`, `csaf`, `cyclonedx`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenVex => "openvex",
            Self::Csaf => "csaf",
            Self::CycloneDx => "cyclonedx",
        }
    }

    /// The format that [`Format::as_str`] names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// One thing that is said: of a vulnerability in products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The vulnerability's ids, the first its name; each as written.
    pub vulnerabilities: Vec<String>,
    /// Of what. None where the document names nothing that it speaks of: it then speaks of nothing here.
    pub claims: Vec<Claim>,
    /// What is said.
    pub status: Status,
    /// Why it is not affected.
    pub justification: Option<Justification>,
    /// The same in words; may be empty.
    pub impact: String,
    /// What to do about it; may be empty.
    pub action: String,
    /// Since when it is known to be so. What has no date is older than what has one.
    pub at: Option<DateTime<Utc>>,
}

impl Statement {
    /// The products that it names which are no package by itself.
    fn wholes(&self) -> BTreeSet<&str> {
        let wholes = self.claims.iter().filter(|claim| claim.is_of_a_whole());
        wholes.map(|claim| claim.product.text.as_str()).collect()
    }
}

/// What is said of a vulnerability in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing needs to be done.
    NotAffected,
    /// Something should be done.
    Affected,
    /// These versions have the fix.
    Fixed,
    /// It is not known yet.
    UnderInvestigation,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::NotAffected, Self::Affected, Self::Fixed, Self::UnderInvestigation];

    /// OpenVEX's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }

    /// The status that [`Status::as_str`] names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a finding of which it is said need not be seen.
    pub const fn hides(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}

/// Why something is not affected: the words of CISA, which OpenVEX and CSAF use, and those of CycloneDX, which are finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The vulnerable component is not in it.
    ComponentNotPresent,
    /// The component is, without the vulnerable code. CycloneDX: `code_not_present`.
    VulnerableCodeNotPresent,
    /// The vulnerable code is never run. CycloneDX: `code_not_reachable`.
    VulnerableCodeNotInExecutePath,
    /// It is run, but not as an attacker would need it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something else keeps it from being exploited. CycloneDX: `protected_by_mitigating_control`.
    InlineMitigationsAlreadyExist,
    /// CycloneDX: it takes a configuration that is not there.
    RequiresConfiguration,
    /// CycloneDX: it takes a dependency that is not there.
    RequiresDependency,
    /// CycloneDX: it takes an environment that is not there.
    RequiresEnvironment,
    /// CycloneDX: a compiler's flag keeps it from being exploited.
    ProtectedByCompiler,
    /// CycloneDX: what watches the running program does.
    ProtectedAtRuntime,
    /// CycloneDX: what stands before it does.
    ProtectedAtPerimeter,
}

impl Justification {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
        Self::RequiresConfiguration,
        Self::RequiresDependency,
        Self::RequiresEnvironment,
        Self::ProtectedByCompiler,
        Self::ProtectedAtRuntime,
        Self::ProtectedAtPerimeter,
    ];

    /// CISA's words.
    pub const CISA: [&str; 5] = [
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    ];

    /// CISA's word where it has one, else CycloneDX's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresConfiguration => "requires_configuration",
            Self::RequiresDependency => "requires_dependency",
            Self::RequiresEnvironment => "requires_environment",
            Self::ProtectedByCompiler => "protected_by_compiler",
            Self::ProtectedAtRuntime => "protected_at_runtime",
            Self::ProtectedAtPerimeter => "protected_at_perimeter",
            other => other.cisa(),
        }
    }

    /// The nearest of CISA's words: what OpenVEX and CSAF can say.
    pub const fn cisa(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            // Code whose condition does not hold is not run.
            Self::VulnerableCodeNotInExecutePath
            | Self::RequiresConfiguration
            | Self::RequiresDependency
            | Self::RequiresEnvironment => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => "vulnerable_code_cannot_be_controlled_by_adversary",
            Self::InlineMitigationsAlreadyExist
            | Self::ProtectedByCompiler
            | Self::ProtectedAtRuntime
            | Self::ProtectedAtPerimeter => "inline_mitigations_already_exist",
        }
    }

    /// The nearest of CycloneDX's words.
    pub const fn cyclonedx(self) -> &'static str {
        match self {
            // CycloneDX speaks of the code alone: without the component there is none.
            Self::ComponentNotPresent | Self::VulnerableCodeNotPresent => "code_not_present",
            Self::VulnerableCodeNotInExecutePath | Self::VulnerableCodeCannotBeControlledByAdversary => {
                "code_not_reachable"
            }
            Self::InlineMitigationsAlreadyExist => "protected_by_mitigating_control",
            other => other.as_str(),
        }
    }

    /// The justification that [`Justification::as_str`] names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|justification| justification.as_str() == word)
    }

    /// The justification of one of CISA's words.
    pub fn of_cisa(word: &str) -> Option<Self> {
        Self::parse(word).filter(|justification| justification.cisa() == word)
    }

    /// The justification of one of CycloneDX's words.
    pub fn of_cyclonedx(word: &str) -> Option<Self> {
        match word {
            "code_not_present" => Some(Self::VulnerableCodeNotPresent),
            "code_not_reachable" => Some(Self::VulnerableCodeNotInExecutePath),
            "protected_by_mitigating_control" => Some(Self::InlineMitigationsAlreadyExist),
            _ => Self::parse(word).filter(|justification| justification.cyclonedx() == word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Product;

    #[test]
    fn a_document_of_one_product_names_the_same_in_every_statement() {
        let claim = |(product, part): &(&str, &str)| Claim {
            product: Product::read(*product),
            subcomponents: Some(*part).filter(|part| !part.is_empty()).map(Product::read).into_iter().collect(),
        };
        let statement = |claims: &[(&str, &str)]| Statement {
            vulnerabilities: vec!["CVE-1".into()],
            claims: claims.iter().map(claim).collect(),
            status: Status::Fixed,
            justification: None,
            impact: String::new(),
            action: String::new(),
            at: None,
        };
        type Said<'s> = &'s [&'s [(&'s str, &'s str)]];
        let cases: [(Said<'_>, bool); 8] = [
            (&[], true),
            (&[&[], &[("pkg:npm/a", "")], &[("pkg:npm/b", "")]], true),
            (&[&[("pkg:oci/a", "")], &[], &[("pkg:npm/b", "")]], true),
            (&[&[("x", "pkg:npm/a")], &[("x", "pkg:npm/b")]], true),
            (&[&[("x", ""), ("pkg:oci/x", "")], &[("pkg:oci/x", "pkg:npm/b"), ("x", "pkg:npm/b")]], true),
            (&[&[("pkg:oci/a", "")], &[("pkg:oci/b", "")]], false),
            (&[&[("x", ""), ("pkg:oci/x", "")], &[("x", "")]], false),
            (&[&[("pkg:npm/a", "pkg:npm/c")], &[("pkg:npm/b", "pkg:npm/c")]], false),
        ];
        for (said, expected) in cases {
            let statements = said.iter().map(|claims| statement(claims)).collect();
            let document = Document {
                format: Format::OpenVex,
                id: String::new(),
                author: String::new(),
                at: None,
                statements,
                attached: None,
            };
            assert_eq!(document.has_one_product(), expected, "{said:?}");
        }
    }

    #[test]
    fn an_attached_document_is_called_by_its_image_too() {
        let image = Digest::from_sha256([1; 32]);
        assert_eq!(attached_name("https://acme.example/vex/1", None), "https://acme.example/vex/1");
        assert_eq!(attached_name("x", Some(&image)), format!("x@{image}"));
        assert_eq!(attached_name("", Some(&image)), "", "what has no id has no name either");
    }

    #[test]
    fn every_format_says_each_justification_as_near_as_it_can() {
        for justification in Justification::ALL {
            assert_eq!(Justification::parse(justification.as_str()), Some(justification));
            let cisa = Justification::of_cisa(justification.cisa()).unwrap();
            assert_eq!(cisa.cisa(), justification.cisa(), "read again it says the same");
            let cyclonedx = Justification::of_cyclonedx(justification.cyclonedx()).unwrap();
            assert_eq!(cyclonedx.cyclonedx(), justification.cyclonedx());
        }
        assert_eq!(Justification::of_cisa("requires_configuration"), None, "not CISA's");
        assert_eq!(Justification::of_cyclonedx("component_not_present"), None, "not CycloneDX's");
        assert_eq!(Justification::parse("because"), None);
    }

    #[test]
    fn only_what_need_not_be_seen_hides() {
        let hiding: Vec<_> = Status::ALL.into_iter().filter(|status| status.hides()).map(Status::as_str).collect();
        assert_eq!(hiding, ["not_affected", "fixed"]);
        assert_eq!(Status::parse("fixed"), Some(Status::Fixed));
        assert_eq!(Status::parse("Fixed"), None);
        assert_eq!(Format::ALL.map(|format| Format::parse(format.as_str())), Format::ALL.map(Some));
    }
}
