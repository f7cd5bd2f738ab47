//! Which statement counts.

use std::collections::HashMap;

use crate::product::Meaning;
use crate::{Claim, Document, ImageIdentity, PackagePattern, Statement};

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
        let matching = said.flatten().filter(|said| said.statement.speaks_of(subject));
        matching.max_by_key(|said| (said.statement.at, said.place)).copied()
    }
}

impl Statement {
    /// Whether it speaks of the subject's package or image; its vulnerability is not looked at.
    pub fn speaks_of(&self, subject: Subject<'_>) -> bool {
        self.claims.iter().any(|claim| claim.is_about(subject))
    }
}

impl Claim {
    fn is_about(&self, subject: Subject<'_>) -> bool {
        let is_part = || {
            self.subcomponents
                .iter()
                .filter_map(|part| part.package())
                .any(|part| subject.package.is_some_and(|there| part.names(there)))
        };
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
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{Format, Product, Repository, Status};

    fn statement(id: &str, product: &str, parts: &[&str], status: Status, day: Option<u8>) -> Statement {
        let claim = Claim {
            product: Product::read(product),
            subcomponents: parts.iter().map(|part| Product::read(*part)).collect(),
        };
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
        Document { format: Format::OpenVex, id: "x".into(), author: "me".into(), at: None, statements }
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
        let subject = Subject { vulnerability: &["CVE-1"], image: None, package: package.as_ref(), holders: &[] };
        let found = Decisions::of(&documents).about(subject).unwrap();
        assert_eq!((found.place, found.statement), (2, &documents[1].statements[0]), "counted over all documents");
    }
}
