//! CSAF 2.0, its VEX profile (4.5).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{About, Alike, Edition, action, time};
use crate::Status;

/// What the rest of the document calls the image.
const IMAGE: &str = "image";

pub(super) fn document(about: &About<'_>, alike: &[Alike<'_>], edition: &Edition<'_>) -> Value {
    let at = time(edition.timestamp);
    json!({
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "title": format!("Vulnerabilities of {}", about.name),
            "publisher": { "category": "other", "name": edition.author, "namespace": "urn:plimsoll" },
            "tracking": {
                "id": format!("plimsoll-{}", edition.id),
                "status": "final",
                "version": "1",
                "initial_release_date": at,
                "current_release_date": at,
                "revision_history": [{ "number": "1", "date": at, "summary": "As scanned." }],
                "generator": { "engine": { "name": "plimsoll", "version": edition.tool_version } },
            },
        },
        "product_tree": product_tree(about, alike),
        "vulnerabilities": vulnerabilities(about, alike),
    })
}

fn named(id: &str, name: &str, purl: &str) -> Value {
    json!({ "product_id": id, "name": name, "product_identification_helper": { "purl": purl } })
}

/// What the document calls a package in the image, or alone where there is no image.
fn product_id(about: &About<'_>, purl: &str) -> String {
    if about.digest.is_some() { format!("{IMAGE}:{purl}") } else { purl.to_owned() }
}

fn product_tree(about: &About<'_>, alike: &[Alike<'_>]) -> Value {
    let packages: BTreeSet<&str> = alike.iter().flat_map(|alike| alike.packages.iter().copied()).collect();
    let mut names: Vec<Value> = packages.iter().map(|purl| named(purl, purl, purl)).collect();
    let Some(image) = about.purl() else { return json!({ "full_product_names": names }) };
    names.push(named(IMAGE, about.name, &image));
    let within = |purl: &&str| {
        let made = json!({ "product_id": product_id(about, purl), "name": format!("{purl} in {}", about.name) });
        json!({ "category": "default_component_of", "product_reference": purl,
                "relates_to_product_reference": IMAGE, "full_product_name": made })
    };
    json!({ "full_product_names": names, "relationships": packages.iter().map(within).collect::<Vec<_>>() })
}

/// One for each vulnerability: all that is said of it together.
fn vulnerabilities(about: &About<'_>, alike: &[Alike<'_>]) -> Vec<Value> {
    let same = |a: &Alike<'_>, b: &Alike<'_>| a.said.vulnerability == b.said.vulnerability;
    alike.chunk_by(same).map(|group| vulnerability(about, group)).collect()
}

fn vulnerability(about: &About<'_>, group: &[Alike<'_>]) -> Value {
    let mut json = Map::new();
    let mut status: Map<String, Value> = Map::new();
    let (mut flags, mut threats, mut remediations) = (Vec::new(), Vec::new(), Vec::new());
    for Alike { said, packages } in group {
        let ids: Vec<String> = packages.iter().map(|purl| product_id(about, purl)).collect();
        let list = match said.status {
            Status::NotAffected => "known_not_affected",
            Status::Affected => "known_affected",
            Status::Fixed => "fixed",
            Status::UnderInvestigation => "under_investigation",
        };
        match said.status {
            Status::NotAffected => {
                flags.extend(said.justification.map(|why| json!({ "label": why.cisa(), "product_ids": ids })));
                let words = if said.impact.is_empty() { "No reason was given." } else { &said.impact };
                if said.justification.is_none() || !said.impact.is_empty() {
                    threats.push(json!({ "category": "impact", "details": words, "product_ids": ids }));
                }
            }
            Status::Affected => {
                let category = if said.action.is_empty() { "none_available" } else { "vendor_fix" };
                remediations.push(json!({ "category": category, "details": action(said), "product_ids": ids }));
            }
            Status::Fixed | Status::UnderInvestigation => {}
        }
        if let Some(list) = status.entry(list).or_insert_with(|| json!([])).as_array_mut() {
            list.extend(ids.into_iter().map(Value::String));
        }
    }
    let said = group.first().map(|alike| alike.said);
    if let Some(said) = said {
        let all = || std::iter::once(&said.vulnerability).chain(&said.aliases);
        let cve = all().find(|id| id.starts_with("CVE-"));
        json.extend(cve.map(|cve| ("cve".to_owned(), json!(cve))));
        let others = all().filter(|id| Some(*id) != cve);
        let others: Vec<Value> = others.map(|id| json!({ "system_name": system(id), "text": id })).collect();
        let title = if said.title.is_empty() { &said.vulnerability } else { &said.title };
        json.insert("notes".into(), json!([{ "category": "description", "text": title }]));
        insert_list(&mut json, "ids", others);
    }
    json.insert("product_status".into(), Value::Object(status));
    insert_list(&mut json, "flags", flags);
    insert_list(&mut json, "threats", threats);
    insert_list(&mut json, "remediations", remediations);
    Value::Object(json)
}

/// The schema has no empty lists.
fn insert_list(json: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        json.insert(key.into(), Value::Array(list));
    }
}

/// Whose id it is: `GHSA` of `GHSA-xxxx`.
fn system(id: &str) -> &str {
    id.split('-').next().filter(|system| !system.is_empty()).unwrap_or("unknown")
}
