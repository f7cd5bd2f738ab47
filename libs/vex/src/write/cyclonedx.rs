//! CycloneDX 1.6.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{About, Alike, Edition, action, time};
use crate::Status;

const SUBJECT: &str = "subject";

pub(super) fn document(about: &About<'_>, alike: &[Alike<'_>], edition: &Edition<'_>) -> Value {
    let packages: BTreeSet<&str> = alike.iter().flat_map(|alike| alike.packages.iter().copied()).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": edition.id.urn().to_string(),
        "version": 1,
        "metadata": {
            "timestamp": time(edition.timestamp),
            "authors": [{ "name": edition.author }],
            "tools": { "components": [{ "type": "application", "name": "plimsoll", "version": edition.tool_version }] },
            "component": subject(about),
        },
        "components": packages.into_iter().map(component).collect::<Vec<_>>(),
        "vulnerabilities": alike.iter().map(vulnerability).collect::<Vec<_>>(),
    })
}

fn subject(about: &About<'_>) -> Value {
    let Some(digest) = about.digest else {
        return json!({ "type": "file", "bom-ref": SUBJECT, "name": about.name });
    };
    let mut json = json!({ "type": "container", "bom-ref": SUBJECT, "name": about.name, "version": digest.to_string(),
                           "hashes": [{ "alg": "SHA-256", "content": digest.hex() }] });
    if let (Some(purl), Some(object)) = (about.purl(), json.as_object_mut()) {
        object.insert("purl".into(), purl.into());
    }
    json
}

fn component(purl: &str) -> Value {
    let parsed = purl.parse::<packageurl::PackageUrl<'_>>().ok();
    let name = parsed.as_ref().map_or(purl, |parsed| parsed.name());
    let version = parsed.as_ref().and_then(|parsed| parsed.version()).unwrap_or_default();
    json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl })
}

fn vulnerability(alike: &Alike<'_>) -> Value {
    let said = alike.said;
    let (state, response) = match said.status {
        Status::NotAffected => ("not_affected", None),
        Status::Affected => ("exploitable", (!said.action.is_empty()).then_some("update")),
        Status::Fixed => ("resolved", None),
        Status::UnderInvestigation => ("in_triage", None),
    };
    let mut analysis = Map::new();
    analysis.insert("state".into(), state.into());
    analysis.insert("lastUpdated".into(), time(said.at).into());
    analysis.extend(response.map(|response| ("response".to_owned(), json!([response]))));
    analysis.extend(said.justification.map(|why| ("justification".to_owned(), why.cyclonedx().into())));
    if !said.impact.is_empty() {
        analysis.insert("detail".into(), said.impact.as_str().into());
    }
    let mut json = Map::new();
    json.insert("id".into(), said.vulnerability.as_str().into());
    json.insert("analysis".into(), Value::Object(analysis));
    let affects: Vec<Value> = alike.packages.iter().map(|purl| json!({ "ref": purl })).collect();
    json.insert("affects".into(), Value::Array(affects));
    if !said.title.is_empty() {
        json.insert("description".into(), said.title.as_str().into());
    }
    if said.status == Status::Affected {
        json.insert("recommendation".into(), action(said).into());
    }
    // A reference to the same vulnerability elsewhere takes a source; whose id it is says its beginning.
    let same = |id: &String| json!({ "id": id, "source": { "name": id.split('-').next().unwrap_or_default() } });
    if !said.aliases.is_empty() {
        json.insert("references".into(), Value::Array(said.aliases.iter().map(same).collect()));
    }
    Value::Object(json)
}
