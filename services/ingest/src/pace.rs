//! How many requests a key may make.

use crate::caller::Caller;
use crate::ingest::Ingest;

/// Counts a request against the key's allowance. When there is none left, gives the seconds to wait.
///
/// Without Redis nothing is refused: what the limit is for is rarer than an outage.
pub(crate) async fn seconds_to_wait(ingest: &Ingest, caller: &Caller) -> Option<u64> {
    match ingest.volatile.allow("ingest-key", &caller.key.to_string(), ingest.rate).await {
        Ok(decision) if decision.allowed => None,
        Ok(decision) => Some(decision.retry_after.as_secs() + 1),
        Err(error) => {
            tracing::warn!(%error, "requests are not limited");
            None
        }
    }
}
