//! NVD's yearly data feeds in the form of its interface 2.0: descriptions, ratings by several sources, weaknesses and references of each CVE, and which
//! versions of programs without a package it affects.
//!
//! In: gzip of `{"vulnerabilities": [{"cve": {"id", "vulnStatus", "descriptions", "metrics", "configurations", ...}}]}`, up to 200 MB a year, read as a
//! stream. Out: one advisory a CVE. Its configurations are read for the products of [`crate::programs`] alone (`configurations`): of everything that has
//! a package of an ecosystem, others know more, and a product's name is a guess at the package's. A rejected CVE is withdrawn. A rating keeps whose
//! it is, as NVD names it, but for NVD's own.
//! `nvdcve-2.0-modified` is not read: records leave it after eight days, and the year's document changes with it.
//! Source: <https://nvd.nist.gov/vuln/data-feeds> and <https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema>.

mod configurations;
mod cpe;
mod versions;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use flate2::bufread::MultiGzDecoder;
use plimsoll_model::{Advisory, Affected, CvssVector};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::admission::Intake;
use super::epss::gzip_refusal;
use super::metered::{Limits, Meter};
use super::{DocumentBytes, Feed, FeedKind, Later, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "nvd",
    title: "NVD's CVEs",
    kind: FeedKind::Advisories,
    upstream: "https://nvd.nist.gov",
    upstream_path: str::to_owned,
    default_paths: || YEARS.map(path).collect(),
    later,
    // NVD brings what changed every two hours, and the documents of years once a day.
    interval: super::hours(2),
    index: None,
    parser: read,
};

/// The first document has the years before, too.
const YEARS: std::ops::RangeInclusive<i32> = 2002..=2026;
/// No year after this one is asked for, whatever a clock says.
const LAST_YEAR: i32 = 2100;

fn path(year: i32) -> String {
    format!("feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz")
}

/// The years since, and the next: its first CVEs are known before it begins, and nobody says when their document is there.
fn later(today: NaiveDate) -> Vec<Later> {
    let next = (today.year() + 1).min(LAST_YEAR);
    (YEARS.end() + 1..=next).map(|year| Later { path: path(year), is_due: year < today.year() }).collect()
}

/// Ten times the largest year, inflated; the largest CVEs have some hundred KiB of CPEs.
const LIMITS: Limits = Limits { document_bytes: 2 << 30, record_bytes: 16 << 20 };
/// The longest name of who rates, in bytes.
const MAX_SOURCE: usize = 100;

#[derive(Deserialize)]
struct Entry<'j> {
    #[serde(borrow)]
    cve: Cve<'j>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve<'j> {
    id: String,
    #[serde(default)]
    vuln_status: String,
    published: Option<String>,
    last_modified: Option<String>,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: BTreeMap<String, Vec<Box<RawValue>>>,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(borrow)]
    configurations: Option<&'j RawValue>,
}

#[derive(Deserialize)]
struct Text {
    lang: String,
    value: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    source: String,
    cvss_data: CvssData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    vector_string: String,
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_json(MultiGzDecoder::new(std::io::BufReader::new(bytes)), intake)
}

fn read_json(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let meter = Meter::new(LIMITS);
    let mut json = serde_json::Deserializer::from_reader(meter.reader(bytes));
    let count = FeedDocument { intake, meter: &meter }.deserialize(&mut json);
    match count.and_then(|count| json.end().map(|()| count)) {
        Ok(0) => Err(Refusal::Malformed("it lists no CVE".into())),
        Ok(_) => Ok(()),
        Err(error) => Err(match meter.json_refusal(error) {
            Refusal::Read(error) => gzip_refusal(error),
            refusal => refusal,
        }),
    }
}

/// The document; tells how many CVEs it has.
struct FeedDocument<'p, 's> {
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> DeserializeSeed<'de> for FeedDocument<'_, '_> {
    type Value = u64;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FeedDocument<'_, '_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the list of vulnerabilities")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let (mut total, mut listed) = (None, 0);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "vulnerabilities" => {
                    listed += map.next_value_seed(Entries { intake: self.intake, meter: self.meter })?;
                }
                "totalResults" => total = Some(map.next_value::<u64>()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if total.is_some_and(|total| total != listed) {
            return Err(A::Error::custom(format!("it says that it has {total:?} CVEs and has {listed}")));
        }
        Ok(listed)
    }
}

