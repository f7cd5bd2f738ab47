//! Until when an operating system is mended.
//!
//! In: a table of systems and dates (`data/end-of-life.toml` documents the format), what a feed says of the same releases, what an image's release
//! file says, and today. Out: a [`OsSupport`], and an observation where the end is past.

use chrono::NaiveDate;
use plimsoll_model::{Observation, ObservationKind, OsRelease, OsSupport, Place, Severity, SupportPeriod};
use serde::Deserialize;

use crate::check::quote;

/// The table that comes with the program.
pub const BUNDLED: &[u8] = include_bytes!("../data/end-of-life.toml");
/// The largest table that is read: a TOML document takes seventy times its size.
const MOST_BYTES: usize = 1 << 20;

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndOfLifeError {
    /// More bytes than any such table has.
    #[error("an end-of-life table of {0} bytes is past the limit of {MOST_BYTES} bytes")]
    TooLarge(usize),
    /// Not a table of the documented format.
    #[error("the end-of-life table does not parse: {0}")]
    Malformed(String),
}

/// Operating systems and until when they are mended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct EndOfLifeTable {
    /// The day as of which it is known.
    pub revision: NaiveDate,
    #[serde(default, rename = "system")]
    systems: Vec<System>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct System {
    ids: Vec<String>,
    name: String,
    product: Option<String>,
    marker: Option<String>,
    #[serde(default = "one")]
    parts: usize,
    #[serde(default)]
    rolling: bool,
    extended: Option<String>,
    #[serde(default)]
    releases: Vec<Release>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Release {
    version: String,
    codename: Option<String>,
    standard: Option<NaiveDate>,
    extended: Option<NaiveDate>,
}

const fn one() -> usize {
    1
}

impl EndOfLifeTable {
    /// Reads a table.
    ///
    /// # Errors
    /// See [`EndOfLifeError`]. A table with an error in it is not used in part: what it lacks would look supported.
    pub fn parse(bytes: &[u8]) -> Result<Self, EndOfLifeError> {
        if bytes.len() > MOST_BYTES {
            return Err(EndOfLifeError::TooLarge(bytes.len()));
        }
        let malformed = |text: &str| EndOfLifeError::Malformed(text.chars().take(300).collect());
        let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error.to_string()))?;
        let table: Self = toml::from_str(text).map_err(|error| malformed(error.message()))?;
        for system in &table.systems {
            let wrong = system
                .releases
                .iter()
                .find(|release| release.extended.is_some() && release.extended < release.standard);
            if let Some(release) = wrong {
                return Err(malformed(&format!("{} {} ends before it begins", system.name, release.version)));
            }
        }
        Ok(table)
    }

    /// The table that comes with the program.
    pub fn bundled() -> Self {
        // A test reads it; were it ever broken, every system would be `Unknown`, never supported.
        Self::parse(BUNDLED).unwrap_or_default()
    }

    /// The bundled table with what a feed says of its systems: that is newer, and knows releases that the table does not.
    pub fn updated(periods: &[SupportPeriod]) -> Self {
        let mut table = Self::bundled();
        for system in &mut table.systems {
            for period in periods.iter().filter(|period| system.product.as_ref() == Some(&period.product)) {
                let Some(version) = system.release_name(&period.release).map(ToOwned::to_owned) else { continue };
                system.releases.retain(|release| release.version != version);
                system.releases.push(Release {
                    version,
                    codename: period.codename.clone(),
                    standard: period.standard,
                    extended: period.extended,
                });
            }
        }
        table
    }

    /// Whether and until when a system is mended.
    pub fn support_state(&self, os: &OsRelease, today: NaiveDate) -> OsSupport {
        let Some(system) = self.system(os) else { return OsSupport::Unknown };
        if system.rolling {
            return OsSupport::Supported { until: None };
        }
        let Some(release) = system.release(os) else { return OsSupport::Unknown };
        match (release.standard, release.extended) {
            (Some(standard), _) if today <= standard => OsSupport::Supported { until: Some(standard) },
            (Some(ended), Some(until)) if today <= until => OsSupport::Extended { ended, until: Some(until) },
            (Some(standard), extended) => OsSupport::Ended { since: extended.unwrap_or(standard) },
            (None, _) => OsSupport::Supported { until: None },
        }
    }

    /// What is wrong with a system that nobody mends any more; `None` of any other.
    pub fn observation(&self, os: &OsRelease, today: NaiveDate) -> Option<Observation> {
        let OsSupport::Ended { since } = self.support_state(os, today) else { return None };
        let system = self.system(os)?;
        let release = system.release(os)?;
        let standard = match (release.standard, release.extended) {
            (Some(standard), Some(_)) => {
                let extended = system.extended.as_deref().unwrap_or("extended support");
                format!(" with {extended}; for everybody on {standard}")
            }
            _ => String::new(),
        };
        let evidence = format!("{} {}: fixes ended on {since}{standard}", system.name, release.version);
        Some(Observation {
            kind: ObservationKind::EndOfLife,
            rule: "os-end-of-life".into(),
            references: Vec::new(),
            title: "The operating system is past its end of life".into(),
            severity: Severity::High,
            family: None,
            place: Place::Image,
            layer: None,
            removed_in: None,
            evidence: quote(&evidence),
            advice: "Build on a release that is mended: no advisory will tell of what is found in this one.".into(),
        })
    }

    fn system(&self, os: &OsRelease) -> Option<&System> {
        let name = os.pretty_name.as_deref().unwrap_or_default();
        self.systems.iter().find(|system| {
            system.ids.contains(&os.id) && system.marker.as_deref().is_none_or(|marker| name.contains(marker))
        })
    }
}

