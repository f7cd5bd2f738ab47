//! What of a source was judged offline, and what was not.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_advisories::{left_aside, lists_only_fixes, programs, unread_repositories};
use plimsoll_advisory_db::{AdvisoryDb, DbError};
use plimsoll_checks::EndOfLifeTable;
use plimsoll_model::{Coverage, CoverageEvidence, Ecosystem, InstalledPackage, JudgedPackages, OsSupport, PackageType};

use crate::source::ReadSource;

/// The packages, counted as they are judged: by type, ecosystem, and program that no source knows.
#[derive(Default)]
pub struct Judged(BTreeMap<Kind, Counts>);

type Kind = (PackageType, Option<Ecosystem>, Option<String>);

#[derive(Default)]
struct Counts {
    packages: u64,
    unordered: u64,
    left_aside: u64,
}

impl Judged {
    /// One more, which some advisory could not be compared with, or all could.
    pub fn count(&mut self, installed: &InstalledPackage, is_unordered: bool) {
        let (kind, ecosystem) = (installed.package.kind, installed.ecosystem.as_ref());
        let program = is_unknown_program(installed).then(|| installed.package.name.clone());
        let unread = ecosystem.and_then(unread_repositories).and_then(|unread| unread.packages);
        let counts = self.0.entry((kind, ecosystem.cloned(), program)).or_default();
        counts.packages += 1;
        counts.unordered += u64::from(is_unordered);
        counts.left_aside += u64::from(unread.is_some_and(|start| installed.package.name.starts_with(start)));
    }

    fn of_database(self, db: &AdvisoryDb) -> Result<Vec<JudgedPackages>, DbError> {
        let judged = |((kind, ecosystem, program), counts): (Kind, Counts)| {
            let has_source = ecosystem.as_ref().map_or(Ok(false), |ecosystem| db.has_ecosystem(ecosystem))?;
            Ok(JudgedPackages {
                kind,
                count: counts.packages,
                unordered: counts.unordered,
                has_source: has_source && program.is_none(),
                // A database holds what it was made of: nothing is still to come.
                awaits: None,
                lists_only_fixes: ecosystem.as_ref().is_some_and(lists_only_fixes),
                left_aside: ecosystem.as_ref().and_then(|name| left_aside(name, counts.left_aside)),
                ecosystem,
                program,
            })
        };
        self.0.into_iter().map(judged).collect()
    }
}

/// Whether it is a program without a package that no source could speak of.
pub fn is_unknown_program(installed: &InstalledPackage) -> bool {
    installed.ecosystem.as_ref().is_some_and(|ecosystem| !programs::is_spoken_of(ecosystem, &installed.package.name))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plimsoll_advisories::programs::PROGRAMS;

    /// The two tables are of crates that do not know each other: one tells how a program is found, the other by whom it is judged.
    #[test]
    fn every_program_that_is_found_has_its_products_or_a_reason_why_none() {
        let found: BTreeSet<&str> = plimsoll_analysis::program_names().collect();
        let known: BTreeSet<&str> = PROGRAMS.iter().map(|program| program.name).collect();
        assert_eq!(found, known);
    }
}
