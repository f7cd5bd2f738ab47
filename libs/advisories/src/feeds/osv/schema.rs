//! An OSV document, and the advisory that it says.
//!
//! Source: <https://ossf.github.io/osv-schema/>. Lists may be `null` or missing (seen in crates.io's archive).

use chrono::{DateTime, Utc};
use plimsoll_model::{Advisory, Affected, AffectedState, CvssVector, Event, Range, Severity, is_malware};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lists::{self, Telling};
use super::{modules, notices, products};
use crate::advisory_name;
use crate::matching::own_record;

#[derive(Deserialize)]
struct OsvDocument<'a> {
    id: String,
    modified: DateTime<Utc>,
    published: Option<DateTime<Utc>>,
    withdrawn: Option<DateTime<Utc>>,
    aliases: Option<Vec<String>>,
    upstream: Option<Vec<String>>,
    related: Option<Vec<String>>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<OsvSeverity>>,
    references: Option<Vec<OsvReference>>,
    #[serde(borrow, default, deserialize_with = "lists::telling")]
    affected: Vec<OsvAffected<'a>>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OsvSeverity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct OsvReference {
    url: String,
}

#[derive(Deserialize)]
struct OsvAffected<'a> {
    package: Option<OsvPackage>,
    ranges: Option<Vec<OsvRange>>,
    versions: Option<Vec<String>>,
    severity: Option<Vec<OsvSeverity>>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
    #[serde(borrow)]
    ecosystem_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "lists::telling")]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

impl Telling for OsvAffected<'_> {
    /// An object without a package (a git repository's) names nothing that is installed.
    fn tells(&self) -> bool {
        self.package.is_some()
    }
}

impl Telling for OsvEvent {
    fn tells(&self) -> bool {
        self.introduced.is_some() || self.fixed.is_some() || self.last_affected.is_some() || self.limit.is_some()
    }
}

/// What databases add in their own fields. Each may be anything, so what is not as expected is as if it were missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Specific {
    severity: serde_json::Value,
    cwe_ids: serde_json::Value,
    informational: serde_json::Value,
}

