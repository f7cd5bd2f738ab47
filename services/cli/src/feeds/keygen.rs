//! `plimsoll feeds keygen`: a key to sign bundles with.

use plimsoll_bundle::SigningKey;

use crate::arguments::KeygenArguments;
use crate::exit::{Failure, Outcome};
use crate::output;

/// Makes a key; prints the public one.
pub fn run(arguments: &KeygenArguments) -> Result<Outcome, Failure> {
    let key = SigningKey::generate().map_err(Failure::undone)?;
    key.write_new(&arguments.secret_key)
        .map_err(|error| Failure::curable(error, "another --secret-key: a key that is there is never overwritten"))?;
    output::print(&format!("untrusted comment: plimsoll bundle public key {}\n{}\n", key.id(), key.public()))?;
    Ok(Outcome::Done)
}
