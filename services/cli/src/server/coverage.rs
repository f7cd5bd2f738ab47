//! What the API says was judged and what was not, in the shape of the report.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::{Coverage, Gap, GapReason, Limit, LimitReason, OsSupport, PackageSource};
use serde::Deserialize;

use super::observation::unknown_word;
use crate::exit::Failure;
use crate::report::{JudgedCoverage, MalwareKind, MalwareSource, UnjudgedCheck};

/// `image { coverage }`.
#[derive(Debug, Deserialize)]
pub struct ImageCoverage {
    /// None of a scan that did not tell it.
    pub coverage: Option<Covered>,
}

/// Coverage, as the API answers it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Covered {
    os: OsCoverage,
    sources: Vec<PackageSource>,
    gaps: Vec<CoverageGap>,
    limits: Vec<CoverageLimit>,
    unjudged_checks: Vec<UnjudgedCheck>,
    /// None of a scan by an older release.
    malware_sources: Option<Vec<ExaminedWith>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExaminedWith {
    name: String,
    feed: String,
    kind: String,
    checked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OsCoverage {
    state: String,
    ended_on: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

#[derive(Debug, Deserialize)]
struct CoverageGap {
    reason: String,
    count: u64,
    statement: String,
    examples: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct CoverageLimit {
    reason: String,
    count: u64,
    statement: String,
    ecosystem: String,
}

impl Covered {
    /// The feeds' rules and hashes of malware that the image was examined with, as the offline scan tells them.
    pub fn malware_sources(&self) -> Result<Option<Vec<MalwareSource>>, Failure> {
        let source = |with: &ExaminedWith| {
            let kind = match with.kind.as_str() {
                "YARA_RULES" => MalwareKind::YaraRules,
                "FILE_HASHES" => MalwareKind::FileHashes,
                other => return Err(unknown_word("what malware is known by", other)),
            };
            Ok(MalwareSource {
                name: with.name.clone(),
                feed: Some(with.feed.clone()),
                kind,
                is_used: true,
                count: None,
                checked_at: with.checked_at,
            })
        };
        self.malware_sources.as_ref().map(|sources| sources.iter().map(source).collect()).transpose()
    }
}

/// The coverage, as the offline scan tells it.
pub fn judged_coverage(covered: Covered) -> Result<JudgedCoverage, Failure> {
    let gap = |gap: CoverageGap| {
        let reason = GapReason::parse(&gap.reason.to_ascii_lowercase())
            .ok_or_else(|| unknown_word("a gap in what was judged, because", &gap.reason))?;
        Ok(Gap { reason, count: gap.count, statement: gap.statement, examples: gap.examples })
    };
    let gaps: Vec<Gap> = covered.gaps.into_iter().map(gap).collect::<Result<_, Failure>>()?;
    let limit = |limit: CoverageLimit| {
        let reason = LimitReason::parse(&limit.reason.to_ascii_lowercase())
            .ok_or_else(|| unknown_word("a limit of what was judged, because", &limit.reason))?;
        Ok(Limit { reason, count: limit.count, statement: limit.statement, ecosystem: limit.ecosystem })
    };
    let limits = covered.limits.into_iter().map(limit).collect::<Result<_, Failure>>()?;
    let (is_complete, os) = (gaps.is_empty(), support(&covered.os)?);
    let coverage = Coverage { is_complete, os, sources: covered.sources, gaps, limits };
    Ok(JudgedCoverage { coverage, unjudged_checks: covered.unjudged_checks })
}

fn support(os: &OsCoverage) -> Result<OsSupport, Failure> {
    Ok(match (os.state.as_str(), os.ended_on) {
        ("SUPPORTED", _) => OsSupport::Supported { until: os.until },
        ("EXTENDED", Some(ended)) => OsSupport::Extended { ended, until: os.until },
        ("ENDED", Some(since)) => OsSupport::Ended { since },
        ("UNKNOWN", _) => OsSupport::Unknown,
        ("ABSENT", _) => OsSupport::Absent,
        (other, _) => return Err(unknown_word("an operating system's support", other)),
    })
}
