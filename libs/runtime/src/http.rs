//! What every HTTP server of ours does with every request: a span, a measure, and the trace of whoever called.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use opentelemetry::KeyValue;
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing_actix_web::{DefaultRootSpanBuilder, RootSpanBuilder};

/// Begins a request's span as a child of the caller's trace. For `TracingLogger`.
#[derive(Debug)]
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let span = tracing_actix_web::root_span!(request, org = tracing::field::Empty);
        crate::trace::follow(&span, &Headers(request.headers()));
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        DefaultRootSpanBuilder::on_request_end(span, outcome);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(actix_web::http::header::HeaderName::as_str).collect()
    }
}

/// Measures every request by route, method and status. For `actix_web::middleware::from_fn`.
///
/// # Errors
/// What the request itself gives.
pub async fn measure<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let method = request.method().to_string();
    let response = next.call(request).await;
    // The route's pattern, not the path: the number of series stays that of the routes.
    let (route, status) = match &response {
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    let labels = [
        KeyValue::new("method", method),
        KeyValue::new("route", route.unwrap_or_else(|| "unknown".into())),
        KeyValue::new("status", i64::from(status.as_u16())),
    ];
    opentelemetry::global::meter("plimsoll")
        .f64_histogram("http_request_duration_seconds")
        .build()
        .record(started.elapsed().as_secs_f64(), &labels);
    response
}
