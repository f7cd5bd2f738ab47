//! How much memory a piece of work takes, and streams that are never held.

use std::io::{self, Read};

use crate::builder::*;

/// What a worker may take, whatever a layer holds.
pub const WORKER_BYTES: u64 = 256 << 20;

/// The most memory that this process had while `work` ran, in bytes; `None` where tests share a process, or the system does not tell.
pub fn peak_of<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    // Resets the peak (proc_pid_clear_refs(5)).
    let is_alone = std::env::var("NEXTEST_EXECUTION_MODE").is_ok_and(|mode| mode == "process-per-test");
    let is_reset = is_alone && std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let outcome = work();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    (outcome, peak.filter(|_| is_reset).map(|kibibytes| kibibytes << 10))
}

/// The work stays within a worker's memory.
#[track_caller]
pub fn within_a_worker<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (outcome, peak) = peak_of(work);
    if let Some(peak) = peak {
        println!("{name}: {} MiB", peak >> 20);
        assert!(peak < WORKER_BYTES, "{name}: {} MiB", peak >> 20);
    }
    outcome
}

/// A file of `size` bytes as a tar has it: `head`, then one byte again and again. Never held.
pub fn long_file(path: &str, size: u64, head: &[u8], filler: u8) -> impl Read + use<> {
    let header = Header::new(path.as_bytes(), b'0', size).block();
    let start = [header.as_slice(), head].concat();
    let padding = size.next_multiple_of(512) - size;
    io::Cursor::new(start).chain(io::repeat(filler).take(size - head.len() as u64)).chain(io::repeat(0).take(padding))
}
