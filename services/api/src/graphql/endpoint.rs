//! `POST /graphql`: GraphQL over HTTP, one request or a batch.
//!
//! Source: the GraphQL over HTTP specification (graphql.github.io/graphql-over-http). Whoever accepts
//! `application/graphql-response+json` gets a status that tells whether the request was one; others get 200 wherever the JSON was
//! a request, as they always did.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::{Request, Response, ServerError, Variables};
use plimsoll_runtime::Problem;
use serde_json::{Map, Value, json};

use super::ApiSchema;
use super::document::{malformed, over, refusal};
use crate::authentication::Credentials;
use crate::rest::body::{self, ProblemDocument};
use crate::server::State;

/// The media type of GraphQL answers.
const GRAPHQL: &str = "application/graphql-response+json";
/// A request ends within this, whatever it asks.
const PATIENCE: Duration = Duration::from_secs(30);

/// A GraphQL request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the body, whose parts are read one by one to tell which is wrong")]
pub struct GraphqlRequest {
    /// The document.
    #[schema(example = "{ viewer { account { email } } }")]
    query: String,
    /// Which of its operations.
    operation_name: Option<String>,
    /// Its variables.
    variables: Option<std::collections::BTreeMap<String, Value>>,
}

/// Executes a GraphQL request, or a batch of them (a list). Who sends no credentials sees the schema and nothing else.
#[utoipa::path(post, path = "/graphql", tag = "graphql", request_body = GraphqlRequest, responses(
    (status = 200, description = "The answer: `data`, `errors` or both", body = Value),
    (status = 400, description = "No GraphQL request, or one that was not executed", body = Value),
    (status = 401, description = "The credentials are nobody's", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "A cookie that came with another site's page", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "The body is too long", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "The body is not JSON", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn graphql(
    request: HttpRequest,
    state: Data<State>,
    schema: Data<ApiSchema>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = Credentials::of(&request, &state.public_url)?;
    let body = body::json(&request, payload, state.limits.graphql_bytes).await?;
    let viewer = match &credentials {
        Some(credentials) => Some(credentials.viewer(&state).await?),
        None => None,
    };
    if let Some(access) = viewer.as_ref().and_then(|viewer| viewer.accesses.first()) {
        tracing::Span::current().record("org", access.slug.as_str());
    }
    let accepts = Accepts::of(&request);
    let requests = match requests(&body, state.limits.graphql_batch) {
        Ok(requests) => requests,
        Err(error) => return Ok(accepts.answer(StatusCode::BAD_REQUEST, &shown(Response::from_errors(vec![error])).0)),
    };
    let execute = |request: Request| {
        let request = match viewer.clone() {
            Some(viewer) => request.data(viewer),
            None => request,
        };
        async {
            let answer = tokio::time::timeout(PATIENCE, schema.execute(request)).await;
            answer.unwrap_or_else(|_| {
                let message = format!("The request took longer than the limit of {} seconds.", PATIENCE.as_secs());
                Response::from_errors(vec![refusal(message)])
            })
        }
    };
    match requests {
        Requests::One(request) => {
            let (answer, was_executed) = shown(execute(*request).await);
            Ok(accepts.answer(accepts.status(was_executed), &answer))
        }
        Requests::Batch(requests) => {
            // One after the other: a batch is no way to take more than one request's share of the database.
            let mut answers = Vec::new();
            for request in requests {
                answers.push(shown(execute(request).await).0);
            }
            Ok(accepts.answer(StatusCode::OK, &Value::Array(answers)))
        }
    }
}

/// `GET /graphql` without an upgrade: nothing is executed by an address.
pub fn only_post() -> HttpResponse {
    let mut response = actix_web::ResponseError::error_response(&Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Send GraphQL requests by POST; subscribe by a WebSocket with the protocol graphql-transport-ws.",
    ));
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    response
}

/// Which media type is answered.
#[derive(Debug, Clone, Copy)]
struct Accepts {
    is_graphql: bool,
}

impl Accepts {
    fn of(request: &HttpRequest) -> Self {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let names = |wanted: &str| {
            accept.split(',').position(|range| range.split(';').next().is_some_and(|it| it.trim() == wanted))
        };
        // The first that is named counts; who names neither is answered with JSON.
        let is_graphql = match (names(GRAPHQL), names("application/json")) {
            (Some(graphql), Some(json)) => graphql < json,
            (graphql, None) => graphql.is_some(),
            (None, Some(_)) => false,
        };
        Self { is_graphql }
    }

    const fn status(self, was_executed: bool) -> StatusCode {
        if self.is_graphql && !was_executed { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }

    fn answer(self, status: StatusCode, body: &Value) -> HttpResponse {
        let media_type = if self.is_graphql { GRAPHQL } else { "application/json" };
        let media_type = format!("{media_type}; charset=utf-8");
        HttpResponse::build(status)
            .content_type(media_type)
            .insert_header((header::VARY, "Accept"))
            .body(body.to_string())
    }
}

/// A response as JSON, and whether it was executed: one that was not has no `data`, by the specification. Errors of execution have
/// a path.
fn shown(response: Response) -> (Value, bool) {
    let was_executed = response.errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
    let mut shown = serde_json::to_value(&response).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer that does not become JSON");
        json!({ "errors": [{ "message": "The service failed." }] })
    });
    if !was_executed && let Some(shown) = shown.as_object_mut() {
        shown.remove("data");
    }
    (shown, was_executed)
}

enum Requests {
    One(Box<Request>),
    Batch(Vec<Request>),
}

fn requests(body: &[u8], batch: usize) -> Result<Requests, ServerError> {
    let body: Value = serde_json::from_slice(body).map_err(|error| malformed(format!("The body: {error}")))?;
    match body {
        Value::Object(fields) => Ok(Requests::One(Box::new(request(fields)?))),
        Value::Array(all) if all.is_empty() => Err(malformed("The batch is empty.")),
        Value::Array(all) if all.len() > batch => Err(refusal(over("operations in its batch", all.len(), batch))),
        Value::Array(all) => {
            let one = |value| match value {
                Value::Object(fields) => request(fields),
                _ => Err(malformed("Each element of a batch is an object.")),
            };
            Ok(Requests::Batch(all.into_iter().map(one).collect::<Result<_, _>>()?))
        }
        _ => Err(malformed("The body is an object, or a list of objects.")),
    }
}

fn request(mut fields: Map<String, Value>) -> Result<Request, ServerError> {
    let Some(Value::String(query)) = fields.remove("query") else {
        return Err(malformed("`query` is missing or no string."));
    };
    let mut request = Request::new(query);
    match fields.remove("operationName") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) if name.is_empty() => {}
        Some(Value::String(name)) => request = request.operation_name(name),
        Some(_) => return Err(malformed("`operationName` is no string.")),
    }
    match fields.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) => request = request.variables(Variables::from_json(variables)),
        Some(_) => return Err(malformed("`variables` is no object.")),
    }
    match fields.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => Ok(request),
        Some(_) => Err(malformed("`extensions` is no object.")),
    }
}
