//! FIRST's exploit prediction scores (EPSS), the daily file.
//!
//! In: gzip of a comment line `#model_version:v2026.06.15,score_date:2026-08-16T12:00:00Z`, a heading `cve,epss,percentile` and a
//! row a CVE. Out: one score each; the model as the edition, the score date as the document's.
//! Source: <https://www.first.org/epss/data_stats>.

use std::io::{BufRead, Read};

use chrono::{DateTime, Utc};
use flate2::bufread::MultiGzDecoder;

use super::admission::Intake;
use super::metered::{Limits, Meter};
use super::{DocumentBytes, ExploitScore, Feed, FeedKind, Record, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "epss",
    title: "EPSS scores",
    kind: FeedKind::ExploitScores,
    upstream: "https://epss.empiricalsecurity.com",
    upstream_path: str::to_owned,
    default_paths: || vec!["epss_scores-current.csv.gz".into()],
    later: super::none_later,
    // Scored once a day, at no set hour.
    interval: super::hours(3),
    index: None,
    parser: read,
};

/// Thirty times today's document, inflated; a row has 30 bytes, the reader takes 64 KiB at a time.
const LIMITS: Limits = Limits { document_bytes: 512 << 20, record_bytes: 256 << 10 };

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let meter = Meter::new(LIMITS);
    let mut text = meter.reader(MultiGzDecoder::new(std::io::BufReader::new(bytes)));
    let refusal = |error: std::io::Error| meter.refusal().unwrap_or_else(|| gzip_refusal(error));
    let mut line = String::new();
    text.read_line(&mut line).map_err(refusal)?;
    if let Some(comment) = line.strip_prefix('#') {
        let (model, scored) = model(comment);
        intake.edition(model, scored);
        line.clear();
        text.read_line(&mut line).map_err(refusal)?;
    }
    if line.trim_end() != "cve,epss,percentile" {
        return Err(Refusal::Malformed("it has no heading 'cve,epss,percentile'".into()));
    }
    let mut number = 0_u64;
    loop {
        meter.next_record();
        line.clear();
        if text.read_line(&mut line).map_err(refusal)? == 0 {
            break;
        }
        number += 1;
        intake.statement();
        match row(line.trim_end()) {
            Some(score) => {
                intake.record(Record::ExploitScore(score)).map_err(|stopped| Refusal::Malformed(stopped.to_string()))?
            }
            None => intake.problem(format!("row {number}"), "it is not a CVE with two numbers from 0 to 1"),
        }
    }
    if number == 0 {
        return Err(Refusal::Malformed("it has no rows".into()));
    }
    Ok(())
}

/// A row: no field of it is ever quoted.
fn row(line: &str) -> Option<ExploitScore> {
    let mut fields = line.split(',');
    let (cve, score, percentile) = (fields.next()?, fields.next()?, fields.next()?);
    let share = |text: &str| text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    let is_cve = cve.starts_with("CVE-") && cve.len() < 40 && cve.bytes().all(|b| b.is_ascii_graphic());
    if !is_cve || fields.next().is_some() {
        return None;
    }
    Some(ExploitScore { cve: cve.to_owned(), score: share(score)?, percentile: share(percentile)? })
}

/// The model's version and the date of the scores, written with `Z` or `+0000`.
fn model(comment: &str) -> (Option<String>, Option<DateTime<Utc>>) {
    let field = |name: &str| {
        comment.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix(':')).map(str::to_owned)
    };
    let date = field("score_date").and_then(|date| {
        DateTime::parse_from_rfc3339(&date)
            .or_else(|_| DateTime::parse_from_str(&date, "%Y-%m-%dT%H:%M:%S%z"))
            .ok()
            .map(|date| date.to_utc())
    });
    (field("model_version"), date)
}

/// What inflating could not read is a broken document; what is not text is another's.
pub(super) fn gzip_refusal(error: std::io::Error) -> Refusal {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
            Refusal::Malformed(error.to_string())
        }
        _ => Refusal::Read(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::feeds::ParseReport;

    fn gzip(text: &str) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(text.as_bytes()).unwrap();
        writer.finish().unwrap()
    }

    fn parsed(bytes: &[u8]) -> Result<(Vec<Record>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("epss", &mut records);
        let outcome = read_stream(bytes, &mut intake);
        let report = intake.finish(outcome)?;
        Ok((records, report))
    }

    const HEADING: &str = "cve,epss,percentile\n";

    #[test]
    fn rows_are_read_with_the_models_date() {
        for date in ["2026-08-16T12:00:00Z", "2026-08-16T12:00:00+0000"] {
            let text = format!("#model_version:v2026.06.15,score_date:{date}\n{HEADING}CVE-1999-0001,0.03351,0.8765\n");
            let (records, report) = parsed(&gzip(&text)).unwrap();
            let score = ExploitScore { cve: "CVE-1999-0001".into(), score: 0.03351, percentile: 0.8765 };
            assert_eq!(records, [Record::ExploitScore(score)]);
            assert_eq!(report.edition.as_deref(), Some("v2026.06.15"));
            assert_eq!(report.as_of.unwrap().to_rfc3339(), "2026-08-16T12:00:00+00:00");
        }
    }

    #[test]
    fn a_row_that_is_none_is_a_problem_with_its_number() {
        let bad =
            ["CVE-2024-2,NaN,0.1", "CVE-2024-2,1.1,0.1", "CVE-2024-2,0.1", "x,0.1,0.1", "CVE-2024-2,0.1,0.1,9", ""];
        for line in bad {
            let (records, report) = parsed(&gzip(&format!("{HEADING}CVE-2024-1,0.1,0.2\n{line}\n"))).unwrap();
            assert_eq!((records.len(), report.problems), (1, 1), "{line}");
            assert_eq!(report.problem_texts[0].place, "row 2");
        }
    }

    #[test]
    fn what_is_no_whole_file_of_scores_is_refused() {
        let rows: String = (0..5_000).map(|n| format!("CVE-2024-{n},0.{n},0.5\n")).collect();
        let whole = gzip(&format!("{HEADING}{rows}"));
        assert!(parsed(&whole).is_ok());
        let plain = format!("{HEADING}{rows}").into_bytes();
        for (what, bytes) in [
            ("half", &whole[..whole.len() / 2]),
            ("without its trailer", &whole[..whole.len() - 4]),
            ("not gzip (a wrong Content-Encoding)", &plain[..]),
            ("HTML", b"<html>"),
            ("HTML in gzip", &gzip("<html></html>")[..]),
            ("no rows", &gzip(HEADING)[..]),
            ("nothing", &[][..]),
        ] {
            assert!(matches!(parsed(bytes), Err(Refusal::Malformed(_))), "{what}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused_at_its_limit() {
        let bomb = gzip(&format!("{HEADING}{}", "9".repeat(1 << 20)));
        assert!(matches!(parsed(&bomb), Err(Refusal::PastLimit { what: "a record's size in bytes", .. })));
    }
}
