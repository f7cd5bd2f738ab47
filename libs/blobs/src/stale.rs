//! Removing what uploads left behind that never came to an end.

use std::path::Path as FilePath;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::error::BlobError;
use crate::open::Blobs;

impl Blobs {
    /// Removes the staged parts that were last written longer ago than `older_than`, and in a folder the temporary files
    /// of processes that died while writing. Answers how many. Uploads in progress must be younger than `older_than`.
    ///
    /// # Errors
    /// When the store fails; what is left is swept the next time.
    pub async fn sweep_staged(&self, older_than: Duration, now: DateTime<Utc>) -> Result<u64, BlobError> {
        let oldest = chrono::TimeDelta::from_std(older_than).ok().and_then(|age| now.checked_sub_signed(age));
        let Some(oldest) = oldest else { return Ok(0) };
        let staged = Path::from("staged");
        let failed = |error| BlobError::of_store("listing", &staged, error);
        let mut removed = 0;
        let mut objects = self.store.list(Some(&staged));
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            if object.last_modified >= oldest {
                continue;
            }
            match self.store.delete(&object.location).await {
                Ok(()) => removed += 1,
                // Discarded meanwhile.
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(BlobError::of_store("removing", &object.location, error)),
            }
        }
        drop(objects);
        if let Some(folder) = self.folder.clone() {
            let swept = tokio::task::spawn_blocking(move || sweep_temporary(&folder, oldest.into())).await;
            removed += swept.unwrap_or(0);
        }
        Ok(removed)
    }
}

/// Removes old files with names like `name#1`, which object_store writes to before it renames them, and does not list.
/// What cannot be read or removed is left for the next time.
fn sweep_temporary(folder: &FilePath, oldest: SystemTime) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().fold(0, |removed, entry| {
        let Ok(kind) = entry.file_type() else { return removed };
        // Before its files go: that makes a folder young.
        let is_old = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|at| at < oldest);
        if kind.is_dir() {
            let below = sweep_temporary(&entry.path(), oldest);
            if is_old {
                // Refused unless it is empty, as an upload that broke off leaves it.
                let _ = std::fs::remove_dir(entry.path());
            }
            return removed + below;
        }
        let is_swept = kind.is_file() && is_old && is_temporary(&entry.file_name().to_string_lossy());
        removed + u64::from(is_swept && std::fs::remove_file(entry.path()).is_ok())
    })
}

fn is_temporary(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
