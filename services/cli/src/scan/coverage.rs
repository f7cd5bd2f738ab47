//! What of a source was judged offline, and what was not.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_advisory_db::{AdvisoryDb, DbError};
use plimsoll_checks::EndOfLifeTable;
use plimsoll_model::{Coverage, CoverageEvidence, Ecosystem, JudgedPackages, OsSupport, PackageType};

use crate::source::ReadSource;

/// The packages, counted as they are judged.
#[derive(Default)]
pub struct Judged(BTreeMap<(PackageType, Option<Ecosystem>), (u64, u64)>);

impl Judged {
    /// One more, which some advisory could not be compared with, or all could.
    pub fn count(&mut self, kind: PackageType, ecosystem: Option<&Ecosystem>, is_unordered: bool) {
        let (packages, unordered) = self.0.entry((kind, ecosystem.cloned())).or_default();
        *packages += 1;
        *unordered += u64::from(is_unordered);
    }

    fn of_database(self, db: &AdvisoryDb) -> Result<Vec<JudgedPackages>, DbError> {
        let judged = |((kind, ecosystem), (count, unordered)): ((PackageType, Option<Ecosystem>), _)| {
            let has_source = ecosystem.as_ref().map_or(Ok(false), |ecosystem| db.has_ecosystem(ecosystem))?;
            Ok(JudgedPackages { kind, ecosystem, count, unordered, has_source })
        };
        self.0.into_iter().map(judged).collect()
    }
}

/// The coverage of a source whose packages were judged by this database.
pub fn coverage(
    source: &ReadSource,
    judged: Judged,
    db: &AdvisoryDb,
    knowledge: &BTreeMap<String, DateTime<Utc>>,
    end_of_life: &EndOfLifeTable,
    today: NaiveDate,
) -> Result<Coverage, DbError> {
    let os = source.inventory.os.as_ref();
    Ok(Coverage::of(&CoverageEvidence {
        platform: source.config.as_ref().map(|config| config.os.as_str()),
        os,
        support: os.map_or(OsSupport::Absent, |os| end_of_life.support_state(os, today)),
        sources: &source.inventory.sources,
        problems: &source.inventory.problems,
        packages: &judged.of_database(db)?,
        knowledge: knowledge.values().min().copied(),
    }))
}
