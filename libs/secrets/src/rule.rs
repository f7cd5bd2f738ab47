//! The rules: `rules.toml`, read once. Each expression is compiled when its keyword is first seen.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use globset::{Glob, GlobSet, GlobSetBuilder};
use plimsoll_model::Severity;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::checks::Check;
use crate::finders::Finder;
use crate::keywords::Keywords;

const WRITTEN: &str = include_str!("../rules.toml");
const ADVICE: &str = "Revoke it where it was issued, issue a new one, and give that to the container when it starts: as a mounted \
    secret, or from a secret store.";
/// Bytes a token may take if its rule does not say.
const MAX_LENGTH: usize = 360;
/// How addresses with passwords begin, all of them.
const URL_KEYWORD: &str = "://";

/// A kind of secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its short name, never changed: `github-token`.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// How bad it is to have it in an image.
    pub severity: Severity,
    /// What to do about it.
    pub advice: String,
}

/// Where a rule is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// Also in published packages, samples, documentation and binaries.
    Everywhere,
    /// In what is the image's own.
    Own,
    /// In files that configure something.
    Configuration,
}

/// An expression, compiled when first asked for.
pub(crate) struct Pattern {
    source: String,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(source: String) -> Self {
        Self { source, regex: OnceLock::new() }
    }

    /// `None` for what is no expression; a test sees to it that there is none such.
    pub(crate) fn get(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| RegexBuilder::new(&self.source).unicode(false).build().ok()).as_ref()
    }
}

/// How a rule finds its secrets.
pub(crate) enum Form {
    Token { pattern: Pattern, lead: usize, max_length: usize },
    Assigned { value: Pattern, any_name: bool },
    Lines(Pattern),
    WholeFile,
    Url(Vec<String>),
    Finder(Finder),
}

/// A rule with how it finds.
pub(crate) struct Detector {
    pub(crate) rule: Rule,
    pub(crate) form: Form,
    pub(crate) scope: Scope,
    pub(crate) entropy: f64,
    pub(crate) check: Option<Check>,
    pub(crate) repeats: bool,
    pub(crate) extensions: Vec<String>,
    /// Only in these files, if any are named.
    files: Vec<String>,
}

/// All rules.
pub(crate) struct RuleSet {
    pub(crate) detectors: Vec<Detector>,
    pub(crate) keywords: Keywords,
    /// By a keyword's number, the detectors that it calls.
    pub(crate) by_keyword: Vec<Vec<usize>>,
    globs: GlobSet,
    /// By a glob's number, the detector it belongs to.
    by_glob: Vec<usize>,
}

impl RuleSet {
    /// The detectors whose files `path` is one of, in order.
    pub(crate) fn naming(&self, path: &str) -> Vec<usize> {
        let mut detectors: Vec<_> =
            self.globs.matches(path).iter().filter_map(|&glob| self.by_glob.get(glob).copied()).collect();
        detectors.sort_unstable();
        detectors.dedup();
        detectors
    }

    /// Whether the detector is held to certain files.
    pub(crate) fn is_held_to_files(detector: &Detector) -> bool {
        !detector.files.is_empty()
    }
}

