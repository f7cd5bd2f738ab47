//! How the program ends.
//!
//! | exit | meaning |
//! | --- | --- |
//! | 0 | done |
//! | 1 | a gate is shut, versions could not be compared, an advisory was refused, or not all that was asked could be judged |
//! | 2 | usage error |
//! | 3 | it could not be done: a service, registry or file is unreachable, an image is broken |
//! | 4 | timed out |

use std::process::ExitCode;
use std::time::Duration;

use crate::escape::escaped;

/// What was asked for was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// And all is well.
    Done,
    /// And the answer is no.
    Shut,
}

/// What was asked for was not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was asked for in the wrong way.
    Usage(String),
    /// It could not be done.
    Undone {
        /// Why.
        message: String,
        /// What to do about it.
        cure: Option<String>,
    },
    /// It took too long.
    TimedOut(Duration),
}

impl Failure {
    /// It could not be done, and the message says it all.
    pub fn undone(message: impl ToString) -> Self {
        Self::Undone { message: message.to_string(), cure: None }
    }

    /// It could not be done, and this helps.
    pub fn curable(message: impl ToString, cure: impl Into<String>) -> Self {
        Self::Undone { message: message.to_string(), cure: Some(cure.into()) }
    }
}

/// Tells a failure on standard error, and the exit code.
pub fn code(outcome: Result<Outcome, Failure>) -> ExitCode {
    let (number, message, cure) = match outcome {
        Ok(Outcome::Done) => return ExitCode::SUCCESS,
        Ok(Outcome::Shut) => return ExitCode::from(1),
        Err(Failure::Usage(message)) => (2, message, Some("plimsoll --help tells how".to_owned())),
        Err(Failure::Undone { message, cure }) => (3, message, cure),
        Err(Failure::TimedOut(after)) => {
            let cure = "a longer --timeout; what was sent stays sent, so a second run goes on from there";
            (4, format!("timed out after {} s", after.as_secs()), Some(cure.to_owned()))
        }
    };
    anstream::eprintln!("\x1b[1;31merror\x1b[0m: {}", escaped(&message));
    if let Some(cure) = cure {
        anstream::eprintln!("  \x1b[1mhelp\x1b[0m: {}", escaped(&cure));
    }
    ExitCode::from(number)
}
