//! How long a layer's analysis may take: as long as it gets on.
//!
//! What counts is work, not time: what inspecting takes, added up over all threads, and a little for each byte of tar. Waiting counts nowhere, be
//! it for the network or for other scans: a slow registry or a busy machine cuts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Tells the time since some moment, the same for all who ask. It never goes back.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The bounds of work. Who sends more bytes gets more: an image of any size that gets on at the pace is read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// What a layer may take beside what its bytes may.
    pub layer: Duration,
    /// What all layers of an image may, likewise.
    pub image: Duration,
    /// Bytes of a blob, as stored, that are got on with in a second at least. What honest layers take is three hundred times as fast, and
    /// with the slowest public YARA rules (4 MB of files a second) still six times.
    pub bytes_per_second: u64,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { layer: Duration::from_secs(300), image: Duration::from_secs(900), bytes_per_second: 256 << 10 }
    }
}

/// What a byte of tar counts, in nanoseconds: inflating, hashing and walking it.
const NANOSECONDS_PER_BYTE: u64 = 2;

/// Work that was done, and the bytes that were read for it.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Below zero while what was waited for is taken off and the work around it is not added yet.
    nanoseconds: AtomicI64,
    bytes: AtomicU64,
}

impl Work {
    fn is_over(&self, allowance: Duration, bytes_per_second: u64) -> bool {
        let of_bytes = Duration::from_secs(self.bytes.load(Ordering::Relaxed) / bytes_per_second.max(1));
        let done = u64::try_from(self.nanoseconds.load(Ordering::Relaxed)).unwrap_or(0);
        Duration::from_nanos(done) > allowance.saturating_add(of_bytes)
    }
}

/// The work of one pass, beside that of its image.
pub(crate) struct Pace {
    clock: Option<Clock>,
    limits: TimeLimits,
    layer: Work,
    image: Arc<Work>,
    is_over: AtomicBool,
}

impl Pace {
    pub(crate) fn new(clock: Option<Clock>, limits: TimeLimits, image: Arc<Work>) -> Self {
        Self { clock, limits, layer: Work::default(), image, is_over: AtomicBool::new(false) }
    }

    /// Does some work that counts.
    pub(crate) fn work<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = self.now();
        let outcome = work();
        self.add(self.now().saturating_sub(begun));
        outcome
    }

    /// Waits, in the middle of work.
    pub(crate) fn wait<T>(&self, wait: impl FnOnce() -> T) -> T {
        let begun = self.now();
        let outcome = wait();
        let waited = nanoseconds(self.now().saturating_sub(begun));
        for work in [&self.layer, &*self.image] {
            // What is taken off here is added when the work around it is done.
            work.nanoseconds.fetch_sub(waited, Ordering::Relaxed);
        }
        outcome
    }

    /// So many bytes of the blob were read.
    pub(crate) fn read(&self, bytes: usize) {
        for work in [&self.layer, &*self.image] {
            work.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }

    /// So many bytes of tar were inflated.
    pub(crate) fn inflated(&self, bytes: usize) {
        self.add(Duration::from_nanos(bytes as u64 * NANOSECONDS_PER_BYTE));
    }

    /// Whether the layer or its image took too long; once it did, that stays so.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn add(&self, done: Duration) {
        for work in [&self.layer, &*self.image] {
            work.nanoseconds.fetch_add(nanoseconds(done), Ordering::Relaxed);
        }
        let per_second = self.limits.bytes_per_second;
        if self.layer.is_over(self.limits.layer, per_second) || self.image.is_over(self.limits.image, per_second) {
            self.is_over.store(true, Ordering::Relaxed);
        }
    }

    fn now(&self) -> Duration {
        self.clock.as_ref().map_or(Duration::ZERO, |clock| clock())
    }

    /// What is told where it is over.
    pub(crate) fn told(&self) -> String {
        let TimeLimits { layer, image, bytes_per_second } = self.limits;
        format!(
            "the rest was not read: it took longer than {} seconds and one for each {bytes_per_second} bytes, or its image longer than {} seconds",
            layer.as_secs(),
            image.as_secs()
        )
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn paces() -> (Arc<Mutex<Duration>>, [Pace; 3]) {
        let time = Arc::new(Mutex::new(Duration::ZERO));
        let told = Arc::clone(&time);
        let clock: Clock = Arc::new(move || *told.lock().unwrap());
        let limits =
            TimeLimits { layer: Duration::from_secs(10), image: Duration::from_secs(25), bytes_per_second: 1000 };
        let image = Arc::<Work>::default();
        (time, std::array::from_fn(|_| Pace::new(Some(Arc::clone(&clock)), limits, Arc::clone(&image))))
    }

    fn pass(time: &Mutex<Duration>, seconds: u64) {
        *time.lock().unwrap() += Duration::from_secs(seconds);
    }

    #[test]
    fn work_counts_waiting_does_not_and_bytes_give_time() {
        let (time, [pace, ..]) = paces();
        pass(&time, 1000);
        pace.work(|| pass(&time, 10));
        assert!(!pace.is_over());
        pace.read(3000);
        pace.work(|| {
            pass(&time, 2);
            pace.wait(|| pass(&time, 1000));
            pass(&time, 1);
        });
        assert!(!pace.is_over());
        pace.inflated(1_000_000);
        assert!(pace.is_over() && pace.told().contains("10 seconds"));
    }

    #[test]
    fn layers_that_are_each_fast_enough_may_be_too_slow_together() {
        let (time, paces) = paces();
        for pace in &paces {
            pace.work(|| pass(&time, 9));
        }
        assert_eq!(paces.map(|pace| pace.is_over()), [false, false, true]);
    }
}
