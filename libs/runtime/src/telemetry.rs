//! Structured logs on standard error, metrics for `/metrics`, and traces by OTLP where an endpoint is configured.

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// What is logged unless `PLIMSOLL_LOG` says otherwise. A TLS hello on a plain port, which registry clients try first, is no error.
const DEFAULT_FILTER: &str = "info,actix_http::h1=off";

/// What must live as long as the process: dropped last, it sends what is left.
#[derive(Debug)]
pub struct Telemetry {
    /// What `/metrics` shows.
    pub registry: prometheus::Registry,
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Telemetry {
    /// Starts logging, measuring and, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, tracing for the service `name`.
    /// `PLIMSOLL_LOG` is a filter such as `info,plimsoll_scanner=debug`.
    ///
    /// # Errors
    /// When the filter or the endpoint is not valid.
    pub fn start(name: &'static str) -> anyhow::Result<Self> {
        let resource = Resource::builder().with_service_name(name).build();
        let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
            let exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_http()
                .build()
                .context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            traces = traces.with_batch_exporter(exporter);
        }
        let traces = traces.build();
        let registry = prometheus::Registry::new();
        let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().context("metrics")?;
        let metrics = SdkMeterProvider::builder().with_resource(resource).with_reader(reader).build();
        opentelemetry::global::set_meter_provider(metrics.clone());

        let filter = std::env::var("PLIMSOLL_LOG").unwrap_or_else(|_| DEFAULT_FILTER.into());
        let filter: EnvFilter = filter.parse().with_context(|| format!("PLIMSOLL_LOG={filter}"))?;
        let logs = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
        let spans = tracing_opentelemetry::layer()
            .with_tracer(traces.tracer("plimsoll"))
            .with_filter(EnvFilter::new("info,plimsoll=debug"));
        tracing_subscriber::registry().with(logs.with_filter(filter)).with(spans).try_init().context("logging")?;
        Ok(Self { registry, traces, metrics })
    }

    /// Sends what was not yet sent.
    pub fn finish(self) {
        // At the end of the process there is nobody left to tell.
        let _ = self.traces.shutdown();
        let _ = self.metrics.shutdown();
    }
}
