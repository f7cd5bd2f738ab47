//! The files that hold advisories, one each.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll_advisories::own::MAX_DOCUMENT;

use crate::exit::Failure;

/// The most files of one call: more than an organization may have advisories.
const MOST_FILES: usize = 10_000;

/// A file that was read.
#[derive(Debug)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Reads files, and of folders the `*.json` files in them, by name.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() { files.extend(of_folder(path)?) } else { files.push(path.clone()) }
    }
    if files.is_empty() {
        return Err(Failure::Usage("there is no *.json file".into()));
    }
    if files.len() > MOST_FILES {
        return Err(Failure::Usage(format!("there are {} files; at most {MOST_FILES} are taken at once", files.len())));
    }
    files.into_iter().map(document).collect()
}

fn of_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::undone(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            break;
        }
    }
    files.sort();
    Ok(files)
}

/// Reads no more than shows that a file is too long.
fn document(path: PathBuf) -> Result<Document, Failure> {
    let failed = |error: std::io::Error| Failure::undone(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let most = MAX_DOCUMENT as u64 + 1;
    fs::File::open(&path).map_err(failed)?.take(most).read_to_string(&mut text).map_err(failed)?;
    Ok(Document { path, text })
}