impl System {
    /// The table's name for a release that a feed names: Azure Linux's 3.0 is 3. `None` of a part of a release.
    fn release_name<'r>(&self, release: &'r str) -> Option<&'r str> {
        let short = release.strip_suffix(".0").filter(|short| short.split('.').count() >= self.parts);
        let name = short.unwrap_or(release);
        (name.split('.').count() <= self.parts).then_some(name)
    }

    fn release(&self, os: &OsRelease) -> Option<&Release> {
        let Some(version) = os.version_id.as_deref() else {
            // Debian names a release that is not out yet by its codename alone.
            let codename = os.codename.as_deref()?;
            return self.releases.iter().find(|release| release.codename.as_deref() == Some(codename));
        };
        let end = version.match_indices('.').nth(self.parts.saturating_sub(1)).map_or(version.len(), |(at, _)| at);
        let version = version.get(..end)?;
        self.releases.iter().find(|release| release.version == version)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn os(id: &str, version: Option<&str>) -> OsRelease {
        OsRelease { id: id.into(), version_id: version.map(ToOwned::to_owned), codename: None, pretty_name: None }
    }

    /// `until DATE`, `extended DATE`, `ended DATE`, `no end` or `unknown`.
    fn shown(state: OsSupport) -> String {
        match state {
            OsSupport::Supported { until: Some(until) } => format!("until {until}"),
            OsSupport::Supported { until: None } => "no end".into(),
            OsSupport::Extended { until, .. } => format!("extended {}", until.unwrap_or_default()),
            OsSupport::Ended { since } => format!("ended {since}"),
            OsSupport::Unknown | OsSupport::Absent => "unknown".into(),
        }
    }

    #[test]
    fn every_family_of_systems_is_known() {
        let table = EndOfLifeTable::parse(BUNDLED).unwrap();
        assert_eq!(EndOfLifeTable::bundled(), table);
        let cases = [
            ("debian", Some("10"), "ended 2024-06-30"),
            ("debian", Some("12"), "extended 2028-06-30"),
            ("debian", Some("13"), "until 2028-08-09"),
            ("debian", Some("13.2"), "until 2028-08-09"),
            ("debian", Some("99"), "unknown"),
            ("debian", None, "unknown"),
            ("ubuntu", Some("14.04"), "ended 2024-04-25"),
            ("ubuntu", Some("20.04"), "extended 2030-04-30"),
            ("ubuntu", Some("24.10"), "ended 2025-07-10"),
            ("ubuntu", Some("24.04"), "until 2029-05-31"),
            ("alpine", Some("3.18.4"), "ended 2025-05-09"),
            ("alpine", Some("3.23.0"), "until 2027-11-01"),
            ("alpine", Some("3.24_alpha20260101"), "unknown"),
            ("rhel", Some("7.9"), "extended 2028-06-30"),
            ("rhel", Some("9.4"), "until 2032-05-31"),
            ("centos", Some("7"), "ended 2024-06-30"),
            ("almalinux", Some("8.10"), "until 2029-03-01"),
            ("rocky", Some("9.3"), "until 2032-05-31"),
            ("ol", Some("7.9"), "extended 2028-06-30"),
            ("fedora", Some("40"), "ended 2025-05-13"),
            ("fedora", Some("43"), "until 2026-12-09"),
            ("amzn", Some("2"), "ended 2026-06-30"),
            ("amzn", Some("2018.03"), "ended 2023-12-31"),
            ("amzn", Some("2023"), "until 2029-06-30"),
            ("sles", Some("15.5"), "extended 2027-12-31"),
            ("sles", Some("15"), "ended 2022-12-31"),
            ("opensuse-leap", Some("15.6"), "ended 2026-04-30"),
            ("photon", Some("5.0"), "no end"),
            ("mariner", Some("2.0"), "ended 2025-07-31"),
            ("azurelinux", Some("3.0"), "until 2027-08-31"),
            ("wolfi", Some("20230201"), "no end"),
            ("chainguard", None, "no end"),
            ("arch", None, "no end"),
            ("plan9", Some("4"), "unknown"),
        ];
        for (id, version, expected) in cases {
            assert_eq!(shown(table.support_state(&os(id, version), day("2026-11-25"))), expected, "{id} {version:?}");
        }
    }

    #[test]
    fn the_last_day_is_still_one() {
        let table = EndOfLifeTable::bundled();
        let state = |today: &str| table.support_state(&os("debian", Some("12")), day(today));
        let (ended, until) = (day("2026-06-10"), day("2028-06-30"));
        assert_eq!(state("2026-06-10"), OsSupport::Supported { until: Some(ended) });
        assert_eq!(state("2026-06-11"), OsSupport::Extended { ended, until: Some(until) });
        assert_eq!(state("2028-06-30"), OsSupport::Extended { ended, until: Some(until) });
        assert_eq!(state("2028-07-01"), OsSupport::Ended { since: until });
    }

    #[test]
    fn systems_that_share_an_id_are_told_apart_by_name() {
        let table = EndOfLifeTable::bundled();
        let stream = OsRelease { pretty_name: Some("CentOS Stream 8".into()), ..os("centos", Some("8")) };
        assert_eq!(shown(table.support_state(&stream, day("2022-01-01"))), "until 2024-05-31");
        assert_eq!(shown(table.support_state(&os("centos", Some("8")), day("2022-01-01"))), "ended 2021-12-31");
        let testing = OsRelease { codename: Some("trixie".into()), ..os("debian", None) };
        assert_eq!(shown(table.support_state(&testing, day("2026-01-01"))), "until 2028-08-09");
    }

    #[test]
    fn an_ended_system_is_observed_with_its_dates() {
        let table = EndOfLifeTable::bundled();
        let observed = |id, version| table.observation(&os(id, Some(version)), day("2026-11-25"));
        let observation = observed("debian", "10").unwrap();
        assert_eq!(observation.evidence, "Debian 10: fixes ended on 2024-06-30 with LTS; for everybody on 2022-09-10");
        assert_eq!((observation.kind, observation.severity), (ObservationKind::EndOfLife, Severity::High));
        assert_eq!(observed("alpine", "3.3.1").unwrap().evidence, "Alpine 3.3: fixes ended on 2017-11-01");
        for (id, version) in [("debian", "12"), ("debian", "13"), ("debian", "99"), ("wolfi", "1")] {
            assert_eq!(observed(id, version), None, "{id} {version}");
        }
    }

    #[test]
    fn what_a_feed_says_of_a_release_comes_before_the_table() {
        let period = |product: &str, release: &str, standard: Option<&str>, extended: Option<&str>| SupportPeriod {
            product: product.into(),
            release: release.into(),
            codename: (release == "14").then(|| "forky".into()),
            standard: standard.map(day),
            extended: extended.map(day),
        };
        let table = EndOfLifeTable::updated(&[
            period("debian", "12", Some("2026-06-10"), Some("2026-06-30")),
            period("debian", "14", Some("2030-08-09"), None),
            period("debian", "3.1", Some("2008-03-31"), None),
            period("centos-stream", "9", Some("2026-01-01"), None),
            period("alpine-linux", "3.24", Some("2028-05-01"), None),
            period("amazon-linux", "2018.03", Some("2099-01-01"), None),
            period("azure-linux", "3.0", Some("2026-01-02"), None),
            period("opensuse", "16.0", Some("2026-01-03"), None),
            period("python", "12", Some("2000-01-01"), None),
        ]);
        let stream = OsRelease { pretty_name: Some("CentOS Stream 9".into()), ..os("centos", Some("9")) };
        let forky = OsRelease { codename: Some("forky".into()), ..os("debian", None) };
        for (os, expected) in [
            (os("debian", Some("12")), "ended 2026-06-30"),
            (os("debian", Some("11")), "ended 2026-08-31"),
            (os("debian", Some("13")), "until 2028-08-09"),
            (os("debian", Some("14")), "until 2030-08-09"),
            (os("debian", Some("3")), "unknown"),
            (forky, "until 2030-08-09"),
            (stream, "ended 2026-01-01"),
            (os("alpine", Some("3.24.1")), "until 2028-05-01"),
            (os("amzn", Some("2018.03")), "ended 2023-12-31"),
            (os("azurelinux", Some("3.0")), "ended 2026-01-02"),
            (os("opensuse-leap", Some("16.0")), "ended 2026-01-03"),
        ] {
            assert_eq!(shown(table.support_state(&os, day("2026-11-25"))), expected, "{os:?}");
        }
        assert_eq!(EndOfLifeTable::updated(&[]), EndOfLifeTable::bundled());
    }

    #[test]
    fn a_table_with_an_error_is_refused_whole() {
        let release = |release: &str| {
            format!("revision = \"2026-01-01\"\n[[system]]\nids = [\"x\"]\nname = \"X\"\nreleases = [{{ {release} }}]")
        };
        let parse = |text: &str| EndOfLifeTable::parse(text.as_bytes());
        assert!(parse(&release("version = \"1\", standard = \"2026-01-01\", new = 1")).is_ok());
        for bad in [
            "",
            "revision = \"soon\"",
            "[[system]",
            &release("standard = \"2026-01-01\""),
            &release("version = \"1\", standard = \"2026-02-30\""),
            &release("version = \"1\", standard = \"2026-02-01\", extended = \"2026-01-01\""),
        ] {
            assert!(matches!(parse(bad), Err(EndOfLifeError::Malformed(_))), "{bad}");
        }
        assert!(matches!(EndOfLifeTable::parse(b"\xff"), Err(EndOfLifeError::Malformed(_))));
        assert_eq!(parse(&" ".repeat(MOST_BYTES + 1)), Err(EndOfLifeError::TooLarge(MOST_BYTES + 1)));
    }

    #[test]
    fn the_bundled_table_has_each_release_once() {
        for system in EndOfLifeTable::bundled().systems {
            let versions: BTreeSet<_> = system.releases.iter().map(|release| &release.version).collect();
            assert_eq!(versions.len(), system.releases.len(), "{}", system.name);
            assert_ne!(system.rolling, !system.releases.is_empty(), "{}", system.name);
            for release in &system.releases {
                let parts = release.version.split('.').count();
                assert!(parts <= system.parts, "{} {}", system.name, release.version);
            }
        }
    }
}