/// The one set of rules.
#[expect(clippy::expect_used, reason = "the rules are compiled in, and every test reads them")]
pub(crate) static RULES: LazyLock<RuleSet> = LazyLock::new(|| compiled(WRITTEN).expect("rules.toml is well-formed"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    id: String,
    title: String,
    severity: Severity,
    advice: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    token: Option<String>,
    #[serde(default)]
    lead: usize,
    max_length: Option<usize>,
    #[serde(default)]
    names: Vec<String>,
    value: Option<String>,
    #[serde(default)]
    any_name: bool,
    #[serde(default)]
    schemes: Vec<String>,
    finder: Option<Finder>,
    #[serde(default)]
    files: Vec<String>,
    lines: Option<String>,
    #[serde(default)]
    extensions: Vec<String>,
    #[serde(default)]
    entropy: f64,
    check: Option<Check>,
    #[serde(default)]
    repeats: bool,
    scope: Option<Scope>,
}

impl WrittenRule {
    fn form(&mut self) -> Form {
        if let Some(token) = self.token.take() {
            let pattern = Pattern::new(format!(r"\A(?:{token})"));
            return Form::Token { pattern, lead: self.lead, max_length: self.max_length.unwrap_or(MAX_LENGTH) };
        }
        if let Some(value) = self.value.take() {
            return Form::Assigned { value: Pattern::new(format!(r"\A(?:{value})\z")), any_name: self.any_name };
        }
        match (self.lines.take(), self.finder) {
            (Some(lines), _) => Form::Lines(Pattern::new(lines)),
            (None, Some(finder)) => Form::Finder(finder),
            (None, None) if self.schemes.is_empty() => Form::WholeFile,
            (None, None) => Form::Url(std::mem::take(&mut self.schemes)),
        }
    }

    fn detector(mut self) -> Detector {
        let form = self.form();
        let usual = if matches!(form, Form::Token { .. }) { Scope::Everywhere } else { Scope::Own };
        let advice = self.advice.unwrap_or_else(|| ADVICE.to_owned());
        Detector {
            rule: Rule { id: self.id, title: self.title, severity: self.severity, advice },
            form,
            scope: self.scope.unwrap_or(usual),
            entropy: self.entropy,
            check: self.check,
            repeats: self.repeats,
            extensions: self.extensions,
            files: self.files,
        }
    }
}

#[derive(Deserialize)]
struct WrittenRules {
    rules: Vec<WrittenRule>,
}

fn compiled(text: &str) -> Result<RuleSet, Box<dyn std::error::Error>> {
    let written: WrittenRules = toml::from_str(text)?;
    let mut calls: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut globs = GlobSetBuilder::new();
    let mut by_glob = Vec::new();
    let mut detectors = Vec::with_capacity(written.rules.len());
    for (number, rule) in written.rules.into_iter().enumerate() {
        let addresses = if rule.schemes.is_empty() { vec![] } else { vec![URL_KEYWORD.to_owned()] };
        for keyword in rule.keywords.iter().chain(&rule.names).chain(&addresses) {
            calls.entry(keyword.clone()).or_default().push(number);
        }
        for glob in &rule.files {
            globs.add(Glob::new(glob)?);
            by_glob.push(number);
        }
        detectors.push(rule.detector());
    }
    let (keywords, by_keyword): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    Ok(RuleSet { detectors, keywords: Keywords::new(&keywords)?, by_keyword, globs: globs.build()?, by_glob })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles_and_every_rule_can_be_called() {
        for (number, detector) in RULES.detectors.iter().enumerate() {
            let id = &detector.rule.id;
            let compiles = match &detector.form {
                Form::Token { pattern, .. } | Form::Lines(pattern) => pattern.get().is_some(),
                Form::Assigned { value, .. } => value.get().is_some(),
                Form::WholeFile => detector.check.is_some(),
                Form::Url(_) | Form::Finder(_) => true,
            };
            assert!(compiles, "{id}");
            let is_called = RULES.by_keyword.iter().any(|called| called.contains(&number));
            assert!(is_called || RULES.by_glob.contains(&number), "{id} has neither keyword nor file");
        }
    }

    #[test]
    fn ids_are_unique_and_keywords_are_in_lower_case() {
        let mut ids: Vec<_> = RULES.detectors.iter().map(|detector| detector.rule.id.as_str()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
        let written: WrittenRules = toml::from_str(WRITTEN).unwrap();
        for rule in &written.rules {
            for keyword in rule.keywords.iter().chain(&rule.names) {
                assert_eq!(*keyword, keyword.to_ascii_lowercase(), "{}", rule.id);
            }
        }
    }
}
