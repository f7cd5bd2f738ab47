//! The machine that was measured on, and what else it did.

use std::fs;
use std::process::Command;

use plimsoll_e2e::process::output;

use crate::table::Table;

/// Where and how it is measured.
pub fn describe(table: &mut Table, runs: u8, feeds: &str) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kib: f64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let date = output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]));
    let build = if cfg!(debug_assertions) { "DEBUG build, not comparable" } else { "release build" };
    table.heading(format!(
        "{cores} cores ({model}), {:.0} GiB memory, {}; {build}; best of {runs} where not told otherwise; {feeds}; \
         PostgreSQL with fsync {}; load at the start {}",
        kib / f64::from(1 << 20),
        date.trim(),
        fsync(),
        load()
    ));
}

/// Whether the database waits for its disk, as its own client tells.
fn fsync() -> String {
    let url = std::env::var("DATABASE_URL").unwrap_or_default();
    output(Command::new("psql").args(["-XAtqw", &url, "-c", "SHOW fsync"])).trim().to_owned()
}

/// What else it did meanwhile.
pub fn describe_end(table: &mut Table) {
    table.footing(format!(
        "Load at the end {}. Peak memory is the kernel's VmHWM of the one process. Made by `infra/bench` (`cargo run --release -p \
         plimsoll-e2e --bin bench-scan`).",
        load()
    ));
}

/// The average number of processes that ran or waited, over the last minute.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// The first value of a field in one of the kernel's texts of `name: value` lines.
pub fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
