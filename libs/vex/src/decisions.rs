//! Which statement counts.

use std::collections::HashMap;

use crate::product::Meaning;
use crate::{Attachment, Claim, Document, ImageIdentity, PackagePattern, Statement};

/// A vulnerability in a package of an image: what a statement may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The vulnerability's ids, all of them.
    pub vulnerability: &'s [&'s str],
    /// The image; none for a folder.
    pub image: Option<&'s ImageIdentity>,
    /// The package; none where it has no package URL.
    pub package: Option<&'s PackagePattern>,
    /// What lies in the same file, such as the program that a module is compiled into.
    pub holders: &'s [PackagePattern],
    /// What lies anywhere in the image, as far as a document that is attached to it names it as a product with parts.
    pub beside: &'s [PackagePattern],
}

/// A statement and the document that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'d> {
    /// The document.
    pub document: &'d Document,
    /// The statement.
    pub statement: &'d Statement,
    /// Which it is of all statements of all documents, in their order, from 0.
    pub place: usize,
}

/// Statements of several documents, to be asked.
#[derive(Debug, Default)]
pub struct Decisions<'d> {
    by_vulnerability: HashMap<String, Vec<Said<'d>>>,
}

impl<'d> Decisions<'d> {
    /// All that these documents say. Of two statements of one time the later one counts, in a later document before that.
    pub fn of(documents: impl IntoIterator<Item = &'d Document>) -> Self {
        let mut by_vulnerability: HashMap<String, Vec<Said<'d>>> = HashMap::new();
        let said = documents
            .into_iter()
            .flat_map(|document| document.statements.iter().map(move |statement| (document, statement)));
        for (place, (document, statement)) in said.enumerate() {
            for id in &statement.vulnerabilities {
                let known = by_vulnerability.entry(id.to_uppercase()).or_default();
                // A statement may repeat an id.
                if known.last().is_none_or(|last| last.place != place) {
                    known.push(Said { document, statement, place });
                }
            }
        }
        Self { by_vulnerability }
    }

    /// The statement that counts for a subject: the latest that speaks of it.
    pub fn about(&self, subject: Subject<'_>) -> Option<Said<'d>> {
        let said = subject.vulnerability.iter().filter_map(|id| self.by_vulnerability.get(&id.to_uppercase()));
        let matching = said.flatten().filter(|said| said.speaks_of(subject));
        matching.max_by_key(|said| (said.statement.at, said.place)).copied()
    }
}

impl Said<'_> {
    /// Whether it speaks of the subject's package or image; its vulnerability is not looked at.
    fn speaks_of(&self, subject: Subject<'_>) -> bool {
        let claims = &self.statement.claims;
        let is_about = |claim: &Claim| claim.is_about(subject);
        let Some(Attachment { image, is_its_product }) = self.document.attached else {
            return claims.iter().any(is_about);
        };
        subject.image.filter(|there| there.digests.contains(&image)).is_some_and(|there| {
            claims.is_empty()
                || claims.iter().any(|claim| is_about(claim) || (is_its_product && claim.is_about_as(there, subject)))
        })
    }
}

impl Claim {
    fn is_about(&self, subject: Subject<'_>) -> bool {
        let is_part = || self.has_part(subject);
        match &self.product.meaning {
            Meaning::Image(image) => {
                subject.image.is_some_and(|there| image.names(there)) && (self.subcomponents.is_empty() || is_part())
            }
            Meaning::Package(package) if self.subcomponents.is_empty() => {
                subject.package.is_some_and(|there| package.names(there))
            }
            // The part as it is within that package, not wherever it is.
            Meaning::Package(package) => is_part() && subject.holders.iter().any(|holder| package.names(holder)),
            Meaning::Other => false,
        }
    }

    /// Whether it speaks of the subject where its product, if it is not known here, is this image.
    fn is_about_as(&self, image: &ImageIdentity, subject: Subject<'_>) -> bool {
        let may_be_it = match &self.product.meaning {
            Meaning::Image(named) => !named.is_another(image),
            // A package by itself is that package; one that is in the image is no image.
            Meaning::Package(package) => {
                let is_there = subject.beside.iter().any(|there| package.kind_and_name() == there.kind_and_name());
                !self.subcomponents.is_empty() && !is_there
            }
            Meaning::Other => true,
        };
        may_be_it && (self.subcomponents.is_empty() || self.has_part(subject))
    }

