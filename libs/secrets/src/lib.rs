//! Finds secrets in bytes: private keys, cloud keys, tokens, passwords. No file, no network, no clock.
//!
//! In: a file's path and bytes ([`SecretScanner::scan_file`]), a variable or label of an image's config
//! ([`SecretScanner::scan_value`]) or a line of its history ([`SecretScanner::scan_command`]).
//! Out: [`SecretHit`]s: which [`Rule`], where, and a redacted text. The secret itself leaves this crate in no form.
//!
//! One automaton finds the keywords of all rules in one pass; only around a keyword is a rule's expression tried, in a bounded
//! window, and then the allow-lists. All of it takes time linear in the bytes, whatever they are.

mod assignment;
mod checks;
mod command;
mod decode;
mod entropy;
mod finders;
mod hit;
mod keywords;
mod named;
mod path;
mod placeholder;
mod rule;
mod scan;
mod scanner;
mod url;
mod utf16;

pub use hit::SecretHit;
pub use path::{MAX_FILE_BYTES, MAX_PROGRAM_BYTES, wants_path, wants_program};
pub use rule::Rule;
pub use scanner::SecretScanner;

/// Names this set of rules and how they are judged. Raised whenever an answer may change: that is what decides a re-scan.
pub const RULES_VERSION: u32 = 3;
