//! Programs of others that tests use: the real clients.

use std::process::Command;

/// Whether a program is there.
pub fn has(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().is_ok_and(|found| found.status.success())
}

/// Panics where a program is missing: a test never passes by not running.
///
/// # Panics
/// With the cure.
pub fn require(programs: &[&str]) {
    for program in programs {
        assert!(has(program), "{program} is not installed: infra/test installs it, or apt-get install {program}");
    }
}