impl Specific {
    fn read(raw: Option<&RawValue>) -> Self {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    fn severity(&self) -> Option<Severity> {
        self.severity.as_str().and_then(Severity::from_word)
    }

    /// RustSec's `unmaintained` and `notice` tell of no vulnerability: kept and shown, but as of no severity, so that a policy on
    /// severity lets them pass as `cargo audit` does. Its `unsound` is a defect that can be exploited, and rated like others.
    fn informational_severity(&self) -> Option<Severity> {
        matches!(self.informational.as_str(), Some("unmaintained" | "notice")).then_some(Severity::Negligible)
    }
}

/// The advisory of one document, and what in it was not understood.
pub fn advisory(json: &[u8], source: &str) -> Result<(Advisory, Vec<String>), serde_json::Error> {
    let document: OsvDocument<'_> = serde_json::from_slice(json)?;
    let specific = Specific::read(document.database_specific);
    let mut doubts = Vec::new();
    let mut ratings = document.severity.unwrap_or_default();
    let own_word = specific.severity().or_else(|| ratings.iter().find_map(severity_word));
    let mut affected = Vec::new();
    let said_elsewhere = is_notice_of_records(&document.id, document.upstream.as_deref().unwrap_or_default());
    let streams = modules::streams(document.summary.as_deref().unwrap_or_default());
    for package in document.affected.into_iter().filter(|_| !said_elsewhere) {
        let (packages, its_ratings) = affected_packages(package, &mut doubts);
        affected.extend(packages.into_iter().flat_map(|package| modules::of_each_stream(package, &streams)));
        ratings.extend(its_ratings);
    }
    products::say_once(&mut affected);
    let aliases: Vec<String> =
        document.aliases.unwrap_or_default().into_iter().chain(ubuntus_cve(&document.id)).collect();
    let others = document.upstream.into_iter().chain(document.related).flatten();
    let about = notices::about(&document.id, &aliases, &affected, others);
    if about.is_empty() && notices::is_of_no_vulnerability(&document.id) {
        affected.iter_mut().for_each(|affected| affected.severity = Some(Severity::Negligible));
    }
    // What a distribution says of the one vulnerability that its record is about, it says of its packages; of several it is the worst.
    if about.len() < 2 {
        let unrated = affected.iter_mut().filter(|affected| affected.severity.is_none());
        unrated
            .filter(|affected| own_record(&affected.ecosystem, &document.id).is_some())
            .for_each(|affected| affected.severity = own_word);
    }
    let word = ratings.iter().find_map(severity_word);
    let cwes = specific.cwe_ids.as_array().into_iter().flatten().filter_map(|cwe| cwe.as_str().map(str::to_owned));
    let severity = specific.severity().or(word).or_else(|| malware_severity(&document.id));
    let advisory = Advisory {
        source: source.to_owned(),
        key: document.id.clone(),
        aliases,
        about,
        id: document.id,
        title: document.summary.unwrap_or_default(),
        description: document.details.unwrap_or_default(),
        published: document.published,
        modified: Some(document.modified),
        withdrawn: document.withdrawn,
        severity,
        cwes: cwes.collect(),
        references: document.references.unwrap_or_default().into_iter().map(|reference| reference.url).collect(),
        cvss: vectors(ratings, source),
        affected,
    };
    Ok((advisory, doubts))
}

/// The malicious-packages database rates nothing: whoever has such a package ran what its author wanted.
fn malware_severity(id: &str) -> Option<Severity> {
    is_malware(id, &[]).then_some(Severity::Critical)
}

/// The CVE of `UBUNTU-CVE-2024-1`. Canonical names it as upstream, not as alias, though its record is of that CVE alone: without
/// this the record would be a vulnerability of its own, which no score and no catalogue knows.
fn ubuntus_cve(id: &str) -> Option<String> {
    id.strip_prefix("UBUNTU-").filter(|id| is_cve(id)).map(str::to_owned)
}

/// Whether it is `CVE-2024-1`.
pub(super) fn is_cve(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = id.strip_prefix("CVE-").and_then(|numbers| numbers.split_once('-'));
    numbers.is_some_and(|(year, number)| is_number(year) && is_number(number))
}

/// Whether it is a notice of Ubuntu's on CVEs that have records of their own. Those say of every package what the notice says,
/// so that its packages would be told twice: it is kept for its text alone.
fn is_notice_of_records(id: &str, upstream: &[String]) -> bool {
    id.starts_with("USN-") && !upstream.is_empty() && upstream.iter().all(|id| ubuntus_cve(id).is_some())
}

/// The package of an `affected` object, in each release that it is said of, with the ratings given for it alone.
fn affected_packages(osv: OsvAffected<'_>, doubts: &mut Vec<String>) -> (Vec<Affected>, Vec<OsvSeverity>) {
    let Some(package) = osv.package else { return (Vec::new(), Vec::new()) };
    let specific = Specific::read(osv.database_specific);
    let of_ecosystem = Specific::read(osv.ecosystem_specific);
    let ratings = osv.severity.unwrap_or_default();
    let own_word = specific.severity().or_else(|| of_ecosystem.severity()).or(ratings.iter().find_map(severity_word));
    let mut ranges = Vec::new();
    for range in osv.ranges.unwrap_or_default() {
        match range.kind.as_str() {
            "SEMVER" | "ECOSYSTEM" => {
                ranges.push(Range { events: range.events.into_iter().flat_map(events).collect() })
            }
            // Commits have no order without their repository, and no package in an image names its commit.
            "GIT" => {}
            other => doubts.push(format!("a range of {} has the unknown type {other}", package.name)),
        }
    }
    let Ok(ecosystem) = package.ecosystem.parse();
    let affected = Affected {
        package: advisory_name(&ecosystem, package.name),
        module: None,
        ecosystem,
        state: AffectedState::Affected,
        ranges,
        versions: osv.versions.unwrap_or_default(),
        severity: specific.informational_severity().or(own_word),
    };
    (products::of_each_release(affected, &package.ecosystem), ratings)
}

/// One event; the schema allows one field an object, and more are taken in the schema's order.
fn events(event: OsvEvent) -> impl Iterator<Item = Event> {
    let OsvEvent { introduced, fixed, last_affected, limit } = event;
    [
        introduced.map(Event::Introduced),
        fixed.map(Event::Fixed),
        last_affected.map(Event::LastAffected),
        limit.map(Event::Limit),
    ]
    .into_iter()
    .flatten()
}

/// Ratings that are words (`Ubuntu`) rather than vectors.
fn severity_word(rating: &OsvSeverity) -> Option<Severity> {
    if rating.kind.starts_with("CVSS_") { None } else { Severity::from_word(&rating.score) }
}

fn vectors(ratings: Vec<OsvSeverity>, source: &str) -> Vec<CvssVector> {
    let mut vectors: Vec<CvssVector> = Vec::new();
    for rating in ratings {
        let is_known = matches!(rating.kind.as_str(), "CVSS_V2" | "CVSS_V3" | "CVSS_V4");
        if is_known && vectors.iter().all(|vector| vector.vector != rating.score) {
            vectors.push(CvssVector { vector: rating.score, source: source.to_owned() });
        }
    }
    vectors
}
