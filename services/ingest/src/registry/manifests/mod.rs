//! `/v2/NAME/manifests/REFERENCE`.

mod put;
mod read;
mod remove;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::Payload;
use plimsoll_oci::{ManifestReference, ReferenceError};

use super::call::{Call, Target};
use super::error::RegistryError;

/// A request about one manifest.
pub(super) async fn serve(
    call: &Call<'_>,
    target: &Target,
    reference: &str,
    payload: Payload,
) -> Result<HttpResponse, RegistryError> {
    let reference: ManifestReference = reference.parse().map_err(|error| match error {
        ReferenceError::InvalidDigest(error) => RegistryError::digest_invalid(&error),
        other => RegistryError::tag_invalid(&other),
    })?;
    match *call.http.method() {
        Method::GET | Method::HEAD => read::read(call, target, &reference).await,
        Method::PUT => put::put(call, target, &reference, payload).await,
        Method::DELETE => remove::remove(call, target, &reference).await,
        _ => Err(RegistryError::method_not_allowed()),
    }
}
