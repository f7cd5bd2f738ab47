//! `plimsoll db status`.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use plimsoll_advisory_db::{AdvisoryDb, Origin, StoredDocument};

use crate::arguments::{Format, StatusArguments};
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::quantity::age;
use crate::{clock, output};

/// Tells what is in the database.
pub fn run(arguments: &StatusArguments) -> Result<Outcome, Failure> {
    let path = super::path(arguments.database.db.as_ref())?;
    let db = super::open(&path)?;
    let size = std::fs::metadata(&path).map(|metadata| metadata.len()).unwrap_or_default();
    let documents = db.documents().map_err(Failure::undone)?;
    let count = db.vulnerability_count().map_err(Failure::undone)?;
    let now = clock::now();
    if arguments.format == Format::Json {
        let knowledge = super::knowledge(&db).map_err(Failure::undone)?;
        output::print(&format!("{}\n", json(&path, &db, size, count, &documents, &knowledge)))?;
        return Ok(Outcome::Done);
    }
    let mut text = format!(
        "Database         {}\nSize             {}\nFormat           {}\nUpdated          {} ago\n{}Vulnerabilities  {count}\n\n",
        escaped(&path.display().to_string()),
        indicatif::HumanBytes(size),
        db.format(),
        age(db.age(now)),
        db.origin().map(|origin| bundle_lines(origin, now)).unwrap_or_default(),
    );
    text.push_str(&table(&documents, |document| age((now - document.checked_at).max(chrono::TimeDelta::zero()))));
    output::print(&text)?;
    Ok(Outcome::Done)
}

/// The bundle that the database came in: what is older than the import was so when the bundle was made.
fn bundle_lines(origin: &Origin, now: DateTime<Utc>) -> String {
    format!(
        "Bundle           {}\nSigned by        key {}\nImported         {} ago\n",
        escaped(&origin.address),
        escaped(&origin.signed_by),
        age((now - origin.imported_at).max(chrono::TimeDelta::zero())),
    )
}

fn json(
    path: &Path,
    db: &AdvisoryDb,
    size: u64,
    vulnerabilities: u64,
    documents: &[StoredDocument],
    knowledge: &BTreeMap<String, DateTime<Utc>>,
) -> serde_json::Value {
    let document = |document: &StoredDocument| {
        serde_json::json!({
            "feed": document.feed, "path": document.path, "checked_at": document.checked_at,
            "changed_at": document.changed_at, "as_of": document.as_of, "edition": document.edition,
            "records": document.counts.records, "unmatchable": document.counts.unmatchable, "problems": document.counts.problems,
        })
    };
    let bundle = db.origin().map(|origin| {
        serde_json::json!({"address": origin.address, "signed_by": origin.signed_by, "imported_at": origin.imported_at})
    });
    serde_json::json!({
        "database": path, "size": size, "format": db.format(), "built_at": db.built_at(), "vulnerabilities": vulnerabilities,
        "bundle": bundle, "knowledge": knowledge, "documents": documents.iter().map(document).collect::<Vec<_>>(),
    })
}

fn table(documents: &[StoredDocument], checked: impl Fn(&StoredDocument) -> String) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(["DOCUMENT", "CHECKED", "EDITION", "RECORDS", "UNMATCHABLE", "PROBLEMS"]);
    for document in documents {
        table.add_row([
            escaped(&format!("{}/{}", document.feed, document.path)).into_owned(),
            format!("{} ago", checked(document)),
            escaped(document.edition.as_deref().unwrap_or("-")).into_owned(),
            document.counts.records.to_string(),
            document.counts.unmatchable.to_string(),
            document.counts.problems.to_string(),
        ]);
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}
