//! Giving up on a connection that hardly moves.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Measures arriving bytes against the time waited for them. Time that the receiver takes for itself does not count.
pub struct Pace {
    timeout: Duration,
    min_bytes: u64,
    waited: Duration,
    arrived: u64,
}

/// Less than the least arrived within the time.
#[derive(Debug)]
pub struct TooSlow;

impl Pace {
    pub fn new(timeout: Duration, min_bytes: u64) -> Self {
        Self { timeout, min_bytes, waited: Duration::ZERO, arrived: 0 }
    }

    /// Waits for a chunk; its size is then told to [`Pace::arrived`].
    pub async fn wait<F: Future>(&mut self, chunk: F) -> Result<F::Output, TooSlow> {
        let mut chunk = std::pin::pin!(chunk);
        loop {
            let started = Instant::now();
            let left = self.timeout.saturating_sub(self.waited);
            let outcome = tokio::time::timeout(left, chunk.as_mut()).await;
            self.waited += started.elapsed();
            if let Ok(outcome) = outcome {
                return Ok(outcome);
            }
            if self.arrived < self.min_bytes {
                return Err(TooSlow);
            }
            (self.waited, self.arrived) = (Duration::ZERO, 0);
        }
    }

    pub fn arrived(&mut self, bytes: usize) {
        self.arrived = self.arrived.saturating_add(bytes as u64);
        if self.arrived >= self.min_bytes {
            (self.waited, self.arrived) = (Duration::ZERO, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_too_slow_and_a_steady_flow_is_not() {
        let second = Duration::from_secs(1);
        let mut trickle = Pace::new(10 * second, 100);
        let mut chunks = 0;
        while trickle.wait(tokio::time::sleep(second)).await.is_ok() {
            trickle.arrived(1);
            chunks += 1;
            assert!(chunks < 20);
        }
        let mut steady = Pace::new(10 * second, 100);
        for _ in 0..100 {
            assert!(steady.wait(tokio::time::sleep(second)).await.is_ok());
            steady.arrived(50);
            tokio::time::advance(100 * second).await;
        }
        assert!(Pace::new(second, 1).wait(std::future::pending::<()>()).await.is_err());
    }
}
