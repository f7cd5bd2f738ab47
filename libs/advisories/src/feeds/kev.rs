//! CISA's catalogue of known exploited vulnerabilities.
//!
//! In: `{"catalogVersion", "dateReleased", "count", "vulnerabilities": [{"cveID", "dateAdded", ...}]}`. Out: one row each.
//! Source: <https://www.cisa.gov/known-exploited-vulnerabilities-catalog> and its JSON schema.

use std::io::Read;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::Intake;
use super::metered::small_json;
use super::{DocumentBytes, Feed, FeedKind, KnownExploited, Record, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "kev",
    title: "CISA known exploited vulnerabilities",
    kind: FeedKind::KnownExploited,
    upstream: "https://www.cisa.gov/sites/default/files/feeds",
    upstream_path: str::to_owned,
    default_paths: || vec!["known_exploited_vulnerabilities.json".into()],
    later: super::none_later,
    // Catalogued on working days at no set hour, and then urgent; the document is small.
    interval: super::hours(1),
    index: None,
    parser: read,
};

/// Five times today's document. Read whole, it takes up to sixteen times its length in memory.
const MAX_DOCUMENT_BYTES: u64 = 8 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    catalog_version: Option<String>,
    date_released: Option<DateTime<Utc>>,
    count: Option<u64>,
    vulnerabilities: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default)]
    vulnerability_name: String,
    date_added: NaiveDate,
    due_date: Option<NaiveDate>,
    known_ransomware_campaign_use: Option<String>,
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let catalogue: Catalogue = small_json(bytes, MAX_DOCUMENT_BYTES)?;
    let rows = catalogue.vulnerabilities.len() as u64;
    if rows == 0 || catalogue.count.is_some_and(|count| count != rows) {
        return Err(Refusal::Malformed(format!("it says that it has {:?} rows and has {rows}", catalogue.count)));
    }
    intake.edition(catalogue.catalog_version, catalogue.date_released);
    for (position, raw) in catalogue.vulnerabilities.iter().enumerate() {
        intake.statement();
        match serde_json::from_str::<Row>(raw.get()) {
            Ok(row) if row.cve.starts_with("CVE-") && row.cve.len() < 40 => {
                let record = KnownExploited {
                    cve: row.cve,
                    name: row.vulnerability_name.chars().filter(|c| !c.is_control()).take(300).collect(),
                    date_added: row.date_added,
                    due_date: row.due_date,
                    is_used_by_ransomware: row.known_ransomware_campaign_use.as_deref() == Some("Known"),
                };
                intake
                    .record(Record::KnownExploited(record))
                    .map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
            }
            Ok(row) => intake.problem(row.cve, "it is not a CVE's id"),
            Err(error) => intake.problem(format!("row {}", position + 1), error.to_string()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::ParseReport;

    fn parsed(text: &str) -> Result<(Vec<Record>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("kev", &mut records);
        let outcome = read_stream(text.as_bytes(), &mut intake);
        let report = intake.finish(outcome)?;
        Ok((records, report))
    }

    const ROW: &str = r#"{"cveID": "CVE-2024-1", "vulnerabilityName": "A flaw", "dateAdded": "2024-01-02",
        "dueDate": "2024-01-23", "knownRansomwareCampaignUse": "Known", "notes": ""}"#;

    #[test]
    fn a_row_says_since_when_and_whether_ransomware_uses_it() {
        let text = format!(
            r#"{{"catalogVersion": "2024.01.02", "dateReleased": "2024-01-02T17:04:19.9796Z", "count": 2,
                 "vulnerabilities": [{ROW}, {{"cveID": "CVE-2024-2", "dateAdded": "soon"}}]}}"#
        );
        let (records, report) = parsed(&text).unwrap();
        let expected = KnownExploited {
            cve: "CVE-2024-1".into(),
            name: "A flaw".into(),
            date_added: NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
            due_date: NaiveDate::from_ymd_opt(2024, 1, 23),
            is_used_by_ransomware: true,
        };
        assert_eq!(records, [Record::KnownExploited(expected)]);
        assert_eq!(report.edition.as_deref(), Some("2024.01.02"));
        assert_eq!(report.problem_texts[0].place, "row 2");
    }

    #[test]
    fn a_catalogue_that_is_broken_empty_or_short_of_rows_is_refused() {
        for text in [
            "<html>".to_owned(),
            r#"{"vulnerabilities": []}"#.to_owned(),
            r#"{"count": 1404}"#.to_owned(),
            format!(r#"{{"count": 2, "vulnerabilities": [{ROW}]}}"#),
            format!(r#"{{"vulnerabilities": [{ROW}"#),
            r#"{"vulnerabilities": [{}]}"#.to_owned(),
        ] {
            assert!(matches!(parsed(&text), Err(Refusal::Malformed(_))), "{text}");
        }
    }
}
