//! The shared list of checks: each that others know by an id is here, under the same ids and as bad.

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;

use plimsoll_checks::checks::all;

#[test]
fn every_listed_check_with_an_id_is_here() {
    let Some(folder) = corpus::shared("vectors") else { return };
    let table = std::fs::read_to_string(folder.join("dockerfile-checks.md")).unwrap();
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let row = row.replace("\\|", "or");
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let ids: BTreeSet<String> =
            cells[1].split(", ").filter(|id| !id.is_empty()).map(|id| id.replace("CIS ", "CIS-DI-")).collect();
        if ids.is_empty() {
            continue;
        }
        rows += 1;
        let level = cells.last().unwrap().replace("info", "negligible").to_uppercase();
        let is_here = all().iter().any(|check| {
            check.references.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>() == ids
                && check.severity.as_str() == level
        });
        assert!(is_here, "{row}");
    }
    assert!(rows >= 24, "only {rows} rows have an id");
    println!("{rows} rows with an id");
}
