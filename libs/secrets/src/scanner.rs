//! The doors: files, values, commands.

use crate::command::given;
use crate::path::{Ground, extension, file_name, ground};
use crate::rule::{RULES, RuleSet};
use crate::scan::{Apart, Findings, Found, MAX_FOUND, Text};
use crate::{Rule, SecretHit, utf16};

/// Bytes of a variable or command that are looked at.
const MAX_VALUE_BYTES: usize = 256 << 10;
/// Secrets that are hidden in one text: each takes time.
const MAX_REDACTED: usize = 10_000;
/// Where a NUL says that a file is no text.
const SNIFFED: usize = 8 << 10;

/// Finds secrets. The rules are read once a process; making another costs nothing.
#[derive(Clone, Copy)]
pub struct SecretScanner {
    rules: &'static RuleSet,
}

impl Default for SecretScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl SecretScanner {
    /// With the rules of this version. The first call takes some milliseconds.
    pub fn new() -> Self {
        Self { rules: &RULES }
    }

    /// All rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + use<> {
        self.rules.detectors.iter().map(|detector| &detector.rule)
    }

    /// The secrets in a file, by where they are. What its path is decides what is looked for; whether it is opened at all is for
    /// [`wants_path`](crate::wants_path). Takes time linear in the bytes.
    pub fn scan_file(&self, path: &str, bytes: &[u8]) -> Vec<SecretHit> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(narrowed) = utf16::narrowed(bytes) {
            let mut hits = self.scan_bytes(path, &narrowed);
            for hit in &mut hits {
                hit.offset = hit.offset * 2 + 2;
            }
            return hits;
        }
        self.scan_bytes(path, bytes)
    }

    fn scan_bytes(&self, path: &str, bytes: &[u8]) -> Vec<SecretHit> {
        let own = ground(path);
        if own == Ground::Nothing {
            return vec![];
        }
        let is_binary = bytes.get(..SNIFFED).unwrap_or(bytes).contains(&0);
        let naming = if own == Ground::Published { vec![] } else { self.rules.naming(path) };
        let ground = if is_binary && naming.is_empty() { Ground::Published } else { own };
        let text = Text { bytes, ground, is_lenient: false, extension: extension(file_name(path)) };
        self.hits(bytes, &self.rules.scan(&text, &naming, MAX_FOUND).found)
    }

    /// The secrets in what `name`, an environment variable or label of the image, is set to. Offsets are those in the value.
    pub fn scan_value(&self, name: &str, value: &str) -> Vec<SecretHit> {
        let value = value.as_bytes().get(..MAX_VALUE_BYTES).unwrap_or(value.as_bytes());
        self.hits(value, &self.given(name.as_bytes(), value, MAX_FOUND).found)
    }

    /// The secrets in a line of the image's history, as `docker history` shows it: `ENV`, `ARG` and `RUN` instructions, the build
    /// arguments before a shell command (`|1 TOKEN=... /bin/sh -c`), options and headers of well-known clients.
    pub fn scan_command(&self, text: &str) -> Vec<SecretHit> {
        let bytes = text.as_bytes().get(..MAX_VALUE_BYTES).unwrap_or(text.as_bytes());
        self.hits(bytes, &self.found_in_command(bytes, MAX_FOUND).found)
    }

    fn found_in_command(&self, bytes: &[u8], most: usize) -> Findings {
        let text = Text { bytes, ground: Ground::Configuration, is_lenient: true, extension: "" };
        let Findings { found, mut is_all } = self.rules.scan(&text, &[], most);
        let mut apart = Apart::default();
        found.into_iter().for_each(|found| apart.push(found));
        for (count, given) in given(bytes).enumerate() {
            if count >= most {
                is_all = false;
                break;
            }
            let (Some(name), Some(value)) = (bytes.get(given.name), bytes.get(given.value.clone())) else { continue };
            let within = self.given(name, value, most);
            is_all &= within.is_all;
            for Found { detector, secret } in within.found {
                let secret = secret.start + given.value.start..secret.end + given.value.start;
                apart.push(Found { detector, secret });
            }
        }
        Findings { found: apart.finish(), is_all }
    }

    /// A line of the image's history, or any other text, with all its secrets hidden. What is too long to be looked at is cut off; of what has
    /// too many nothing is shown.
    pub fn redacted_command(&self, text: &str) -> String {
        let end = text.floor_char_boundary(MAX_VALUE_BYTES);
        let text = text.get(..end).unwrap_or_default();
        let Findings { found, is_all } = self.found_in_command(text.as_bytes(), MAX_REDACTED);
        if !is_all {
            return crate::hit::redact(b"");
        }
        let mut redacted = String::with_capacity(text.len());
        let mut shown = 0;
        for found in found {
            // One that is not plain text may begin within the character that the one before it ends with.
            let start = text.floor_char_boundary(found.secret.start).max(shown);
            let end = text.ceil_char_boundary(found.secret.end).max(start);
            redacted.push_str(text.get(shown..start).unwrap_or_default());
            redacted.push_str(&crate::hit::redact(text.as_bytes().get(start..end).unwrap_or_default()));
            shown = end;
        }
        redacted.push_str(text.get(shown..).unwrap_or_default());
        redacted
    }

    /// What is found in `name=value`, the value being taken whole; places are those in the value.
    fn given(&self, name: &[u8], value: &[u8], most: usize) -> Findings {
        let quote: &[u8] = if value.contains(&b'"') { b"'" } else { b"\"" };
        let bytes = [name, b"=", quote, value, quote].concat();
        let start = name.len() + 2;
        let text = Text { bytes: &bytes, ground: Ground::Configuration, is_lenient: true, extension: "" };
        let Findings { mut found, is_all } = self.rules.scan(&text, &[], most);
        found.retain(|found| found.secret.start >= start && found.secret.end <= start + value.len());
        for found in &mut found {
            found.secret = found.secret.start - start..found.secret.end - start;
        }
        Findings { found, is_all }
    }

    fn hits(&self, bytes: &[u8], found: &[Found]) -> Vec<SecretHit> {
        let mut line = 1_u32;
        let mut counted = 0;
        let mut hits = Vec::with_capacity(found.len());
        for found in found {
            let Some(detector) = self.rules.detectors.get(found.detector) else { continue };
            let lines = bytes.get(counted..found.secret.start).unwrap_or_default();
            line = line.saturating_add(u32::try_from(memchr::memchr_iter(b'\n', lines).count()).unwrap_or(u32::MAX));
            counted = found.secret.start;
            let secret = bytes.get(found.secret.clone()).unwrap_or_default();
            let offset = u64::try_from(found.secret.start).unwrap_or(u64::MAX);
            hits.push(SecretHit { rule: &detector.rule, line, offset, redacted: crate::hit::redact(secret) });
        }
        hits
    }
}
