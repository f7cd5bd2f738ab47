//! Public sets of YARA rules: a repository as an archive each.
//!
//! In: a zip with files `*.yar` and `*.yara`. Out: no records; each file is a statement, and the archive is kept as it is by whoever fetches it. What
//! compiles is the scanner's to say: a rule that does not is no reason to refuse the others.
//! Source: <https://virustotal.github.io/yara-x/docs/writing_rules/anatomy-of-a-rule/> and the repositories themselves.

use std::io::{BufReader, Read as _};

use zip::ZipReadOptions;
use zip::read::Config;
use zip::unstable::read::ZipIterable;

use super::admission::Intake;
use super::osv::{entry_refusal, zip_refusal};
use super::{DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "yara",
    title: "Public YARA rules",
    kind: FeedKind::YaraRules,
    upstream: "https://github.com",
    upstream_path,
    default_paths: || BUNDLES.into_iter().map(|(path, _)| path.to_owned()).collect(),
    later: super::none_later,
    // Rules change some times a month, and each change has every scanner compile them.
    interval: super::hours(24),
    index: None,
    parser: read,
};

/// A bundle in a mirror, and the repository that it is of.
const BUNDLES: [(&str, &str); 3] = [
    ("signature-base.zip", "Neo23x0/signature-base/archive/refs/heads/master.zip"),
    ("reversinglabs-yara-rules.zip", "reversinglabs/reversinglabs-yara-rules/archive/refs/heads/develop.zip"),
    ("yara-rules.zip", "Yara-Rules/rules/archive/refs/heads/master.zip"),
];

/// Ten times the largest bundle that is known.
const MAX_ENTRIES: u64 = 20_000;
/// Bytes of all files together, inflated.
const MAX_BYTES: u64 = 128 << 20;

fn upstream_path(path: &str) -> String {
    BUNDLES.into_iter().find(|(known, _)| *known == path).map_or(path, |(_, upstream)| upstream).to_owned()
}

/// Inflates every file of rules: an archive that is cut or damaged is refused here, and what was held before stays.
fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut archive = ZipIterable::try_new(BufReader::new(bytes), Config::default()).map_err(zip_refusal)?;
    if archive.len() as u64 > MAX_ENTRIES {
        return Err(Refusal::PastLimit { what: "the number of entries", limit: MAX_ENTRIES });
    }
    let entries = archive.files().map_err(zip_refusal)?;
    let (mut left, mut files) = (MAX_BYTES, 0_u64);
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(zip_refusal)?;
        let name = String::from_utf8_lossy(entry.name_raw()).to_ascii_lowercase();
        if !(name.ends_with(".yar") || name.ends_with(".yara")) {
            continue;
        }
        let file = entry.with_reader(entries.reader_mut(), ZipReadOptions::new()).map_err(zip_refusal)?;
        let length = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(entry_refusal)?;
        left = left
            .checked_sub(length)
            .ok_or(Refusal::PastLimit { what: "the archive's size in bytes", limit: MAX_BYTES })?;
        files += 1;
        intake.statement();
        intake.kept();
    }
    if files == 0 { Err(Refusal::Malformed("there is no file of YARA rules in it".into())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(b"rule a { condition: false }").unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn statements(bytes: Vec<u8>) -> Result<u64, Refusal> {
        let mut records = Vec::new();
        let mut intake = Intake::new("yara", &mut records);
        let outcome = read(&mut Cursor::new(bytes), &mut intake);
        intake.finish(outcome).map(|report| report.statements)
    }

    #[test]
    fn files_of_rules_are_counted_and_others_passed_over() {
        assert_eq!(statements(archive(&["a/x.yar", "a/Y.YARA", "README.md"])).unwrap(), 2);
    }

    #[test]
    fn an_archive_that_is_cut_or_without_rules_is_refused() {
        let mut cut = archive(&["a.yar"]);
        cut.truncate(cut.len() / 2);
        for bytes in [cut, archive(&["README.md"]), b"<html>".to_vec(), Vec::new()] {
            assert!(statements(bytes).is_err());
        }
    }
}
