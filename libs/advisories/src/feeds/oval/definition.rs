//! A definition: what it says of itself, and its criteria.
//!
//! Source: OVAL 5.11, `oval-definitions-schema.xsd`. What stands in `metadata` beyond that schema is each vendor's own.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use quick_xml::events::BytesStart;

use super::checks::{Bound, Check, Checks, Unchecked};
use super::criteria::Node;
use crate::feeds::Refusal;
use crate::feeds::admission::Intake;
use crate::feeds::xml::{Element, attribute};

/// The most references, and the most CVEs, of a definition. Kernels' have some hundreds.
const MAX_LIST: usize = 2_000;
/// The most criteria of a definition, nested ones included. Real ones have some hundreds.
const MAX_CRITERIA: usize = 200_000;
/// The longest name of a module's stream, in bytes.
const MAX_STREAM: usize = 200;
/// The most platforms of a definition.
const MAX_PLATFORMS: usize = 100;

/// A definition as read.
#[derive(Debug, Default)]
pub struct Definition {
    /// `oval:com.oracle.elsa:def:20070057`.
    pub id: String,
    /// `patch`, `vulnerability`, `inventory`, ...
    pub class: String,
    /// One line.
    pub title: String,
    /// What changed, or what is wrong.
    pub description: String,
    /// The vendor's word for the severity.
    pub severity: String,
    /// Azure Linux's word on a patch: `true`, `false`, `Not Applicable`.
    pub patchable: String,
    /// When it was first published.
    pub issued: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// Addresses to read on, each with the CVE that it is about.
    pub references: Vec<(Option<String>, String)>,
    /// The CVEs that it names, each with the vectors given for it.
    pub cves: BTreeMap<String, Vec<String>>,
    /// The releases it is for, in the vendor's words.
    pub platforms: Vec<String>,
    /// What a system must be to be affected.
    pub criteria: Option<Node>,
}

impl Definition {
    /// The name that the vendor gives it, `ELSA-2007-0057`: the first word of its title, or else its id.
    pub fn name(&self) -> &str {
        let word = self.title.split_whitespace().next().unwrap_or_default().trim_end_matches(':');
        if word.contains('-') && word.bytes().all(|byte| byte.is_ascii_graphic()) { word } else { &self.id }
    }
}

/// Reads definitions as a document is walked.
pub struct DefinitionReader<'c> {
    checks: &'c mut Checks,
    definition: Definition,
    /// The criteria that are open, outermost first.
    open: Vec<Node>,
    criteria: usize,
    vectors: Vec<String>,
}

impl<'c> DefinitionReader<'c> {
    /// Reads definitions whose tests are among these checks.
    pub fn new(checks: &'c mut Checks) -> Self {
        Self { checks, definition: Definition::default(), open: Vec::new(), criteria: 0, vectors: Vec::new() }
    }

