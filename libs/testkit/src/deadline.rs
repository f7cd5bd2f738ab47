//! Waiting for something to become true, without sleeping blindly.

use std::time::Duration;

/// Asks `check` again and again until it gives something, for at most `limit`.
///
/// # Panics
/// When the limit passes; `what` says what was waited for.
pub async fn eventually<T>(what: &str, limit: Duration, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let polling = async {
        loop {
            if let Some(value) = check().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(limit, polling).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"))
}
