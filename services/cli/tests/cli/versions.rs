//! `plimsoll version compare`.

use crate::corpus;
use crate::program::{plimsoll, plimsoll_with_input};

#[test]
fn every_shared_vector_is_answered_as_its_own_tools_do() {
    let Some(folder) = corpus::shared("vectors/versions") else { return };
    let home = tempfile::tempdir().unwrap();
    // Those with every row of theirs right; `libs/versions` tells of the others' rows.
    for (scheme, file) in [
        ("dpkg", "dpkg"),
        ("apk", "apk"),
        ("semver", "semver"),
        ("npm", "semver"),
        ("pep440", "pep440"),
        ("rubygems", "rubygems"),
        ("nuget", "nuget"),
        ("cran", "cran"),
        ("hackage", "hackage"),
    ] {
        let table = std::fs::read_to_string(folder.join(format!("{file}.tsv"))).unwrap();
        let (mut pairs, mut expected) = (String::new(), String::new());
        for row in table.lines().skip(1) {
            let columns: Vec<&str> = row.split('\t').collect();
            pairs.push_str(&format!("{}\t{}\n", columns[0], columns[2]));
            expected.push_str(&format!("{}\n", columns[1]));
        }
        let run = plimsoll_with_input(home.path(), &["version", "compare", scheme], &pairs);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{scheme}");
        assert!(run.out == expected, "{scheme}");
        println!("{scheme}: {} pairs", expected.lines().count());
    }
}

#[test]
fn pairs_without_an_order_are_told_and_the_rest_is_answered() {
    let home = tempfile::tempdir().unwrap();
    let run = plimsoll_with_input(home.path(), &["version", "compare", "dpkg"], "1.0~rc1 1.0\n1.0\u{1b}[31m 2\n2 1\n");
    assert_eq!((run.code, run.out.as_str()), (1, "<\n?\n>\n"));
    assert!(run.err.starts_with("line 2: ") && !run.err.contains('\u{1b}'), "{}", run.err);
    let unknown = plimsoll(home.path(), &["version", "compare", "cvs"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("there are dpkg, apk, rpm, semver, npm, pep440, maven"), "{}", unknown.err);
}