    /// Takes an element, by its path; gives the definition that ends with it.
    pub fn see(
        &mut self,
        path: &str,
        element: Element<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<Option<Definition>, Refusal> {
        let Some(path) = path.strip_prefix("oval_definitions/definitions/definition") else { return Ok(None) };
        if path.is_empty() {
            return Ok(self.itself(element));
        }
        let Some(path) = path.strip_prefix('/') else { return Ok(None) };
        match (path.split_once('/'), element) {
            (Some(("metadata", path)), Element::Opened(start)) => self.metadata_begins(path, start, intake),
            (Some(("metadata", path)), Element::Closed(text)) => self.metadata_ends(path, text),
            (_, Element::Opened(start)) => {
                self.criteria += 1;
                if self.criteria > MAX_CRITERIA {
                    return Err(Refusal::PastLimit { what: "a definition's criteria", limit: MAX_CRITERIA as u64 });
                }
                self.criterion_begins(last(path), start, intake);
            }
            (_, Element::Closed(_)) if last(path) == "criteria" => self.criteria_end(),
            _ => {}
        }
        Ok(None)
    }

    fn itself(&mut self, element: Element<'_>) -> Option<Definition> {
        match element {
            Element::Opened(start) => {
                let part = |name: &str| attribute(start, name).unwrap_or_default();
                self.definition = Definition { id: part("id"), class: part("class"), ..Definition::default() };
                self.open.clear();
                self.criteria = 0;
                None
            }
            Element::Closed(_) => Some(std::mem::take(&mut self.definition)),
        }
    }

    fn metadata_begins(&mut self, path: &str, start: &BytesStart<'_>, intake: &mut Intake<'_>) {
        match path {
            "reference" => self.reference(start, intake),
            "advisory/issued" => self.definition.issued = attribute(start, "date").and_then(|date| instant(&date)),
            "advisory/updated" => self.definition.updated = attribute(start, "date").and_then(|date| instant(&date)),
            "advisory/cve" => {
                // `8.1/CVSS:3.0/AV:N/...`: the score, then its vector.
                let vector = |name| Some(attribute(start, name)?.split_once('/')?.1.to_owned());
                self.vectors = ["cvss4", "cvss3", "cvss2"].into_iter().filter_map(vector).collect();
            }
            _ => {}
        }
    }

    fn metadata_ends(&mut self, path: &str, text: &str) {
        let definition = &mut self.definition;
        match path {
            "title" => definition.title = text.split_whitespace().collect::<Vec<_>>().join(" "),
            "description" => text.clone_into(&mut definition.description),
            "severity" | "advisory/severity" => text.clone_into(&mut definition.severity),
            "patchable" => text.clone_into(&mut definition.patchable),
            "advisory_date" => definition.issued = instant(text),
            "affected/platform" if definition.platforms.len() < MAX_PLATFORMS => {
                definition.platforms.push(text.to_owned())
            }
            "advisory/cve" => {
                let vectors = std::mem::take(&mut self.vectors);
                if let Some(cve) = cve(text)
                    && (definition.cves.len() < MAX_LIST || definition.cves.contains_key(cve))
                {
                    definition.cves.entry(cve.to_owned()).or_default().extend(vectors);
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, start: &BytesStart<'_>, intake: &mut Intake<'_>) {
        let definition = &mut self.definition;
        if definition.references.len() == MAX_LIST {
            return intake.problem(&definition.id, format!("it has more than {MAX_LIST} references"));
        }
        let of = attribute(start, "ref_id").and_then(|id| cve(&id).map(str::to_owned));
        if let Some(cve) = &of {
            definition.cves.entry(cve.clone()).or_default();
        }
        definition.references.push((of, attribute(start, "ref_url").unwrap_or_default()));
    }

    fn criterion_begins(&mut self, name: &str, start: &BytesStart<'_>, intake: &mut Intake<'_>) {
        let is_negated = attribute(start, "negate").is_some_and(|negate| matches!(negate.as_str(), "true" | "1"));
        match name {
            "criteria" => {
                let operator = attribute(start, "operator");
                let are_all_needed = operator.as_deref().is_none_or(|operator| operator == "AND");
                if !are_all_needed && operator.as_deref() != Some("OR") {
                    intake.problem(&self.definition.id, "criteria are joined by neither AND nor OR: read as OR");
                }
                self.open.push(Node::Several { are_all_needed, is_negated, children: Vec::new() });
            }
            "criterion" => {
                let check = self.check(start, intake);
                self.add(Node::One { is_negated, check });
            }
            "extend_definition" => {
                intake.problem(&self.definition.id, "it extends another definition, which is not followed");
                self.add(Node::One { is_negated, check: Check::Other });
            }
            _ => {}
        }
    }

    fn criteria_end(&mut self) {
        if let Some(node) = self.open.pop() {
            self.add(node);
        }
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Node::Several { children, .. }) => children.push(node),
            _ => self.definition.criteria = Some(node),
        }
    }

    /// The check that a criterion refers to. Where the document does not have it, what the criterion says of it in words is read in
    /// its place, as upstream's generators write them; which stream of a module is enabled is told by the words alone.
    fn check(&mut self, start: &BytesStart<'_>, intake: &mut Intake<'_>) -> Check {
        let test = attribute(start, "test_ref").unwrap_or_default();
        let found = self.checks.id(&test).map_or(Err(Unchecked::Dangling), |id| self.checks.check(id));
        let words = attribute(start, "comment").and_then(|comment| in_words(&comment));
        match found {
            Ok(Check::Other) => words.filter(|words| matches!(words, Check::Module(_))).unwrap_or(Check::Other),
            Ok(check) => check,
            Err(Unchecked::Unread) => {
                intake.problem(&self.definition.id, format!("the test {test} asks in a way that is not read"));
                Check::Other
            }
            Err(Unchecked::Dangling) => {
                let what = format!("the test {test}, or its object or state, is not in the document");
                intake.problem(&self.definition.id, what);
                words.unwrap_or(Check::Other)
            }
        }
    }
}

/// A check in words: `bind is earlier than 30:9.3.3-8.el5`, `Oracle Linux 5 is installed`, `Module nodejs:16 is enabled`.
fn in_words(comment: &str) -> Option<Check> {
    let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    if let Some(stream) = comment.strip_prefix("Module ").and_then(|rest| rest.strip_suffix(" is enabled")) {
        let is_stream = stream.split_once(':').is_some_and(|(module, of)| {
            is_word(module) && is_word(of) && stream.len() <= MAX_STREAM && !of.contains(':')
        });
        return is_stream.then(|| Check::Module(stream.into()));
    }
    if let Some((name, version)) = comment.split_once(" is earlier than ") {
        return (is_word(name) && is_word(version)).then(|| Check::Package(name.into(), Bound::Below(version.into())));
    }
    let release = comment.strip_suffix(" is installed")?.rsplit(' ').next()?;
    let is_number = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Check::Release(release.into()))
}

/// The CVE in a text that ends with it: `CVE-2019-16168`, `CVE:00001:CVE-2019-16168`.
pub fn cve(text: &str) -> Option<&str> {
    let id = text.rsplit(':').next()?;
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(year) && is_number(number)).then_some(id)
}

