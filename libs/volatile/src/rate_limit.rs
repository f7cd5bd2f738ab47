//! Rate limits by the generic cell rate algorithm: one number a key, exact, the same for all processes, by Redis' clock.
//!
//! The number is the time at which the key's allowance will be full again. Source: ITU-T I.371, appendix; one atomic script.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use sha2::{Digest as _, Sha256};

use crate::connection::Volatile;
use crate::error::VolatileError;

/// So many at once, and that many again after each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many are allowed at once, after a pause; at least one.
    pub burst: u32,
    /// The time in which a whole burst grows again, evenly: `burst` 10 and `per` one minute allow one every six seconds.
    pub per: Duration,
}

/// Whether the limit allows one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// It does, and this one is counted. What is refused is not counted: who waits is never locked out for ever.
    pub allowed: bool,
    /// When refused, how long to wait (for `Retry-After`: round up to seconds); else zero.
    pub retry_after: Duration,
}

// KEYS: the key. ARGV: microseconds between two, microseconds of tolerance. Answers -1, or the microseconds to wait.
// Numbers are written by string.format: Lua would write large ones as 1.7e+15.
static ALLOW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1]
        local wait = full_at - ARGV[2] - ARGV[1] - now
        if wait > 0 then return wait end
        redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX',
            string.format('%.0f', math.ceil((full_at - now) / 1000) + 1))
        return -1
        ",
    )
});

impl Volatile {
    /// Asks whether `key` (an address, an account's name; of any length, kept as a hash) may once more in `bucket` (what is
    /// limited, such as `sign-in-account`), and counts it if so.
    ///
    /// # Errors
    /// When Redis is away. The caller decides what that means: sign-in goes without sessions anyway.
    pub async fn allow(&self, bucket: &str, key: &str, limit: Limit) -> Result<Decision, VolatileError> {
        let burst = u64::from(limit.burst.max(1));
        // A day short of nine years, so that all sums stay exact in Lua's numbers.
        let per = u64::try_from(limit.per.as_micros()).unwrap_or(u64::MAX).min(1 << 48);
        let interval = (per / burst).max(1);
        let mut script = ALLOW.prepare_invoke();
        script
            .key(self.key(&["limit", bucket, &hex::encode(Sha256::digest(key))]))
            .arg(interval)
            .arg(interval * (burst - 1));
        let wait: i64 = self.invoke("counting against a rate limit", &script).await?;
        match u64::try_from(wait) {
            Ok(microseconds) => Ok(Decision { allowed: false, retry_after: Duration::from_micros(microseconds) }),
            Err(_) => Ok(Decision { allowed: true, retry_after: Duration::ZERO }),
        }
    }
}
