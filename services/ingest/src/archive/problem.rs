//! Why an archive was not taken, in the sender's words.

use actix_web::http::StatusCode;
use plimsoll_oci::archive::ArchiveError;
use plimsoll_runtime::Problem;
use plimsoll_store::StoreError;

use super::places::PlaceError;
use super::sink::SinkError;
use crate::staging::StagingError;

/// Why an archive was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Staging(#[from] StagingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let too_large = |detail: String| Self::new(StatusCode::PAYLOAD_TOO_LARGE, "archive_too_large", detail);
        match error {
            UploadError::Place(error) => Self::bad_request(error.code(), error.to_string()),
            UploadError::Staging(error) => Self::internal(&error),
            UploadError::Store(error) if error.is_transient() => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database is away. Try again.")
                    .retry_after(2)
            }
            UploadError::Store(error) => Self::internal(&error),
            UploadError::Archive(ArchiveError::Sink { path, source }) => match source.downcast_ref::<SinkError>() {
                Some(error @ SinkError::TooLarge { .. }) => too_large(format!("'{path}' in the archive: {error}")),
                _ => Self::internal(&source),
            },
            UploadError::Archive(error @ ArchiveError::TooLarge { .. }) => too_large(error.to_string()),
            UploadError::Archive(ArchiveError::Interrupted) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service is shutting down. Try again.")
                    .retry_after(2)
            }
            UploadError::Archive(error) => Self::bad_request("archive_invalid", error.to_string()),
        }
    }
}
