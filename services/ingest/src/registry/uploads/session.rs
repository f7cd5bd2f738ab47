//! An upload under way, as a request finds it.

use plimsoll_model::RepositoryId;
use plimsoll_store::uploads::{self, Part};
use uuid::Uuid;

use super::super::call::{Call, Target};
use super::super::error::RegistryError;

/// An upload under way.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) repository: RepositoryId,
    /// What was received, in order.
    pub(super) parts: Vec<Part>,
    /// The sum of the parts.
    pub(super) size_bytes: u64,
}

impl Session {
    /// The upload of this id, if it is one of this repository.
    pub(super) async fn find(call: &Call<'_>, target: &Target, id: &str) -> Result<Self, RegistryError> {
        let id: Uuid = id.parse().map_err(|_| RegistryError::upload_unknown())?;
        let mut tx = call.tx().await?;
        let repository = target.find(&mut tx).await?.ok_or_else(RegistryError::upload_unknown)?;
        let upload = uploads::get(&mut tx, id, repository).await?.ok_or_else(RegistryError::upload_unknown)?;
        // The lock is not kept while a body comes in: whoever appends says where they believe the upload stands.
        tx.commit().await?;
        Ok(Self { id, repository, parts: upload.parts, size_bytes: upload.size_bytes })
    }

    /// Ends the upload and drops what it had.
    pub(super) async fn end(&self, call: &Call<'_>) -> Result<(), RegistryError> {
        let mut tx = call.tx().await?;
        uploads::remove(&mut tx, self.id).await?;
        tx.commit().await?;
        call.ingest.staging.discard(&self.parts).await;
        Ok(())
    }
}
