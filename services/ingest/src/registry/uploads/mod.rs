//! `/v2/NAME/blobs/uploads/`: blobs come in, in one request or many, and go on where they broke off.
//!
//! What a request brings is staged in the object store as it arrives and then recorded in the upload's row, so that any
//! process can go on with it. The blob is there once the whole has the digest that the client says.

mod begin;
mod finish;
mod receive;
mod session;

use actix_web::HttpResponse;
use actix_web::http::header::{LOCATION, RANGE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;

pub(super) use begin::begin;

use super::call::{Call, Target};
use super::error::RegistryError;
use session::Session;

/// A request about one upload.
pub(super) async fn serve(
    call: &Call<'_>,
    target: &Target,
    id: &str,
    payload: Payload,
) -> Result<HttpResponse, RegistryError> {
    call.require_push(target)?;
    let session = Session::find(call, target, id).await?;
    match *call.http.method() {
        Method::GET => Ok(progress(StatusCode::NO_CONTENT, target, &session)),
        Method::PATCH => {
            let session = receive::chunk(call, session, payload).await?;
            Ok(progress(StatusCode::ACCEPTED, target, &session))
        }
        Method::PUT => {
            let digest = finish::digest(call)?;
            let session = receive::chunk(call, session, payload).await?;
            finish::finish(call, target, session, digest).await
        }
        Method::DELETE => {
            session.end(call).await?;
            Ok(HttpResponse::NoContent().finish())
        }
        _ => Err(RegistryError::method_not_allowed()),
    }
}

/// How far an upload is, and where it goes on.
fn progress(status: StatusCode, target: &Target, session: &Session) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((LOCATION, format!("/v2/{}/blobs/uploads/{}", target.full_name, session.id)))
        .insert_header((RANGE, range(session.size_bytes)))
        .insert_header(("Docker-Upload-UUID", session.id.to_string()))
        .finish()
}

/// A Range header for the first `size_bytes` bytes, the last included. Nothing at all is written like one byte.
pub(super) fn range(size_bytes: u64) -> String {
    format!("0-{}", size_bytes.saturating_sub(1))
}
