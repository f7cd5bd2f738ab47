//! Secrets in files, wherever they lie: in texts, also within archives.
//!
//! In: the file. Out: one observation a secret, redacted; no package. What is looked for, and where it is not, is
//! `plimsoll-secrets`' to say.

use plimsoll_checks::judgement::observation;
use plimsoll_model::Place;
use plimsoll_secrets::{RULES_VERSION, SecretScanner, wants_path};

use crate::{Analyser, ContentKind, File, Malformed, Observations, PastLimit};

/// Looks for secrets in files.
pub struct Secrets;

/// Texts are looked at up to here. What is larger is data: logs, dumps, tables.
const MOST_BYTES: usize = 10 << 20;

impl Analyser for Secrets {
    fn name(&self) -> &'static str {
        "secrets"
    }

    fn version(&self) -> u32 {
        RULES_VERSION
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Text, ContentKind::Script, ContentKind::Binary]
    }

    fn wants_content(&self, path: &str, kind: ContentKind, size: u64) -> bool {
        // Key stores are the secrets that are no text; they are small.
        wants_path(path, size) && (kind != ContentKind::Binary || size <= 64 << 10)
    }

    fn wants_member(&self, path: &str, size: u64) -> bool {
        size <= 1 << 20 && wants_path(path, size)
    }

    fn looks_into_archives(&self) -> bool {
        true
    }

    fn max_bytes(&self) -> usize {
        MOST_BYTES
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        for hit in SecretScanner::new().scan_file(file.path, file.bytes) {
            let path = file.path.to_owned();
            let place = Place::File { path, line: Some(hit.line), offset: Some(hit.offset) };
            seen.observation(observation(&hit, place, None));
        }
        Ok(())
    }
}
