//! From keywords to candidates: each rule tried where its keyword is.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use crate::assignment::assignment_at;
use crate::entropy::entropy;
use crate::path::Ground;
use crate::placeholder::{is_placeholder, is_reference};
use crate::rule::{Detector, Form, Pattern, RuleSet, Scope};

/// Secrets told of one text. What has more is a list of samples, or made to fill memory.
pub(crate) const MAX_FOUND: usize = 200;
/// Bytes that the value of a named rule may take.
const MAX_ASSIGNED: usize = 2048;
/// Bytes that rules held to certain files look through.
const MAX_LINES_BYTES: usize = 1 << 20;

/// What is looked through.
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ground: Ground,
    /// Set on purpose, by the image's maker: weak values count too.
    pub(crate) is_lenient: bool,
    pub(crate) extension: &'a str,
}

/// A secret and the number of the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) detector: usize,
    pub(crate) secret: Range<usize>,
}

/// What was found in a text, by where it is.
pub(crate) struct Findings {
    pub(crate) found: Vec<Found>,
    /// Whether it was looked through to its end.
    pub(crate) is_all: bool,
}

impl RuleSet {
    /// The secrets of `text`; of those that overlap, the first rule's. It ends when `most` were found, or a few more. `naming` are the detectors
    /// whose files it is.
    pub(crate) fn scan(&self, text: &Text<'_>, naming: &[usize], most: usize) -> Findings {
        let mut found = Vec::new();
        let mut secrets = Vec::new();
        self.keywords.visit(text.bytes, |keyword, range| {
            for &number in self.by_keyword.get(keyword).map(Vec::as_slice).unwrap_or_default() {
                let Some(detector) = self.detectors.get(number) else { continue };
                if admits(detector, text) && (!Self::is_held_to_files(detector) || naming.contains(&number)) {
                    detector.try_at(text, &range, &mut secrets);
                    found.extend(secrets.drain(..).map(|secret| Found { detector: number, secret }));
                }
            }
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        for &number in naming {
            let Some(detector) = self.detectors.get(number).filter(|detector| admits(detector, text)) else { continue };
            detector.try_whole(text, &mut secrets);
            found.extend(secrets.drain(..).take(most).map(|secret| Found { detector: number, secret }));
        }
        Findings { is_all: found.len() < most, found: without_overlaps(found) }
    }
}

fn admits(detector: &Detector, text: &Text<'_>) -> bool {
    let by_scope = match detector.scope {
        Scope::Everywhere => true,
        Scope::Own => text.ground >= Ground::Own,
        Scope::Configuration => text.ground >= Ground::Configuration,
    };
    by_scope
        && (detector.extensions.is_empty() || detector.extensions.iter().any(|extension| extension == text.extension))
}

/// Of secrets that share bytes, the one whose rule comes first.
fn without_overlaps(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_unstable_by_key(|found| (found.detector, found.secret.start));
    let mut apart = Apart::default();
    found.into_iter().for_each(|found| apart.push(found));
    apart.finish()
}

/// Secrets that share no bytes: the first that comes stays.
#[derive(Default)]
pub(crate) struct Apart(BTreeMap<usize, Found>);

impl Apart {
    pub(crate) fn push(&mut self, found: Found) {
        let before = self.0.range(..found.secret.end).next_back();
        if before.is_none_or(|(_, before)| before.secret.end <= found.secret.start) {
            self.0.insert(found.secret.start, found);
        }
    }

    /// By where they are.
    pub(crate) fn finish(self) -> Vec<Found> {
        self.0.into_values().collect()
    }
}

impl Detector {
    /// Tries the rule where its keyword is.
    fn try_at(&self, text: &Text<'_>, keyword: &Range<usize>, secrets: &mut Vec<Range<usize>>) {
        let found = match &self.form {
            Form::Token { pattern, lead, max_length } => self.token_at(text, keyword, pattern, *lead, *max_length),
            Form::Assigned { value, any_name } => self.assigned_at(text, keyword, value, *any_name),
            Form::Url(schemes) => crate::url::password_at(text, keyword, schemes),
            Form::Finder(finder) => {
                finder.find(text, keyword, secrets);
                return;
            }
            Form::Lines(_) | Form::WholeFile => return,
        };
        secrets.extend(found.filter(|secret| self.check.is_none_or(|check| check.holds(text, secret))));
    }

    /// Looks through a file of the rule's own.
    fn try_whole(&self, text: &Text<'_>, secrets: &mut Vec<Range<usize>>) {
        match &self.form {
            Form::Lines(pattern) => {
                let bytes = text.bytes.get(..MAX_LINES_BYTES).unwrap_or(text.bytes);
                let Some(regex) = pattern.get() else { return };
                let groups = regex
                    .captures_iter(bytes)
                    .filter_map(|captures| captures.iter().skip(1).flatten().next().map(|group| group.range()));
                secrets.extend(groups.filter(|secret| self.is_line_secret(text, secret)).take(MAX_FOUND));
            }
            Form::WholeFile => {
                let whole = 0..text.bytes.len();
                secrets.extend(Some(whole).filter(|whole| self.check.is_some_and(|check| check.holds(text, whole))));
            }
            _ => {}
        }
    }

    fn is_line_secret(&self, text: &Text<'_>, secret: &Range<usize>) -> bool {
        let bytes = text.bytes.get(secret.clone()).unwrap_or_default();
        let bare = bytes.strip_prefix(b"\"").unwrap_or(bytes);
        let is_hash = self.rule.id == "htpasswd-hash";
        !is_placeholder(bytes, self.repeats)
            && (is_hash || !is_reference(bare))
            && !crate::placeholder::is_no_password(bare.strip_suffix(b"\"").unwrap_or(bare))
            && entropy(bytes) >= self.entropy
    }

    fn token_at(
        &self,
        text: &Text<'_>,
        keyword: &Range<usize>,
        pattern: &Pattern,
        lead: usize,
        max_length: usize,
    ) -> Option<Range<usize>> {
        let bytes = text.bytes;
        let start = keyword.start.checked_sub(lead)?;
        let window = bytes.get(start..bytes.len().min(start + max_length))?;
        let regex = pattern.get()?;
        let is_whole = regex.captures_len() == 1;
        if is_whole && is_joined_before(bytes, start) {
            return None;
        }
        let range = if is_whole {
            regex.find(window)?.range()
        } else {
            regex.captures(window)?.iter().skip(1).flatten().next()?.range()
        };
        let secret = start + range.start..start + range.end;
        if bytes.get(secret.end).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let skipped = if is_whole && lead == 0 { keyword.len() } else { 0 };
        let told = bytes.get(secret.start + skipped..secret.end)?;
        (entropy(told) >= self.entropy && !is_placeholder(told, self.repeats)).then_some(secret)
    }

    fn assigned_at(
        &self,
        text: &Text<'_>,
        keyword: &Range<usize>,
        value: &Pattern,
        any_name: bool,
    ) -> Option<Range<usize>> {
        const WORDS: [&str; 11] =
            ["key", "token", "secret", "pass", "pwd", "auth", "cred", "licen", "login", "api", "bearer"];
        let assignment = assignment_at(text.bytes, keyword, MAX_ASSIGNED)?;
        let name = text.bytes.get(assignment.name)?.to_ascii_lowercase();
        if !any_name && !WORDS.iter().any(|word| crate::decode::contains(&name, word.as_bytes())) {
            return None;
        }
        let given = text.bytes.get(assignment.value.clone())?;
        let closing = given.iter().rev().take_while(|&&byte| b")}]".contains(&byte)).count();
        let secret = assignment.value.start..assignment.value.end - closing;
        let given = text.bytes.get(secret.clone())?;
        let holds =
            value.get()?.is_match(given) && entropy(given) >= self.entropy && !is_placeholder(given, self.repeats);
        holds.then_some(secret)
    }
}

/// Whether what begins at `start` is only the rest of a longer word. A letter after a backslash is an escape.
fn is_joined_before(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    if !bytes.get(start).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => false,
        [.., byte] => byte.is_ascii_alphanumeric() || *byte == b'_',
        [] => false,
    }
}
