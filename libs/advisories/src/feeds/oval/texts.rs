//! The texts of an advisory on one CVE, from a definition that may name many.

use std::collections::BTreeMap;

use super::definition::{Definition, cve};

/// The most text that is kept of the lines that name a CVE, in bytes, and of one such line.
const MAX_LINES: usize = 4 * 1024;
const MAX_LINE: usize = 500;

/// What a definition says of each CVE.
pub struct Texts<'d> {
    definition: &'d Definition,
    lines: BTreeMap<&'d str, String>,
    addresses: BTreeMap<Option<&'d str>, Vec<String>>,
}

impl<'d> Texts<'d> {
    /// Sorts a definition's texts by the CVE that they are about.
    pub fn new(definition: &'d Definition) -> Self {
        let mut addresses: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (of, address) in &definition.references {
            addresses.entry(of.as_deref()).or_default().push(address.clone());
        }
        let lines = if definition.cves.len() > 1 { lines(&definition.description) } else { BTreeMap::new() };
        Self { definition, lines, addresses }
    }

    /// The definition's title, then its description: of one that names several CVEs, a whole update's changelog, only the lines that
    /// name this one. The title is of the update, so that it is none of the vulnerability.
    pub fn description(&self, cve: Option<&str>) -> String {
        let definition = self.definition;
        let of_cve = || cve.and_then(|cve| self.lines.get(cve)).map(String::as_str).unwrap_or_default();
        let more = if definition.cves.len() > 1 { of_cve() } else { &definition.description };
        if more.starts_with(&definition.title) {
            return more.to_owned();
        }
        format!("{}\n{more}", definition.title).trim().to_owned()
    }

    /// The addresses about the definition as a whole, then those about this CVE.
    pub fn references(&self, cve: Option<&str>) -> Vec<String> {
        let about: &[Option<&str>] = if cve.is_some() { &[None, cve] } else { &[None] };
        about.iter().filter_map(|cve| self.addresses.get(cve)).flatten().cloned().collect()
    }
}

/// A text's lines by the CVEs that they name.
fn lines(text: &str) -> BTreeMap<&str, String> {
    let mut by_cve: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines() {
        let end = (0..=MAX_LINE.min(line.len())).rev().find(|&end| line.is_char_boundary(end)).unwrap_or_default();
        let line = line.get(..end).unwrap_or_default().trim();
        for (at, _) in line.match_indices("CVE-") {
            let rest = line.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            let Some(id) = rest.get(..end).and_then(cve) else { continue };
            let kept = by_cve.entry(id).or_default();
            if kept.len() + line.len() < MAX_LINES && !kept.lines().any(|known| known == line) {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    by_cve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_of_several_cves_says_of_each_what_names_it() {
        let mut definition = Definition {
            title: "ELSA-1: kernel security update".into(),
            description: " - rds: CVE-2018-7492: Fix a dereference {CVE-2018-7492}\n - cdrom: {CVE-2018-16658}\n - x"
                .into(),
            references: vec![
                (None, "https://a/ELSA-1".into()),
                (Some("CVE-2018-7492".into()), "https://a/7492".into()),
                (Some("CVE-2018-16658".into()), "https://a/16658".into()),
            ],
            ..Definition::default()
        };
        for cve in ["CVE-2018-7492", "CVE-2018-16658"] {
            definition.cves.insert(cve.into(), vec![]);
        }
        let texts = Texts::new(&definition);
        let of = |cve: &str| (texts.description(Some(cve)), texts.references(Some(cve)));
        let title = "ELSA-1: kernel security update";
        assert_eq!(
            of("CVE-2018-7492"),
            (
                format!("{title}\n- rds: CVE-2018-7492: Fix a dereference {{CVE-2018-7492}}"),
                vec!["https://a/ELSA-1".into(), "https://a/7492".into()]
            )
        );
        assert_eq!(of("CVE-2018-16658").0, format!("{title}\n- cdrom: {{CVE-2018-16658}}"));
        definition.cves.remove("CVE-2018-16658");
        let whole = Texts::new(&definition).description(Some("CVE-2018-7492"));
        assert!(whole.starts_with(title) && whole.ends_with("- x"), "{whole}");
    }

    #[test]
    fn a_title_that_the_description_begins_with_is_said_once_and_lines_are_bounded() {
        let definition = Definition { title: "a".into(), description: "a b".into(), ..Definition::default() };
        assert_eq!(Texts::new(&definition).description(None), "a b");
        let text = (0..1_000).map(|n| format!("CVE-2024-1 {n} {}\n", "é".repeat(500))).collect::<String>();
        assert!(lines(&text)["CVE-2024-1"].len() < MAX_LINES);
    }
}
