//! `message-schemas`: what `api-schema/messages` is made of.

use plimsoll_broker::contracts::schemas;

/// Prints every message's schema, by name.
pub fn print() -> anyhow::Result<()> {
    let all: serde_json::Map<String, serde_json::Value> =
        schemas().into_iter().map(|(name, schema)| (name.to_owned(), schema.to_value())).collect();
    println!("{}", serde_json::to_string_pretty(&all)?);
    Ok(())
}
