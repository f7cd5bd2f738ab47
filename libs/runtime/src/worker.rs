//! A service whose work does not come by HTTP: it works until it is asked to end, and serves its health meanwhile.

use std::future::Future;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use crate::health::Health;
use crate::http;

/// Runs `work`, which ends soon after `shutdown`, and serves `health` at `listen` until it has ended.
///
/// # Errors
/// When the address cannot be listened on, the server fails, or the work ends before it was asked to: the process is then better
/// started anew than alive and idle.
pub async fn run(
    listen: &str,
    health: Health,
    work: impl Future<Output = ()> + Send + 'static,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(http::measure))
            .wrap(TracingLogger::<http::RequestSpan>::new())
            .configure(|app| health.configure(app))
    })
    .workers(1)
    .disable_signals()
    .bind(listen)
    .with_context(|| format!("PLIMSOLL_LISTEN={listen}"))?
    .run();
    let handle = server.handle();
    tracing::info!(listen, "ready");
    let mut working = tokio::spawn(work);
    let ended = tokio::select! {
        ended = server => ended.context("HTTP server"),
        ended = &mut working => {
            ended.context("background work")?;
            anyhow::ensure!(shutdown.is_cancelled(), "the background work ended by itself");
            return Ok(());
        }
        () = shutdown.cancelled() => {
            handle.stop(true).await;
            Ok(())
        }
    };
    shutdown.cancel();
    working.await.context("background work")?;
    ended
}
