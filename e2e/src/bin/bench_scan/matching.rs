//! Matching alone, in one thread: package versions against all that the mirror's advisories say of their packages.
//!
//! One version for each package that an advisory names: the first that it calls fixed, else one that it lists. So every judgement is of
//! versions that are hard to tell apart, and every ecosystem has its share.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use plimsoll_advisories::feeds::{self, Record};
use plimsoll_advisories::{AdvisorySource as _, Candidate, PackageVersion, matches};
use plimsoll_advisory_db::AdvisoryDb;
use plimsoll_model::{Affected, Event, PackageKey};

use crate::measure::{fastest, per_second, seconds, thousands};
use crate::table::Table;

/// Measures on the database that was built of `feeds`.
pub async fn measure(table: &mut Table, db: &Path, feeds: &Path, runs: u8) {
    let packages = package_versions(feeds);
    let db = AdvisoryDb::open(db).expect("the database");
    let keys: Vec<PackageKey> = packages.iter().map(PackageVersion::key).collect();
    let started = Instant::now();
    let mut candidates = Vec::new();
    // In portions of a large image's size, as a scan asks.
    for keys in keys.chunks(1000) {
        candidates.extend(db.affecting(keys).await.expect("candidates"));
    }
    let looked_up = started.elapsed();
    let judgements = candidates.len();
    let mut said: HashMap<PackageKey, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        said.entry(candidate.affected.key()).or_default().push(candidate);
    }
    let by_package: Vec<(&PackageVersion, &[Candidate])> = packages
        .iter()
        .zip(&keys)
        .map(|(package, key)| (package, said.get(key).map(Vec::as_slice).unwrap_or_default()))
        .collect();
    let judge = || by_package.iter().map(|(package, said)| matches(package, said).matches.len()).sum::<usize>();
    let found = judge();
    let taken = fastest(runs, judge);
    let of = format!(
        "{} package versions, {} candidates, {} matches",
        thousands(packages.len() as u64),
        thousands(judgements as u64),
        thousands(found as u64)
    );
    table.row(
        "matching: look up (once)",
        seconds(looked_up),
        "-".into(),
        format!("the offline database (SQLite), {of}"),
    );
    let rate = per_second(packages.len(), looked_up);
    table.row("matching: look up", format!("{rate} packages/s"), "-".into(), "one thread");
    let rate = per_second(packages.len(), taken);
    table.row("matching: judge", format!("{rate} package versions/s"), "-".into(), format!("one thread, {of}"));
    table.row("matching: judge", format!("{} candidates/s", per_second(judgements, taken)), "-".into(), "the same run");
}

/// A version of each package that an advisory of the default documents names.
fn package_versions(folder: &Path) -> Vec<PackageVersion> {
    let mut versions: BTreeMap<PackageKey, String> = BTreeMap::new();
    // An index names documents and is none itself.
    let documents = feeds::of_records().flat_map(|feed| feed.documents());
    for document in documents.filter(|document| document.index().is_none()) {
        let Ok(file) = File::open(folder.join(document.mirror_path())) else { continue };
        let mut sink = |record: Record| {
            let Record::Advisory(advisory) = record else { return Ok(()) };
            for affected in advisory.affected {
                if let Some(version) = version(&affected) {
                    versions.entry(affected.key()).or_insert(version);
                }
            }
            Ok(())
        };
        feeds::parse(&document, &mut BufReader::new(file), &mut sink).expect("a document of the mirror");
    }
    let of_key = |(key, version): (PackageKey, String)| PackageVersion {
        ecosystem: key.ecosystem,
        name: key.package,
        version,
        module: None,
        is_inert: false,
    };
    versions.into_iter().map(of_key).collect()
}

fn version(affected: &Affected) -> Option<String> {
    let fixed = |event: &Event| if let Event::Fixed(version) = event { Some(version.clone()) } else { None };
    let events = affected.ranges.iter().flat_map(|range| &range.events);
    events.into_iter().find_map(fixed).or_else(|| affected.versions.first().cloned())
}
