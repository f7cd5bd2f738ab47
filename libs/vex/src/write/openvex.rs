//! OpenVEX 0.2.0.

use serde_json::{Value, json};

use super::{About, Alike, Edition, action, time};
use crate::Status;

pub(super) fn document(about: &About<'_>, alike: &[Alike<'_>], edition: &Edition<'_>) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": edition.id.urn().to_string(),
        "author": edition.author,
        "timestamp": time(edition.timestamp),
        "version": 1,
        "tooling": format!("plimsoll {}", edition.tool_version),
        "statements": alike.iter().map(|alike| statement(about, alike)).collect::<Vec<_>>(),
    })
}

fn statement(about: &About<'_>, alike: &Alike<'_>) -> Value {
    let said = alike.said;
    let package = |purl: &&str| json!({ "@id": purl, "identifiers": { "purl": purl } });
    let packages: Vec<Value> = alike.packages.iter().map(package).collect();
    let products = match about.purl() {
        Some(purl) => json!([{ "@id": purl, "identifiers": { "purl": purl }, "subcomponents": packages }]),
        None => Value::Array(packages),
    };
    let mut vulnerability = json!({ "name": said.vulnerability });
    let mut statement = json!({ "products": products, "status": said.status.as_str(), "timestamp": time(said.at) });
    let set = |object: &mut Value, key: &str, value: Value| {
        object.as_object_mut().map(|object| object.insert(key.into(), value))
    };
    if !said.aliases.is_empty() {
        set(&mut vulnerability, "aliases", json!(said.aliases));
    }
    if !said.title.is_empty() {
        set(&mut vulnerability, "description", json!(said.title));
    }
    set(&mut statement, "vulnerability", vulnerability);
    match said.status {
        Status::NotAffected => {
            if let Some(justification) = said.justification {
                set(&mut statement, "justification", json!(justification.cisa()));
            }
            let needs_words = said.justification.is_none() && said.impact.is_empty();
            let impact = if needs_words { "No reason was given." } else { &said.impact };
            if !impact.is_empty() {
                set(&mut statement, "impact_statement", json!(impact));
            }
        }
        Status::Affected => {
            set(&mut statement, "action_statement", json!(action(said)));
        }
        Status::Fixed | Status::UnderInvestigation => {}
    }
    statement
}
