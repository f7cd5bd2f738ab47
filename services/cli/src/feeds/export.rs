//! `plimsoll feeds export`: the advisory database as a signed bundle.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use plimsoll_advisory_db::AdvisoryDb;
use plimsoll_bundle::{FeedContent, Header, SigningKey, write};

use crate::arguments::{ExportArguments, Format};
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::progress::Progress;
use crate::{db, feeds, output};

/// Writes the bundle and tells what is in it.
pub async fn run(arguments: ExportArguments) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let exporting = progress.clone();
    let work = tokio::task::spawn_blocking(move || {
        let header = export(&arguments, &exporting)?;
        Ok::<_, Failure>((arguments, header))
    });
    let (arguments, header) = work.await.map_err(Failure::undone)??;
    progress.finish();
    let size = std::fs::metadata(&arguments.to).map(|metadata| metadata.len()).unwrap_or_default();
    let text = match arguments.format {
        Format::Table => {
            let told = format!("{}: {}\n", arguments.to.display(), indicatif::HumanBytes(size));
            format!("{}{}", feeds::lines(&header), escaped(&told))
        }
        Format::Json => {
            let mut told = feeds::fields(&header);
            if let Some(fields) = told.as_object_mut() {
                fields.insert("bundle".into(), serde_json::json!(arguments.to));
                fields.insert("size".into(), size.into());
            }
            format!("{told}\n")
        }
    };
    output::print(&text)?;
    Ok(Outcome::Done)
}

fn export(arguments: &ExportArguments, progress: &Progress) -> Result<Header, Failure> {
    let key = SigningKey::read(&arguments.secret_key)
        .map_err(|error| Failure::curable(error, "plimsoll feeds keygen makes a key"))?;
    let path = db::path(arguments.database.db.as_ref())?;
    drop(db::open(&path)?);
    // A copy, of one opened file: an update may put another database in the path's place meanwhile.
    let folder = arguments.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = |error: io::Error| Failure::undone(format!("{}: {error}", folder.display()));
    let mut copy = tempfile::Builder::new().prefix(".bundle-").tempfile_in(folder).map_err(written)?;
    progress.step("copying the database", 0);
    let mut source = File::open(&path).map_err(|error| Failure::undone(format!("{}: {error}", path.display())))?;
    io::copy(&mut source, &mut copy).map_err(written)?;
    let database = AdvisoryDb::open(copy.path()).map_err(Failure::undone)?;
    let content = content(&database).map_err(Failure::undone)?;
    progress.step("packing it", 0);
    let file = copy.reopen().map_err(written)?;
    write(&arguments.to, file, database.format(), database.built_at(), content, &key).map_err(Failure::undone)
}

/// What there is of each feed.
fn content(database: &AdvisoryDb) -> Result<Vec<FeedContent>, plimsoll_advisory_db::DbError> {
    let mut feeds: BTreeMap<String, FeedContent> = BTreeMap::new();
    for document in database.documents()? {
        let checked_at = document.checked_at;
        let feed = document.feed.clone();
        let content = feeds.entry(feed.clone()).or_insert(FeedContent { feed, documents: 0, records: 0, checked_at });
        content.documents += 1;
        content.records += document.counts.records;
        content.checked_at = content.checked_at.min(checked_at);
    }
    Ok(feeds.into_values().collect())
}