    fn has_part(&self, subject: Subject<'_>) -> bool {
        let mut parts = self.subcomponents.iter().filter_map(|part| part.package());
        parts.any(|part| subject.package.is_some_and(|there| part.names(there)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use plimsoll_model::Digest;

    use super::*;
    use crate::{Format, Product, Repository, Status};

    fn claim(product: &str, parts: &[&str]) -> Claim {
        Claim {
            product: Product::read(product),
            subcomponents: parts.iter().map(|part| Product::read(*part)).collect(),
        }
    }

    fn statement(id: &str, product: &str, parts: &[&str], status: Status, day: Option<u8>) -> Statement {
        let claim = claim(product, parts);
        Statement {
            vulnerabilities: vec![id.into(), "GHSA-1".into(), id.into()],
            claims: vec![claim],
            status,
            justification: None,
            impact: String::new(),
            action: String::new(),
            at: day.map(|day| DateTime::from_timestamp(i64::from(day) * 86_400, 0).unwrap()),
        }
    }

    fn document(statements: Vec<Statement>) -> Document {
        Document { format: Format::OpenVex, id: "x".into(), author: "me".into(), at: None, statements, attached: None }
    }

    /// What is said of `package` in `ghcr.io/a/app`, beside `holder`.
    fn decided(documents: &[Document], id: &str, package: &str, holder: &str) -> Option<Status> {
        let image = ImageIdentity {
            repositories: vec![Repository::read("ghcr.io/a/app").unwrap()],
            ..ImageIdentity::default()
        };
        let (package, holder) = (PackagePattern::read(package), PackagePattern::read(holder));
        let subject = Subject {
            vulnerability: &[id, "OTHER-1"],
            image: Some(&image),
            package: package.as_ref(),
            holders: holder.as_slice(),
            beside: &[],
        };
        Decisions::of(documents).about(subject).map(|said| said.statement.status)
    }

    #[test]
    fn a_statement_speaks_of_what_it_names() {
        let git = "pkg:apk/wolfi/git@1";
        let no = Status::NotAffected;
        let cases: [(&str, &[&str], &str, bool); 12] = [
            ("pkg:oci/app", &[], git, true),
            ("pkg:oci/app", &[], "", true),
            ("pkg:oci/app", &["pkg:apk/wolfi/git"], git, true),
            ("pkg:oci/app", &["pkg:apk/wolfi/curl", "pkg:apk/wolfi/git"], git, true),
            ("pkg:oci/app", &["pkg:apk/wolfi/curl"], git, false),
            ("pkg:oci/app", &["git"], git, false),
            ("pkg:oci/other", &["pkg:apk/wolfi/git"], git, false),
            ("pkg:apk/wolfi/git", &[], git, true),
            ("pkg:apk/wolfi/git@2", &[], git, false),
            ("pkg:golang/a.b/program", &["pkg:golang/a.b/module"], "pkg:golang/a.b/module@v1", true),
            ("pkg:golang/a.b/another", &["pkg:golang/a.b/module"], "pkg:golang/a.b/module@v1", false),
            ("https://example.com/app", &[], git, false),
        ];
        for (product, parts, package, expected) in cases {
            let documents = [document(vec![statement("CVE-1", product, parts, no, None)])];
            let decided = decided(&documents, "CVE-1", package, "pkg:golang/a.b/program@v2");
            assert_eq!(decided, expected.then_some(no), "{product} {parts:?} {package}");
        }
    }

    #[test]
    fn what_is_attached_to_an_image_speaks_of_that_image_alone() {
        let [image, index, other] = [[1; 32], [2; 32], [3; 32]].map(Digest::from_sha256);
        let there = ImageIdentity {
            digests: vec![image, index],
            repositories: vec![Repository::read("ghcr.io/a/app").unwrap()],
            architecture: Some("amd64".into()),
            ..ImageIdentity::default()
        };
        let (package, beside) = (PackagePattern::read("pkg:npm/a@1"), PackagePattern::read("pkg:npm/program@1"));
        let says = |attached: Digest, products: &[(&str, &[&str])]| {
            let mut said = statement("CVE-1", "", &[], Status::Fixed, None);
            said.claims = products.iter().map(|(product, parts)| claim(product, parts)).collect();
            let mut documents = [document(vec![said])];
            let is_its_product = documents[0].has_one_product();
            documents[0].attached = Some(Attachment { image: attached, is_its_product });
            let subject = Subject {
                vulnerability: &["CVE-1"],
                image: Some(&there),
                package: package.as_ref(),
                holders: &[],
                beside: beside.as_slice(),
            };
            let said = Decisions::of(&documents);
            assert!(said.about(Subject { image: None, ..subject }).is_none(), "a folder is no image");
            said.about(subject).is_some()
        };
        let of_digest = |digest: Digest| format!("pkg:oci/app@{digest}");
        let (itself, its_index, another) = (of_digest(image), of_digest(index), of_digest(other));
        type Products<'a> = &'a [(&'a str, &'a [&'a str])];
        let cases: [(Products<'_>, bool); 17] = [
            (&[], true),
            (&[(&itself, &[])], true),
            (&[(&its_index, &["pkg:npm/a"])], true),
            (&[(&another, &[])], false),
            (&[("pkg:oci/mirrored?repository_url=quay.io/b", &[])], true),
            (&[("pkg:oci/mirrored?tag=1&arch=x86_64", &["pkg:npm/a"])], true),
            (&[("pkg:oci/app?arch=arm64", &[])], false),
            (&[("Unknown Product", &[])], true),
            (&[("Unknown Product", &["pkg:npm/a@1"])], true),
            (&[("Unknown Product", &["pkg:npm/a@2"])], false),
            (&[("Unknown Product", &["a"])], false),
            (&[("pkg:npm/a", &[])], true),
            (&[("pkg:npm/a@2", &[])], false),
            (&[("pkg:npm/shop", &[])], false),
            (&[("pkg:npm/shop@2", &["pkg:npm/a"])], true),
            (&[("pkg:npm/program@2", &["pkg:npm/a"])], false),
            (&[("pkg:npm/b", &[]), ("pkg:npm/a", &[])], true),
        ];
        for (products, expected) in cases {
            assert_eq!(says(image, products), expected, "{products:?}");
            assert_eq!(says(index, products), expected, "{products:?}");
            assert!(!says(other, products), "{products:?}");
        }
    }

    #[test]
    fn of_several_products_those_that_are_named_alone_are_the_image() {
        let image = Digest::from_sha256([1; 32]);
        let there = ImageIdentity {
            digests: vec![image],
            repositories: vec![Repository::read("ghcr.io/a/app").unwrap()],
            ..ImageIdentity::default()
        };
        let of = |id, product| statement(id, product, &[], Status::Fixed, None);
        let mut documents =
            [document(vec![of("CVE-1", "pkg:oci/app"), of("CVE-2", "pkg:oci/other"), of("CVE-3", "x")])];
        let is_its_product = documents[0].has_one_product();
        documents[0].attached = Some(Attachment { image, is_its_product });
        let decisions = Decisions::of(&documents);
        let hidden = ["CVE-1", "CVE-2", "CVE-3"].map(|id| {
            let subject =
                Subject { vulnerability: &[id], image: Some(&there), package: None, holders: &[], beside: &[] };
            decisions.about(subject).is_some()
        });
        assert_eq!(hidden, [true, false, false]);
    }

    #[test]
    fn any_id_of_the_vulnerability_finds_it() {
        let documents = [document(vec![statement("CVE-2024-1", "pkg:npm/a", &[], Status::Fixed, None)])];
        for (id, expected) in [("CVE-2024-1", true), ("cve-2024-1", true), ("GHSA-1", true), ("CVE-2024-11", false)] {
            assert_eq!(decided(&documents, id, "pkg:npm/a@1", "").is_some(), expected, "{id}");
        }
    }

    #[test]
    fn the_latest_word_counts() {
        let said = |status, day| statement("CVE-1", "pkg:npm/a", &[], status, day);
        let (no, yes) = (Status::NotAffected, Status::Affected);
        let cases = [
            (vec![document(vec![said(no, Some(2)), said(yes, Some(1))])], no),
            (vec![document(vec![said(yes, Some(1))]), document(vec![said(no, Some(2))])], no),
            (vec![document(vec![said(no, Some(2))]), document(vec![said(yes, Some(1))])], no),
            (vec![document(vec![said(no, Some(1)), said(yes, Some(1))])], yes),
            (vec![document(vec![said(yes, None)]), document(vec![said(no, None)])], no),
            (vec![document(vec![said(no, Some(1)), said(yes, None)])], no),
        ];
        for (documents, expected) in cases {
            assert_eq!(decided(&documents, "CVE-1", "pkg:npm/a@1", ""), Some(expected), "{documents:#?}");
        }
        let documents = [document(vec![said(no, Some(1)), said(no, None)]), document(vec![said(yes, Some(2))])];
        let package = PackagePattern::read("pkg:npm/a@1");
        let subject =
            Subject { vulnerability: &["CVE-1"], image: None, package: package.as_ref(), holders: &[], beside: &[] };
        let found = Decisions::of(&documents).about(subject).unwrap();
        assert_eq!((found.place, found.statement), (2, &documents[1].statements[0]), "counted over all documents");
    }
}
