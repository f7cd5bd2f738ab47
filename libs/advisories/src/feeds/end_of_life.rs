//! Until when operating systems are mended, as endoflife.date collects it from their vendors.
//!
//! In: `{"schema_version", "generated_at", "total", "result": [{"name", "category", "releases": [{"name", "codename", "isEol", "eolFrom",
//! "eoesFrom"}]}]}`. Out: a period for each release of a product of the category `os`.
//! Source: <https://endoflife.date/docs/api/v1/> (`FullProductListResponse`).

use std::io::Read;

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::SupportPeriod;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::Intake;
use super::metered::small_json;
use super::{DocumentBytes, Feed, FeedKind, Record, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "end-of-life",
    title: "End-of-life dates",
    kind: FeedKind::SupportPeriods,
    upstream: "https://endoflife.date/api/v1",
    upstream_path: |path| if path == PRODUCTS { "products/full".into() } else { path.into() },
    default_paths: || vec![PRODUCTS.into()],
    later: super::none_later,
    // Dates of years: a day matters little.
    interval: super::hours(24),
    index: None,
    parser: read,
};

const PRODUCTS: &str = "products-full.json";
/// An estimate: the document itself could not be had here. An array of nothing but small values takes some twenty times its length in memory.
const MAX_DOCUMENT_BYTES: u64 = 8 << 20;
/// The longest name of a product or release that is believed, in bytes.
const MAX_NAME: usize = 100;

#[derive(Deserialize)]
struct Products {
    schema_version: String,
    generated_at: Option<DateTime<Utc>>,
    total: Option<u64>,
    result: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    releases: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    name: String,
    codename: Option<String>,
    is_eol: bool,
    eol_from: Option<NaiveDate>,
    eoes_from: Option<NaiveDate>,
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let products: Products = small_json(bytes, MAX_DOCUMENT_BYTES)?;
    let count = products.result.len() as u64;
    if products.total.is_some_and(|total| total != count) {
        return Err(Refusal::Malformed(format!("it says that it has {:?} products and has {count}", products.total)));
    }
    intake.edition(Some(products.schema_version), products.generated_at);
    let mut systems = 0_u64;
    for product in products.result.iter().filter(|product| product.category == "os") {
        systems += 1;
        if !is_name(&product.name) {
            intake.problem(&product.name, "it is not a product's name");
            continue;
        }
        for raw in &product.releases {
            intake.statement();
            release(product, raw, intake).map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
        }
    }
    if systems == 0 { Err(Refusal::Malformed("there is no operating system in it".into())) } else { Ok(()) }
}

fn release(product: &Product, raw: &RawValue, intake: &mut Intake<'_>) -> Result<(), super::admission::Stopped> {
    let release = match serde_json::from_str::<Release>(raw.get()) {
        Ok(release) if is_name(&release.name) => release,
        Ok(_) => {
            intake.problem(&product.name, "a release has no name that can be one");
            return Ok(());
        }
        Err(error) => {
            intake.problem(&product.name, error.to_string());
            return Ok(());
        }
    };
    if release.is_eol && release.eol_from.is_none() {
        // It has ended, on a day that nobody told: whoever knows the day knows better.
        intake.skipped();
        return Ok(());
    }
    if release.eoes_from.is_some_and(|extended| Some(extended) < release.eol_from) {
        intake
            .problem(format!("{} {}", product.name, release.name), "the extended support ends before the standard one");
        return Ok(());
    }
    intake.record(Record::SupportPeriod(SupportPeriod {
        product: product.name.clone(),
        release: release.name,
        codename: release.codename.as_deref().and_then(codename),
        standard: release.eol_from,
        extended: release.eoes_from,
    }))
}

