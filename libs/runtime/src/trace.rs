//! W3C trace context: how one trace goes from an HTTP request through the outbox and RabbitMQ into a worker.

use std::collections::{BTreeMap, HashMap};

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The current span's trace context, as the headers `traceparent` and `tracestate`; empty where nothing is traced.
pub fn current() -> BTreeMap<String, String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    carrier.into_iter().collect()
}

/// Makes a span the child of the trace context that came with a message.
pub fn continue_from(span: &Span, context: &BTreeMap<String, String>) {
    let carrier: HashMap<String, String> = context.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    follow(span, &carrier);
}

/// Makes a span the child of the trace context in `carrier`, if there is one.
pub(crate) fn follow(span: &Span, carrier: &dyn Extractor) {
    let parent = TraceContextPropagator::new().extract(carrier);
    // Refused only for a span that has begun already, or where nothing is traced.
    let _ = span.set_parent(parent);
}
