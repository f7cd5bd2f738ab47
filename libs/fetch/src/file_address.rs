//! A mirror on disk: `file://` addresses, for machines without a network.

use std::fs::File;
use std::io;
use std::time::UNIX_EPOCH;

use url::Url;

use crate::{FetchError, Fetched, Limits, Validators};

/// The address of a document that is named by one (`https://`, `http://`, `file://`), or by the path of a file that is there.
///
/// # Errors
/// There is no such file.
pub fn address(address_or_path: &str) -> Result<Url, FetchError> {
    if let Ok(url) = Url::parse(address_or_path)
        && matches!(url.scheme(), "https" | "http" | "file")
    {
        return Ok(url);
    }
    let path = std::fs::canonicalize(address_or_path)
        .map_err(|source| FetchError::File { address: address_or_path.to_owned(), source })?;
    Url::from_file_path(path)
        .map_err(|()| FetchError::Address { address: address_or_path.to_owned(), why: "its path is no address".into() })
}

/// Opens the file where it lies: it is not copied, so a mirror has to replace its files by renaming, as mirroring tools do.
pub fn fetch(url: &Url, known: &Validators, limits: &Limits) -> Result<Fetched, FetchError> {
    let address = || url.to_string();
    let failed = |source| FetchError::File { address: address(), source };
    let path = url.to_file_path().map_err(|()| FetchError::Address {
        address: address(),
        why: "a file's address has no host and an absolute path".into(),
    })?;
    // Looked at before it is opened: opening a FIFO waits for its other end.
    let is_file = std::fs::metadata(&path).map_err(failed)?.is_file();
    if !is_file {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a file")));
    }
    let file = File::open(&path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let size = metadata.len();
    if size > limits.size {
        return Err(FetchError::TooLarge { address: address(), limit: limits.size });
    }
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let etag = modified.map(|time| format!("\"{:x}-{size:x}\"", time.as_nanos()));
    if etag.is_some() && etag == known.etag {
        return Ok(Fetched::Unchanged);
    }
    Ok(Fetched::Changed { file, size, validators: Validators { etag, last_modified: None } })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_document_is_named_by_its_address_or_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feeds bundle");
        std::fs::write(&path, "one").unwrap();
        let url = super::address(path.to_str().unwrap()).unwrap();
        assert!(url.as_str().starts_with("file:///") && url.as_str().ends_with("/feeds%20bundle"), "{url}");
        for text in
            ["https://mirror.example.org/feeds.bundle", "http://127.0.0.1:8000/a?b=c", "file:///srv/feeds.bundle"]
        {
            assert_eq!(super::address(text).unwrap().as_str(), text);
        }
        for text in ["nowhere/feeds.bundle", "ftp://mirror.example.org/feeds.bundle", ""] {
            let error = super::address(text).unwrap_err();
            assert!(error.is_not_found(), "{error}");
        }
    }

    fn address(path: &std::path::Path) -> Url {
        Url::from_file_path(path).unwrap()
    }

    #[test]
    fn a_file_is_fetched_once_and_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Rocky Linux.json");
        std::fs::write(&path, "one").unwrap();
        let limits = Limits::default();
        let fetched = fetch(&address(&path), &Validators::default(), &limits).unwrap();
        let Fetched::Changed { mut file, size, validators } = fetched else { panic!("{fetched:?}") };
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), size), ("one", 3));
        assert!(matches!(fetch(&address(&path), &validators, &limits).unwrap(), Fetched::Unchanged));
        std::fs::write(&path, "longer").unwrap();
        assert!(matches!(fetch(&address(&path), &validators, &limits).unwrap(), Fetched::Changed { size: 6, .. }));
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { size: 2, ..Limits::default() };
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let error = |path: &std::path::Path| fetch(&address(path), &Validators::default(), &limits).unwrap_err();
        assert!(matches!(error(&path), FetchError::TooLarge { limit: 2, .. }));
        assert!(matches!(error(folder.path()), FetchError::File { .. }));
        assert!(error(&folder.path().join("none")).is_not_found());
        let url = Url::parse("file://host/a").unwrap();
        assert!(matches!(fetch(&url, &Validators::default(), &limits).unwrap_err(), FetchError::Address { .. }));
    }
}
