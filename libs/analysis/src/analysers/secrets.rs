//! Secrets in files, wherever they lie: in texts, also within archives, and in programs.
//!
//! In: the file. Out: one observation a secret, redacted; no package. What is looked for, and where it is not, is
//! `plimsoll-secrets`' to say.

use plimsoll_checks::judgement::observation;
use plimsoll_model::Place;
use plimsoll_secrets::{MAX_FILE_BYTES, MAX_PROGRAM_BYTES, RULES_VERSION, SecretScanner, wants_path, wants_program};

use crate::{Analyser, ContentKind, File, Malformed, Observations, PastLimit};

/// Looks for secrets in files.
pub struct Secrets;

/// Key stores are the secrets that are no text; they are small.
const KEY_STORE_BYTES: usize = 64 << 10;

impl Analyser for Secrets {
    fn name(&self) -> &'static str {
        "secrets"
    }

    fn version(&self) -> u32 {
        RULES_VERSION
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        use ContentKind::{Binary, Elf, MachO, Pe, Script, Text};
        &[Text, Script, Binary, Elf, Pe, MachO]
    }

    fn wants_content(&self, path: &str, kind: ContentKind, size: u64) -> bool {
        match kind {
            _ if kind.is_executable() => wants_program(path),
            ContentKind::Binary => size <= KEY_STORE_BYTES as u64 && wants_path(path),
            _ => wants_path(path),
        }
    }

    fn wants_member(&self, path: &str, _size: u64) -> bool {
        wants_path(path)
    }

    fn looks_into_archives(&self) -> bool {
        true
    }

    fn max_bytes(&self) -> usize {
        bytes(MAX_PROGRAM_BYTES)
    }

    /// One byte more of a key store tells one of which no size is stated from what is larger.
    fn bounds(&self, _path: &str, kind: ContentKind, _size: u64) -> (usize, PastLimit) {
        match kind {
            ContentKind::Binary => (KEY_STORE_BYTES + 1, PastLimit::BeginningSuffices),
            _ if kind.is_executable() => (self.max_bytes(), self.past_limit()),
            _ => (bytes(MAX_FILE_BYTES), self.past_limit()),
        }
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        for hit in SecretScanner::new().scan_file(file.path, file.bytes) {
            let path = file.path.to_owned();
            let line = (!file.kind.is_executable()).then_some(hit.line);
            let place = Place::File { path, line, offset: Some(hit.offset) };
            seen.observation(observation(&hit, place, None));
        }
        Ok(())
    }
}

fn bytes(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