/// A codename as os-release writes it: `jammy` of `Jammy Jellyfish`.
fn codename(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?.to_lowercase();
    is_name(&word).then_some(word)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::feeds::ParseReport;

    fn parsed(document: &Value) -> Result<(Vec<SupportPeriod>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("end-of-life", &mut records);
        let outcome = read_stream(document.to_string().as_bytes(), &mut intake);
        let report = intake.finish(outcome)?;
        let period = |record| match record {
            Record::SupportPeriod(period) => period,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(period).collect(), report))
    }

    fn system(releases: &Value) -> Value {
        let product =
            json!({"name": "debian", "label": "Debian", "category": "os", "tags": ["os"], "releases": releases});
        let other = json!({"name": "python", "category": "lang", "releases": [{"name": "3.9", "isEol": true}]});
        json!({"schema_version": "1.2.0", "generated_at": "2026-11-29T00:00:00Z", "total": 2, "result": [product, other]})
    }

    #[test]
    fn releases_of_operating_systems_are_read() {
        let bookworm = json!({
            "name": "12", "codename": "Bookworm", "label": "12 (Bookworm)", "releaseDate": "2023-06-10", "isLts": false,
            "isEol": true, "eolFrom": "2026-06-10", "isEoes": false, "eoesFrom": "2028-06-30", "isMaintained": true,
        });
        let cases = [
            (bookworm, Some(("12", Some("bookworm"), Some("2026-06-10"), Some("2028-06-30")))),
            (
                json!({"name": "22.04", "codename": "Jammy Jellyfish", "isEol": false, "eolFrom": "2027-04-01", "eoesFrom": null}),
                Some(("22.04", Some("jammy"), Some("2027-04-01"), None)),
            ),
            (
                json!({"name": "5.0", "codename": null, "isEol": false, "eolFrom": null}),
                Some(("5.0", None, None, None)),
            ),
            (json!({"name": "1", "codename": null, "isEol": true, "eolFrom": null}), None),
        ];
        for (release, expected) in cases {
            let (periods, report) = parsed(&system(&json!([release]))).unwrap();
            let day = |text: &str| text.parse().unwrap();
            let expected = expected.map(|(release, codename, standard, extended)| SupportPeriod {
                product: "debian".into(),
                release: release.into(),
                codename: codename.map(str::to_owned),
                standard: standard.map(day),
                extended: extended.map(day),
            });
            assert_eq!(periods, Vec::from_iter(expected), "{release}");
            assert_eq!((report.statements, report.problems), (1, 0), "{release}");
            assert_eq!(report.as_of.unwrap().to_rfc3339(), "2026-11-29T00:00:00+00:00");
        }
    }

    #[test]
    fn a_release_that_cannot_be_believed_is_a_problem() {
        let good = json!({"name": "13", "isEol": false, "eolFrom": "2028-08-09"});
        for bad in [
            json!({"name": "", "isEol": false, "eolFrom": null}),
            json!({"name": "1 2", "isEol": false, "eolFrom": null}),
            json!({"name": "12", "isEol": false, "eolFrom": "2026-02-30"}),
            json!({"name": "12", "isEol": false, "eolFrom": "2026-06-10", "eoesFrom": "2026-06-09"}),
            json!({"name": "12", "eolFrom": "2026-06-10"}),
            json!(12),
        ] {
            let (periods, report) = parsed(&system(&json!([bad, good]))).unwrap();
            assert_eq!((periods.len(), report.problems), (1, 1), "{bad}");
        }
    }

    #[test]
    fn what_is_no_list_of_systems_is_refused() {
        let mut half = system(&json!([]));
        half["total"] = json!(3);
        let none = json!({"schema_version": "1.2.0", "total": 0, "result": []});
        for bad in [json!({}), json!([]), half, none] {
            assert!(matches!(parsed(&bad), Err(Refusal::Malformed(_))), "{bad}");
        }
        let huge = json!({"schema_version": " ".repeat(9 << 20), "result": []});
        assert!(matches!(parsed(&huge), Err(Refusal::PastLimit { .. })));
    }
}