/// The name of the innermost element.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// An instant of UTC or a day, as the vendors write them.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    Some(local.or_else(day)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves_are_found_in_what_vendors_write() {
        for (text, expected) in [
            ("CVE-2019-16168", Some("CVE-2019-16168")),
            ("CVE:00001:CVE-2019-16168", Some("CVE-2019-16168")),
            ("PHSA:00001:3.0:0036", None),
            ("CVE-2019-", None),
            ("CVE-2019-1<b>", None),
            ("", None),
        ] {
            assert_eq!(cve(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_read_as_generators_write_them() {
        let below = |name: &str, version: &str| Some(Check::Package(name.into(), Bound::Below(version.into())));
        for (comment, expected) in [
            ("bind is earlier than 30:9.3.3-8.el5", below("bind", "30:9.3.3-8.el5")),
            ("Oracle Linux 10 is installed", Some(Check::Release("10".into()))),
            ("Module container-tools:ol8 is enabled", Some(Check::Module("container-tools:ol8".into()))),
            ("Module nodejs is enabled", None),
            ("Module :16 is enabled", None),
            ("Module nodejs: is enabled", None),
            ("Module nodejs:16:8040 is enabled", None),
            ("Module a b:16 is enabled", None),
            ("Oracle Linux arch is x86_64", None),
            ("bind is signed with the Oracle Linux 5 key", None),
            ("Package cmake is earlier than 3.30.3-2, affected by CVE-2024-6874", None),
            ("bind is installed", None),
            ("", None),
        ] {
            assert_eq!(in_words(comment), expected, "{comment}");
        }
    }

    #[test]
    fn instants_and_days_are_of_utc() {
        for (text, expected) in [
            ("2024-07-23T22:05:39Z", Some("2024-07-23T22:05:39+00:00")),
            ("2020-02-20T11:58:25", Some("2020-02-20T11:58:25+00:00")),
            ("2024-10-10T12:04:24.575063301Z", Some("2024-10-10T12:04:24.575063301+00:00")),
            ("2019-10-23", Some("2019-10-23T00:00:00+00:00")),
            ("soon", None),
        ] {
            assert_eq!(instant(text).map(|instant| instant.to_rfc3339()).as_deref(), expected, "{text}");
        }
    }
}
