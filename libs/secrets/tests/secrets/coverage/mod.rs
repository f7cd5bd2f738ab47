//! gitleaks' rules, which the shared corpus has as data: each is covered by a rule of ours, or it is said why not. For most, texts are
//! made from their expressions, and ours must find them.

mod generated;
mod table;

use serde::Deserialize;

use crate::random::Random;
use crate::{corpus, ids};

/// What stands in our rules for one of theirs.
pub enum Covered {
    /// Texts made from their expression are found by this rule of ours.
    By(&'static str),
    /// Theirs matches texts that are no secrets, and ours looks closer; so a file of this path is made by hand.
    ByHand(&'static str, &'static str, fn(&mut Random) -> String),
    /// Why we find none.
    No(&'static str),
}

/// Texts tried for each rule.
const TRIES: u64 = 5;

#[derive(Deserialize)]
struct Theirs {
    rules: Vec<TheirRule>,
}

#[derive(Deserialize)]
struct TheirRule {
    id: String,
    #[serde(default)]
    regex: String,
    #[serde(default)]
    path: String,
}

#[test]
fn every_rule_of_gitleaks_is_covered_or_said_not_to_be() {
    let Some(folder) = corpus::shared("feeds/secrets") else { return };
    let text = std::fs::read_to_string(folder.join("gitleaks.toml")).unwrap();
    let theirs: Theirs = toml::from_str(&text).unwrap();
    let their_ids: Vec<_> = theirs.rules.iter().map(|rule| rule.id.as_str()).collect();
    let table_ids: Vec<_> = table::TABLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(their_ids, table_ids);

    let mut missed = vec![];
    for (rule, (id, covered)) in theirs.rules.iter().zip(&table::TABLE) {
        for seed in 0..TRIES {
            let (ours, path, text) = match covered {
                Covered::By(ours) => (ours, path_for(rule), generated::text(&rule.regex, &mut Random(seed))),
                Covered::ByHand(ours, path, text) => (ours, *path, text(&mut Random(seed))),
                Covered::No(why) => {
                    assert!(!why.is_empty());
                    continue;
                }
            };
            let found = ids(path, &text);
            if found != [*ours] {
                missed.push(format!("{id}: {found:?}, not {ours}, in {path}: {text}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

fn path_for(rule: &TheirRule) -> &'static str {
    match rule.path.as_str() {
        "" => "app/src.txt",
        path if path.contains("php") => "app/a.php",
        _ => "app/main.tf",
    }
}
