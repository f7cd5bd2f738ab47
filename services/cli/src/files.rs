//! What holds a document each: files, folders of them, and addresses.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use plimsoll_fetch::{Fetched, Fetcher, Limits, Options, Validators};
use url::Url;

use crate::exit::Failure;

/// The most documents of one call: more than an organization may have.
const MOST_DOCUMENTS: usize = 10_000;
/// The most bytes of one call: all are in memory before the first is sent. An organization may have some tens of MiB.
const MOST_BYTES: usize = 256 << 20;

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    /// Where it is: a path or an address.
    pub place: String,
    /// Its text.
    pub text: String,
}

/// Reads files, of folders the `*.json` files in them by name, and what `https://` and `http://` addresses serve; of a file no more than shows that it
/// has more than `most_bytes`.
pub async fn read(sources: &[String], most_bytes: usize) -> Result<Vec<Document>, Failure> {
    let mut places = Vec::new();
    for source in sources {
        let path = Path::new(source);
        if path.is_dir() { places.extend(of_folder(path)?) } else { places.push(source.clone()) }
    }
    if places.is_empty() {
        return Err(Failure::Usage("there is no *.json file".into()));
    }
    if places.len() > MOST_DOCUMENTS {
        let most = format!("there are {} files; at most {MOST_DOCUMENTS} are taken at once", places.len());
        return Err(Failure::Usage(most));
    }
    let (mut documents, mut bytes) = (Vec::with_capacity(places.len()), 0);
    for place in places {
        let text = match Url::parse(&place).ok().filter(|url| matches!(url.scheme(), "https" | "http")) {
            Some(url) => fetched(url.as_str(), most_bytes).await?,
            None => text(&place, fs::File::open(&place), most_bytes)?,
        };
        bytes += text.len();
        if bytes > MOST_BYTES {
            return Err(Failure::Usage(format!(
                "the files up to {place} have more than {MOST_BYTES} bytes: take them in several calls"
            )));
        }
        documents.push(Document { place, text });
    }
    Ok(documents)
}

fn of_folder(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::undone(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            files.push(path.display().to_string());
        }
        if files.len() > MOST_DOCUMENTS {
            break;
        }
    }
    files.sort();
    Ok(files)
}

async fn fetched(address: &str, most_bytes: usize) -> Result<String, Failure> {
    let limits = Limits { size: most_bytes as u64, ..Limits::default() };
    let fetcher = Fetcher::new(Options { limits, ..Options::default() });
    match fetcher.fetch(address, &Validators::default(), &|_| {}).await.map_err(Failure::undone)? {
        Fetched::Changed { file, .. } => text(address, Ok(file), most_bytes),
        Fetched::Unchanged => Err(Failure::undone(format!("{address}: the server sent no document"))),
    }
}

fn text(place: &str, file: std::io::Result<fs::File>, most_bytes: usize) -> Result<String, Failure> {
    let mut text = String::new();
    let read = file.and_then(|file| file.take(most_bytes as u64 + 1).read_to_string(&mut text));
    read.map_err(|error| Failure::undone(format!("{place}: {error}")))?;
    Ok(text)
}
