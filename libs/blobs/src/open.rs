//! Opening the object store that an address names.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreExt as _, RetryConfig};
use plimsoll_model::Digest;
use url::Url;

use crate::error::BlobError;

/// The object store. Clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder, when it is one.
    pub(crate) folder: Option<PathBuf>,
}

impl Blobs {
    /// Opens `file:///path` (the folder is made where it is missing) or `s3://bucket/prefix?option=value`.
    ///
    /// S3 takes its credentials and options from the `AWS_*` environment, as object_store's `AmazonS3Builder` names them, and
    /// then from the query (`endpoint`, `region`, `allow_http`, `virtual_hosted_style_request`...). Credentials are refused in the query:
    /// addresses end up in logs. A lifecycle rule of the bucket should abort multipart uploads after a day: those of a
    /// process that died are kept, and charged for, until then.
    ///
    /// # Errors
    /// When the address cannot be used. Whether S3 answers is not asked.
    pub fn open(url: &Url) -> Result<Self, BlobError> {
        match url.scheme() {
            "file" => Self::open_folder(url),
            "s3" => Self::open_s3(url),
            _ => Err(bad_address(url, "use file:///path or s3://bucket/prefix")),
        }
    }

    fn open_folder(url: &Url) -> Result<Self, BlobError> {
        let path = url.to_file_path().map_err(|()| bad_address(url, "not a path on this machine"))?;
        std::fs::create_dir_all(&path).map_err(|error| bad_address(url, error))?;
        // What was answered for must survive a power cut, as it does in S3.
        let store = LocalFileSystem::new_with_prefix(&path).map_err(|error| bad_address(url, error))?.with_fsync(true);
        Ok(Self { store: Arc::new(store.with_automatic_cleanup(true)), folder: Some(path) })
    }

    fn open_s3(url: &Url) -> Result<Self, BlobError> {
        let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad_address(url, "no bucket"))?;
        if url.password().is_some() || !url.username().is_empty() {
            return Err(bad_address(url, "credentials belong in the environment, not in the address"));
        }
        // A large blob may take longer than any time for a whole request; one that stands still is given up.
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), "12 hours")
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ReadTimeout), "60 seconds")
            .with_retry(RetryConfig {
                max_retries: 5,
                retry_timeout: Duration::from_secs(60),
                ..RetryConfig::default()
            });
        for (name, value) in url.query_pairs() {
            let key: AmazonS3ConfigKey = name.parse().map_err(|error| bad_address(url, error))?;
            if matches!(
                key,
                AmazonS3ConfigKey::AccessKeyId | AmazonS3ConfigKey::SecretAccessKey | AmazonS3ConfigKey::Token
            ) {
                return Err(bad_address(url, "credentials belong in the environment, not in the address"));
            }
            builder = builder.with_config(key, value);
        }
        let store = builder.build().map_err(|error| bad_address(url, error))?;
        let prefix = Path::from_url_path(url.path()).map_err(|error| bad_address(url, error))?;
        Ok(Self { store: Arc::new(PrefixStore::new(store, prefix)), folder: None })
    }

    /// The size of the blob in bytes, `None` when there is no such blob.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let key = blob_key(digest);
        match self.store.head(&key).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(BlobError::of_store("looking up", &key, error)),
        }
    }

    /// Whether there is such a blob.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exists(&self, digest: &Digest) -> Result<bool, BlobError> {
        Ok(self.size(digest).await?.is_some())
    }
}

/// Where a blob stands. Two digits of folders, so that none holds too many files.
pub(crate) fn blob_key(digest: &Digest) -> Path {
    let hex = digest.hex();
    Path::from_iter(["blobs", "sha256", hex.get(..2).unwrap_or_default(), &hex])
}

fn bad_address(url: &Url, reason: impl ToString) -> BlobError {
    let mut shown = url.clone();
    shown.set_query(None);
    // Fails only for addresses that cannot hold a password.
    let _ = shown.set_password(None);
    BlobError::Address { url: shown.to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_says_why_and_shows_no_secret() {
        for (url, why) in [
            ("http://bucket", "use file:///path"),
            ("s3:///prefix", "no bucket"),
            ("s3://bucket?colour=blue", "colour"),
            ("s3://bucket?secret_access_key=hunter2", "environment"),
            ("s3://bucket?aws_access_key_id=hunter2", "environment"),
            ("s3://me:hunter2@bucket", "environment"),
            ("file:///dev/null/folder", "Not a directory"),
        ] {
            let error = Blobs::open(&url.parse().unwrap()).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(why), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn s3_is_opened_without_asking_it() {
        let url = "s3://bucket/some/prefix?endpoint=http://127.0.0.1:1&allow_http=true&region=eu-north-1";
        let blobs = Blobs::open(&url.parse().unwrap()).unwrap();
        assert!(blobs.folder.is_none());
        assert_eq!(blobs.store.to_string(), "PrefixObjectStore(some/prefix)");
    }

    #[test]
    fn a_blob_stands_under_its_digest() {
        let digest = Digest::from_sha256([0xab; 32]);
        assert_eq!(blob_key(&digest).as_ref(), format!("blobs/sha256/ab/{}", "ab".repeat(32)));
    }
}
