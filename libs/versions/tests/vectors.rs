//! The shared version vectors, whole: what each scheme's own tools say of two versions. Rows that do not hold stand here with their
//! reason.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a table that cannot be read fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, Version, compare};

/// Each scheme with its table and how many of the table's rows it gets right, which is all that are not [`EXCEPTIONS`].
const TABLES: [(Scheme, &str, usize); 13] = [
    (Scheme::Dpkg, "dpkg", 8681),
    (Scheme::Apk, "apk", 8841),
    (Scheme::Rpm, "rpm", 94),
    (Scheme::Semver, "semver", 51),
    (Scheme::Npm, "semver", 51),
    (Scheme::Pep440, "pep440", 7441),
    (Scheme::Maven, "maven", 8897),
    (Scheme::Rubygems, "rubygems", 2473),
    (Scheme::Nuget, "nuget", 20),
    (Scheme::Composer, "composer", 6424),
    (Scheme::Cran, "cran", 46),
    (Scheme::Hackage, "hackage", 6),
    (Scheme::Pub, "pub", 59),
];

/// Rows that do not hold: a table, its row's versions, the reason.
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    ("rpm", "1.1.α", "1.1.α", NOT_ASCII),
    ("rpm", "1.1.αα", "1.1.α", NOT_ASCII),
    ("rpm", "1.1.a", "0:1.2.ββ", NOT_ASCII),
    ("maven", "1.1.31.sec10", "1.1.31_noneautotype", DOTTED),
    ("maven", "1.1.34.sec10", "1.1.34_noneautotype", DOTTED),
    ("maven", "1.1.46.sec10", "1.1.46_noneautotype", DOTTED),
    ("maven", "1.2.31.sec10", "1.2.31_noneautotype", DOTTED),
    ("maven", "1.2.48.sec10", "1.2.48_noneautotype", DOTTED),
    ("maven", "1.2.67.sec10", "1.2.67_noneautotype", DOTTED),
    ("maven", "1.0.0rc0", "1.0.beta8", DOTTED),
    ("maven", "1.5.9.RC1", "1.5.9-RC0", DOTTED),
    ("maven", "1.0.0-gradle-rework-beta3", "1.0.0.RC7-3", DOTTED),
    ("composer", "1.0.0", "1.0", NOT_FILLED_UP),
    ("composer", "v3.4", "v3.4.0-alpha", NOT_FILLED_UP),
    ("composer", "v6.5", "v6.5.0-beta-0", NOT_FILLED_UP),
    ("composer", "v6.6", "v6.6.0-beta", NOT_FILLED_UP),
    ("composer", "v1.9.0-ALPHA.1", "v1.9.0-BETA.1", NOT_FOLDED),
    ("composer", "v1.9.0-BETA.1", "v1.9.0-ALPHA.2", NOT_FOLDED),
    ("composer", "1.2.3.#", "1.2.3", NUMBER_SIGN),
    ("composer", "1.2.3.#", "1.2.3.#", NUMBER_SIGN),
    ("composer", "1.2.3.#.1", "1.2.3", NUMBER_SIGN),
    ("composer", "1.2.3.#.beta", "1.2.3", NUMBER_SIGN),
    ("pub", "1.1.3.4.5", "1.1.3.4.5", "pub refuses more than three numbers"),
];

const DOTTED: &str = "until Maven 3.8 a word after a dot came before all after a hyphen, which was no order (MNG-7644)";
const NOT_FILLED_UP: &str = "PHP's own comparison: Composer fills up to four numbers before it";
const NOT_FOLDED: &str =
    "PHP's own comparison, which does not know the words in capitals: Composer folds case before it";
const NUMBER_SIGN: &str = "PHP's own mark for any number, by which no equality is transitive: Composer refuses it";
const NOT_ASCII: &str = "no scheme reads characters above ASCII, and rpmbuild refuses them in versions";

/// The rows of a table: `a`, relation, `b`.
fn rows(table: &str) -> Option<Vec<(String, Ordering, String)>> {
    let path = corpus::shared("vectors/versions")?.join(format!("{table}.tsv"));
    let text = std::fs::read_to_string(path).unwrap();
    let row = |row: &str| {
        let mut columns = row.split('\t');
        let [a, relation, b] = [(); 3].map(|()| columns.next().unwrap());
        let expected = match relation {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            other => panic!("{table}.tsv: relation {other} in {row}"),
        };
        (a.to_owned(), expected, b.to_owned())
    };
    Some(text.lines().skip(1).map(row).collect())
}

#[test]
fn every_row_holds_or_has_its_reason() {
    let mut failures = Vec::new();
    for (scheme, table, count) in TABLES {
        let Some(rows) = rows(table) else { return };
        let mut passed = 0;
        for (a, expected, b) in &rows {
            let (forth, back) = (compare(scheme, a, b), compare(scheme, b, a));
            let holds = forth.as_ref() == Ok(expected) && back == Ok(expected.reverse());
            let is_exception = EXCEPTIONS.iter().any(|(of, left, right, _)| (*of, *left, *right) == (table, a, b));
            passed += usize::from(holds);
            if holds == is_exception {
                failures.push(format!("{scheme}: {a} {expected:?} {b}, not {forth:?} and {back:?}"));
            }
        }
        println!("{scheme}: {passed} of {} rows of {table}.tsv", rows.len());
        if passed != count {
            failures.push(format!("{scheme}: {passed} rows of {table}.tsv hold, not {count}"));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The laws over real versions: each scheme's own sort is a sort, whoever is compared with whom.
#[test]
fn versions_of_the_vectors_obey_the_laws_of_an_order() {
    /// How far apart in the sorted list versions are compared.
    const NEAR: usize = 20;
    for (scheme, table, _) in TABLES {
        let Some(rows) = rows(table) else { return };
        let texts = rows.iter().flat_map(|(a, _, b)| [a, b]);
        let mut versions: Vec<(&String, Version)> =
            texts.filter_map(|text| Some((text, Version::parse(scheme, text).ok()?))).collect();
        versions.sort_by(|(_, a), (_, b)| a.partial_cmp(b).unwrap());
        versions.dedup_by(|(a, _), (b, _)| a == b);
        for (at, (text, version)) in versions.iter().enumerate() {
            let after = versions.iter().skip(at).take(NEAR).chain(versions.iter().skip(at).step_by(499));
            for (later_text, later) in after {
                let order = version.partial_cmp(later).unwrap();
                assert!(order.is_le(), "{scheme}: {text} is sorted before {later_text}");
                assert_eq!(later.partial_cmp(version), Some(order.reverse()), "{scheme}: {text} {later_text}");
            }
        }
        // What equals one of its equals equals all of them.
        for equals in versions.chunk_by(|(_, a), (_, b)| a == b) {
            let (first, last) = (&equals[0], &equals[equals.len() - 1]);
            assert!(first.1 == last.1, "{scheme}: {} {}", first.0, last.0);
        }
        println!("{scheme}: {} versions", versions.len());
    }
}
