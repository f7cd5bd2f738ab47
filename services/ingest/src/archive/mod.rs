//! `POST /v1/images`: an image archive as the request's body, from `docker save`, `skopeo copy` or any other that writes the OCI layout.
//!
//! The archive is read as it arrives and never whole in memory or on disk: its files are staged one by one, and what belongs to an
//! image is kept. Everything the database learns is one transaction, so an archive that breaks off leaves nothing behind.

mod answer;
mod endpoint;
mod keep;
mod places;
mod problem;
mod sink;

pub(crate) use answer::{UploadedImage, UploadedImages};
pub(crate) use endpoint::{__path_upload, configure};
