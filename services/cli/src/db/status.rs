//! `plimsoll db status`.

use comfy_table::{ContentArrangement, Table, presets};
use plimsoll_advisory_db::StoredDocument;

use crate::arguments::DatabaseArguments;
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::quantity::age;
use crate::{clock, output};

/// Tells what is in the database.
pub fn run(arguments: &DatabaseArguments) -> Result<Outcome, Failure> {
    let path = super::path(arguments.db.as_ref())?;
    let db = super::open(&path)?;
    let size = std::fs::metadata(&path).map(|metadata| metadata.len()).unwrap_or_default();
    let documents = db.documents().map_err(Failure::undone)?;
    let count = db.vulnerability_count().map_err(Failure::undone)?;
    let now = clock::now();
    let mut text = format!(
        "Database         {}\nSize             {}\nUpdated          {} ago\nVulnerabilities  {count}\n\n",
        escaped(&path.display().to_string()),
        indicatif::HumanBytes(size),
        age(db.age(now)),
    );
    text.push_str(&table(&documents, |document| age((now - document.checked_at).max(chrono::TimeDelta::zero()))));
    output::print(&text)?;
    Ok(Outcome::Done)
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
