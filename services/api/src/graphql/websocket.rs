//! `GET /graphql` as a WebSocket: subscriptions over `graphql-transport-ws`.
//!
//! Source: github.com/enisdenjo/graphql-ws, PROTOCOL.md. Credentials come with the handshake (a cookie of this site's own pages, or
//! a key in `Authorization`), or in the payload of `connection_init`: `{"Authorization": "Bearer plim_..."}`. It is checked again and
//! again that they are still somebody's: who is removed hears nothing more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use async_graphql::Data as SessionData;
use async_graphql::http::{WebSocket, WebSocketProtocols, WsMessage};
use futures::{Stream, StreamExt as _, stream};
use plimsoll_runtime::Problem;

use super::ApiSchema;
use crate::authentication::Credentials;
use crate::server::State;
use crate::viewer::Viewer;

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to say who it is.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How often a silent connection is asked for a sign of life, and how long it may take to give one.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Who speaks on a socket, once they have said it.
type Introduced = Arc<OnceLock<(Credentials, Viewer)>>;

/// Begins a conversation.
///
/// # Errors
/// When the request is no handshake of the protocol, or its credentials are nobody's.
pub async fn websocket(
    request: HttpRequest,
    state: Data<State>,
    schema: Data<ApiSchema>,
    payload: Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == PROTOCOL) {
        let detail = format!("Offer the WebSocket protocol {PROTOCOL}.");
        return Ok(Problem::bad_request("protocol_missing", detail).error_response());
    }
    let introduced = Introduced::default();
    if let Some(credentials) = Credentials::of(&request, &state.public_url)? {
        let viewer = credentials.viewer(&state).await?;
        let _ = introduced.set((credentials, viewer));
    }
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL])?;
    let limit = state.limits.graphql_bytes;
    let messages = messages.max_frame_size(limit).aggregate_continuations().max_continuation_size(limit);
    let schema = ApiSchema::clone(&schema);
    actix_web::rt::spawn(converse(State::clone(&state), schema, session, messages, introduced));
    Ok(response)
}

/// Speaks until one side ends it.
async fn converse(
    state: State,
    schema: ApiSchema,
    mut session: Session,
    messages: AggregatedMessageStream,
    introduced: Introduced,
) {
    let operations = state.limits.graphql_socket_operations;
    let inbound = Box::pin(texts(session.clone(), messages, operations));
    let (init_state, init_introduced) = (state.clone(), Arc::clone(&introduced));
    let mut outbound = WebSocket::new(schema, inbound, WebSocketProtocols::GraphQLWS)
        .on_connection_init(move |payload| introduce(init_state, init_introduced, payload))
        .keepalive_timeout(None);
    let mut recheck = tokio::time::interval(state.limits.recheck());
    recheck.reset();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let introduction = tokio::time::sleep(INTRODUCTION);
    tokio::pin!(introduction);
    let reason = loop {
        tokio::select! {
            message = outbound.next() => match message {
                Some(WsMessage::Text(text)) => if session.text(text).await.is_err() { return },
                // The library's codes for a refused introduction and a missing one; the protocol has its own.
                Some(WsMessage::Close(1002, text)) if introduced.get().is_none() => break Some((4403, text)),
                Some(WsMessage::Close(1011, _)) => break Some((4401, "Unauthorized".into())),
                Some(WsMessage::Close(code, text)) => break Some((code, text)),
                None => break None,
            },
            _ = recheck.tick() => if !still_is(&state, &introduced).await {
                break Some((4403, "Forbidden".into()));
            },
            _ = heartbeat.tick() => if session.ping(b"").await.is_err() { return },
            () = &mut introduction, if introduced.get().is_none() => {
                break Some((4408, "Connection initialisation timeout".into()));
            }
        }
    };
    // The socket may be gone already.
    let reason = reason.map(|(code, text)| CloseReason { code: CloseCode::from(code), description: Some(text) });
    let _ = session.close(reason).await;
}

/// The client's messages, until it ends, breaks the rules, begins more operations than it may or is silent for too long.
fn texts(session: Session, messages: AggregatedMessageStream, operations: usize) -> impl Stream<Item = Bytes> {
    stream::unfold((session, messages, operations), |(mut session, mut messages, mut left)| async move {
        loop {
            match tokio::time::timeout(HEARTBEAT * 3, messages.recv()).await {
                Ok(Some(Ok(AggregatedMessage::Text(text)))) => {
                    left = left.checked_sub(1)?;
                    return Some((text.into_bytes(), (session, messages, left)));
                }
                Ok(Some(Ok(AggregatedMessage::Ping(bytes)))) => session.pong(&bytes).await.ok()?,
                Ok(Some(Ok(AggregatedMessage::Pong(_)))) => {}
                Ok(Some(Ok(AggregatedMessage::Binary(_) | AggregatedMessage::Close(_)) | Err(_)) | None) | Err(_) => {
                    return None;
                }
            }
        }
    })
}

/// Learns who speaks: by the handshake, else by the payload of `connection_init`.
async fn introduce(
    state: State,
    introduced: Introduced,
    payload: serde_json::Value,
) -> async_graphql::Result<SessionData> {
    if introduced.get().is_none() {
        let text = ["Authorization", "authorization"].iter().find_map(|name| payload.get(name)?.as_str());
        let credentials = Credentials::of_authorization(text.unwrap_or_default()).map_err(|_| refused())?;
        let viewer = credentials.viewer(&state).await.map_err(|_| refused())?;
        let _ = introduced.set((credentials, viewer));
    }
    let (_, viewer) = introduced.get().ok_or_else(refused)?;
    let mut data = SessionData::default();
    data.insert(viewer.clone());
    Ok(data)
}

fn refused() -> async_graphql::Error {
    async_graphql::Error::new("Forbidden")
}

/// Whether who speaks is still who they were, with the same standing. Where that cannot be asked now, it is asked again later.
async fn still_is(state: &State, introduced: &Introduced) -> bool {
    let Some((credentials, viewer)) = introduced.get() else { return true };
    match credentials.viewer(state).await {
        Ok(now) => now == *viewer,
        Err(problem) => problem.status_code() == StatusCode::INTERNAL_SERVER_ERROR,
    }
}
