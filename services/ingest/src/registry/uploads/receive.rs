//! A request's body into the upload: staged as it comes, then recorded.

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use actix_web::web::{Data, Payload};
use plimsoll_model::OrgId;
use plimsoll_store::uploads;
use tracing::Instrument as _;

use super::super::call::Call;
use super::super::error::RegistryError;
use super::super::range::of_chunk;
use super::session::Session;
use crate::ingest::Ingest;
use crate::staging::End;

/// Appends the request's body; gives the upload as it stands then.
///
/// When the connection breaks, what had arrived is recorded and the upload can go on from there: so this runs in a task of its
/// own, which outlives the request.
pub(super) async fn chunk(call: &Call<'_>, session: Session, payload: Payload) -> Result<Session, RegistryError> {
    let expected = expected_bytes(call, &session)?;
    if session.size_bytes.saturating_add(expected.unwrap_or(0)) > call.ingest.max_blob_bytes {
        session.end(call).await?;
        return Err(RegistryError::too_large("blob", call.ingest.max_blob_bytes));
    }
    let receiving = receive(Data::clone(call.ingest), call.caller.org, session, payload).in_current_span();
    let (session, end) = actix_web::rt::spawn(receiving)
        .await
        .map_err(|_| RegistryError::chunk_invalid("the upload was interrupted; go on with it"))??;
    match end {
        End::Complete(received) if expected.is_none_or(|expected| expected == received) => Ok(session),
        End::Complete(_) => Err(RegistryError::chunk_invalid("the body is not as long as its headers say")),
        End::Broken => Err(RegistryError::chunk_invalid("the body broke off; ask how far the upload is and go on")),
        End::TooLarge => {
            session.end(call).await?;
            Err(RegistryError::too_large("blob", call.ingest.max_blob_bytes))
        }
    }
}

/// How long the body is to be, if the headers say so; refuses a chunk that does not begin where the upload stands.
fn expected_bytes(call: &Call<'_>, session: &Session) -> Result<Option<u64>, RegistryError> {
    let header = |name| {
        call.http
            .headers()
            .get(name)
            .map(|value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default())
    };
    let length: Option<u64> = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let Some(text) = header(CONTENT_RANGE) else { return Ok(length) };
    let range = of_chunk(text)
        .ok_or_else(|| RegistryError::chunk_invalid("Content-Range is to be START-END, both in bytes, END included"))?;
    if range.start != session.size_bytes {
        return Err(RegistryError::range_not_next(session.size_bytes));
    }
    let in_range = range.end.saturating_sub(range.start);
    match length {
        Some(length) if length != in_range => Err(RegistryError::chunk_invalid(format!(
            "Content-Range spans {in_range} bytes, but Content-Length is {length}"
        ))),
        _ => Ok(Some(in_range)),
    }
}

async fn receive(
    ingest: Data<Ingest>,
    org: OrgId,
    mut session: Session,
    payload: Payload,
) -> Result<(Session, End), RegistryError> {
    let room = ingest.max_blob_bytes.saturating_sub(session.size_bytes);
    let (part, end) = ingest.staging.receive(payload, room).await?;
    let Some(part) = part else { return Ok((session, end)) };
    let mut tx = ingest.store.org_tx(org).await?;
    let appended = uploads::append(&mut tx, session.id, session.size_bytes, &part).await?;
    tx.commit().await?;
    if !appended {
        // Another request was faster, or ended the upload: the client asks how it stands.
        ingest.staging.discard(std::slice::from_ref(&part)).await;
        return Err(RegistryError::range_not_next(session.size_bytes));
    }
    session.size_bytes += part.size;
    session.parts.push(part);
    Ok((session, end))
}
