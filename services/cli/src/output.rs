//! Results on standard output.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::exit::Failure;

/// Writes a result; colours are left out where nobody sees them (`NO_COLOR`, a pipe). A reader that has gone is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::undone(format!("the result could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// A value as JSON, for people too.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::undone)? + "\n")
}
