//! Wall time and peak memory of programs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use plimsoll_e2e::Platform;
pub use plimsoll_e2e::process::peak_kib;

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// From its start to its end.
    pub wall: Duration,
    /// The most memory that it had at a time, in KiB: the kernel's high-water mark, last read at most two milliseconds before the end.
    pub peak_kib: u64,
}

/// The fastest of several runs, with the highest memory of any.
///
/// # Panics
/// When a run fails.
pub fn best(runs: u8, mut command: impl FnMut() -> Command) -> Taken {
    let taken: Vec<Taken> = (0..runs).map(|_| once(command())).collect();
    Taken {
        wall: taken.iter().map(|run| run.wall).min().unwrap_or_default(),
        peak_kib: taken.iter().map(|run| run.peak_kib).max().unwrap_or_default(),
    }
}

/// Runs a command to its end, its output unread.
///
/// # Panics
/// When it fails.
pub fn once(mut command: Command) -> Taken {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = child.id();
    let watcher = std::thread::spawn(move || {
        let mut peak = 0;
        // A process that has ended has no memory to tell of.
        while let Some(kib) = peak_kib(pid) {
            peak = kib.max(peak);
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let status = child.wait().expect("a child's end");
    let wall = started.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    Taken { wall, peak_kib: watcher.join().expect("the watcher") }
}

/// The fastest of several runs of a function.
pub fn fastest<T>(runs: u8, mut run: impl FnMut() -> T) -> Duration {
    let timed = |_| {
        let started = Instant::now();
        std::hint::black_box(run());
        started.elapsed()
    };
    (0..runs).map(timed).min().unwrap_or_default()
}

/// A time as the table tells it.
pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// An amount of memory as the table tells it.
pub fn mebibytes(kib: u64) -> String {
    format!("{} MiB", kib.div_ceil(1024))
}

/// The most memory that a service of a platform had, as the table tells it.
pub fn peak(platform: &mut Platform, service: &str) -> String {
    peak_kib(platform.service(service).id()).map_or_else(|| "-".into(), mebibytes)
}

/// How many a second, with thousands set apart.
pub fn per_second(count: usize, time: Duration) -> String {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "told roundly"
    )]
    let rate = (count as f64 / time.as_secs_f64()).round() as u64;
    thousands(rate)
}

/// A number with thousands set apart.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