/// The list of CVEs.
struct Entries<'p, 's> {
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = u64;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of vulnerabilities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while let Some(raw) = entries.next_element::<Box<RawValue>>()? {
            self.meter.next_record();
            self.intake.statement();
            count += 1;
            match serde_json::from_str::<Entry<'_>>(raw.get()) {
                Ok(entry) if is_cve(&entry.cve.id) => {
                    let advisory = advisory(entry.cve, self.intake);
                    self.intake.advisory(advisory).map_err(A::Error::custom)?;
                }
                Ok(entry) => self.intake.problem(entry.cve.id, "it is not a CVE's id"),
                Err(error) => self.intake.problem(format!("CVE {count} of the list"), error.to_string()),
            }
        }
        Ok(count)
    }
}

fn is_cve(id: &str) -> bool {
    id.strip_prefix("CVE-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn advisory(cve: Cve<'_>, intake: &mut Intake<'_>) -> Advisory {
    let modified = cve.last_modified.as_deref().and_then(instant);
    let published = cve.published.as_deref().and_then(instant);
    let is_rejected = cve.vuln_status == "Rejected";
    let english = |texts: Vec<Text>| texts.into_iter().filter(|text| text.lang == "en").map(|text| text.value);
    let mut cwes: Vec<String> = cve
        .weaknesses
        .into_iter()
        .flat_map(|weakness| english(weakness.description))
        .filter(|weakness| weakness.starts_with("CWE-"))
        .collect();
    cwes.sort();
    cwes.dedup();
    let mut references: Vec<String> = Vec::new();
    for reference in cve.references.into_iter().take(1_000) {
        if !references.contains(&reference.url) {
            references.push(reference.url);
        }
    }
    Advisory {
        source: intake.source().to_owned(),
        key: cve.id.clone(),
        aliases: vec![],
        about: vec![],
        title: String::new(),
        description: english(cve.descriptions).next().unwrap_or_default(),
        published,
        modified,
        // A rejection without a date is one all the same.
        withdrawn: is_rejected.then(|| modified.or(published).unwrap_or(DateTime::UNIX_EPOCH)),
        cvss: vectors(&cve.id, cve.metrics, intake),
        severity: None,
        cwes,
        references,
        affected: affected(&cve.id, cve.configurations, intake),
        id: cve.id,
    }
}

/// The programs that it affects. Configurations that cannot be read are told, and the rest of the CVE counts.
fn affected(id: &str, configurations: Option<&RawValue>, intake: &mut Intake<'_>) -> Vec<Affected> {
    let Some(configurations) = configurations else { return Vec::new() };
    configurations::affected(configurations).unwrap_or_else(|error| {
        intake.problem(id, format!("its configurations cannot be read: {error}"));
        Vec::new()
    })
}

/// Every vector of a CVE, each with whose it is; the same by several sources counts as NVD's.
fn vectors(id: &str, metrics: BTreeMap<String, Vec<Box<RawValue>>>, intake: &mut Intake<'_>) -> Vec<CvssVector> {
    let mut vectors: Vec<CvssVector> = Vec::new();
    // Other metrics (`ssvcV203`) are no scores.
    for raw in metrics.into_iter().filter(|(name, _)| name.starts_with("cvssMetric")).flat_map(|(_, given)| given) {
        let Ok(metric) = serde_json::from_str::<Metric>(raw.get()) else {
            intake.problem(id, "a rating has no vector");
            continue;
        };
        let source = rater(metric.source);
        let vector = metric.cvss_data.vector_string;
        match vectors.iter_mut().find(|held| held.vector == vector) {
            Some(held) if source == "nvd" => held.source = source,
            Some(_) => {}
            None => vectors.push(CvssVector { vector, source }),
        }
    }
    // NVD's own come first: of equal scores the first is told.
    vectors.sort_by_key(|vector| vector.source != "nvd");
    vectors
}

/// Whose rating it is: NVD's, or the address (or identifier) that NVD gives.
fn rater(source: String) -> String {
    let is_printable = source.len() <= MAX_SOURCE && source.bytes().all(|byte| byte.is_ascii_graphic());
    if source == "nvd@nist.gov" || !is_printable || source.is_empty() { "nvd".into() } else { source }
}

/// NVD writes instants of UTC without saying so, but for a few.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc());
    local.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
}

#[cfg(test)]
mod tests;
