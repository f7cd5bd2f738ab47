//! The rows of the tables in the shared mirror's README, as a person reads them there.

use std::path::Path;

/// One row: what lies where, and how much of it there is.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its paths below the mirror's folder, one for each name in braces: `data/{DSA,DLA}/list` is two. What an ellipsis stands for is left out.
    pub paths: Vec<String>,
    /// The numbers of its second column, in their order.
    pub numbers: Vec<i64>,
    /// Those of its third: of an earlier feed, what is new, changed or gone since.
    pub since: Vec<i64>,
}

/// The rows of what is synced: all tables but the one of the small samples, which the README calls too small for that.
pub fn rows(mirror: &Path) -> Vec<Row> {
    let readme = std::fs::read_to_string(mirror.join("README.md")).unwrap();
    let mut is_sample = false;
    let mut rows = Vec::new();
    for line in readme.lines() {
        if line.starts_with("## ") {
            is_sample = line.starts_with("## `samples/`");
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", path, records, since, ..] = cells[..]
            && path.starts_with('`')
            && !is_sample
        {
            rows.push(Row { paths: paths(path), numbers: numbers(records), since: numbers(since) });
        }
    }
    rows
}

/// What stands in backticks, with braces spelled out.
fn paths(cell: &str) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted
        .flat_map(|path| match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
            Some((before, (names, after))) => {
                names.split(',').map(|name| format!("{before}{name}{after}")).collect::<Vec<_>>()
            }
            None => vec![path.to_owned()],
        })
        .collect()
}

/// The numbers that stand for themselves: not those in names, as of `.json` or `0.2.0`.
fn numbers(cell: &str) -> Vec<i64> {
    let words = cell.split(|c: char| c.is_whitespace() || "();".contains(c));
    let number = |word: &str| word.trim_end_matches(',').replace(',', "").parse::<i64>().ok();
    words.filter_map(number).collect()
}

#[test]
fn rows_are_read_as_they_are_written() {
    assert_eq!(paths("`debian/data/{DSA,DLA}/list`"), ["debian/data/DSA/list", "debian/data/DLA/list"]);
    assert_eq!(numbers("5,406, 3,534 advisories"), [5_406, 3_534]);
    let alpine = paths("`alpine/v3.3` to `v3.11/{main,community}.json`");
    assert_eq!(alpine, ["alpine/v3.3", "v3.11/main.json", "v3.11/community.json"]);
    assert_eq!(numbers("1,652 packages, 12,028 fixes (18 files)"), [1_652, 12_028, 18]);
    assert_eq!(numbers("`config.json` 15 distributions, schema 0.2.0"), [15]);
}
