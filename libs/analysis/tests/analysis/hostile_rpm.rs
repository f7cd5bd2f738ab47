//! RPM's databases that are hostile: rows P3, P4 and P5 of the conformance list.

use plimsoll_analysis::LayerAnalysis;
use plimsoll_model::ProblemCode;

use crate::builder::*;
use crate::rpm_database::{Header, STRING, STRINGS, berkeley, ndb, sqlite};

const PATH: &str = "var/lib/rpm/Packages";

/// The layer of a database beside a package that must be found whatever the database is.
fn layer(database: &[u8]) -> LayerAnalysis {
    let tar = Tar::new().file(PATH, database).file(&dist_info("six"), metadata("six", "1"));
    let layer = analyse(&tar.end());
    assert!(layer.contents.is_complete && names(&layer).contains(&"six@1".to_owned()));
    assert!(codes(&layer).iter().all(|code| *code == ProblemCode::FileMalformed));
    assert!(layer.problems.iter().all(|problem| problem.detail.len() < 300 && problem.path.as_deref() == Some(PATH)));
    layer
}

/// Some of the database's packages are found, and one of the problems has this text.
#[track_caller]
fn assert_told(database: &[u8], packages: usize, text: &str) {
    let layer = layer(database);
    let told: Vec<&str> = layer.problems.iter().map(|problem| problem.detail.as_str()).collect();
    assert_eq!(names(&layer).len() - 1, packages, "{told:?}");
    assert!(told.iter().any(|told| told.contains(text)), "{told:?} has no '{text}'");
}

/// The bytes with others at a place.
fn with(mut bytes: Vec<u8>, at: usize, changed: &[u8]) -> Vec<u8> {
    bytes[at..at + changed.len()].copy_from_slice(changed);
    bytes
}

/// Where `text` begins.
fn find(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).position(|window| window == text).expect("it is there")
}

/// The pages of the fixture of SQLite are small, so that it has an inner page and long chains.
const SQLITE_PAGE: usize = 1024;
const PAGE: usize = 4096;

#[test]
fn p3_what_is_not_sqlite_is_a_problem() {
    assert_told(b"SQLite format 4\0", 0, "neither SQLite");
    assert_told(b"SQLite format 3\0", 0, "pages of 0 bytes");
    assert_told(&with(sqlite(), 16, &[0, 2]), 0, "pages of 2 bytes");
    assert_told(&with(sqlite(), 16, &[0x0f, 0xff]), 0, "pages of 4095 bytes");
    assert_told(&with(with(sqlite(), 16, &[2, 0]), 20, &[255]), 0, "usable");
    assert_told(&with(sqlite(), 56, &[0, 0, 0, 2]), 0, "not UTF-8");
    assert_told(&sqlite()[..SQLITE_PAGE], 0, "lies outside the file");
    assert_told(&sqlite()[..99], 0, "lies outside the file");
}

#[test]
fn p3_views_triggers_and_virtual_tables_named_packages_are_not_run() {
    let row = find(&sqlite(), b"tablePackagesPackages");
    for kind in [b"view\0", b"index"] {
        assert_told(&with(sqlite(), row, kind), 0, "no table Packages");
    }
    // A virtual table is a table without a first page; one that begins on the schema's page would be read for ever.
    assert_told(&with(sqlite(), row + 21, &[0]), 0, "no table Packages");
    assert_told(&with(sqlite(), row + 21, &[1]), 0, "page 1 is used twice");
    // A table without row numbers has the pages of an index.
    assert_told(&with(sqlite(), SQLITE_PAGE, &[2]), 0, "none of a table");
}

/// A number of two bytes as SQLite writes it.
fn big(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

/// Where the cells of a page of SQLite's fixture begin, the page beginning at `page`.
fn cells(database: &[u8], page: usize) -> Vec<usize> {
    let header = if database[page] == 5 { 12 } else { 8 };
    (0..big(database, page + 3)).map(|cell| page + big(database, page + header + 2 * cell)).collect()
}

#[test]
fn p3_cycles_of_pages_end() {
    let database = sqlite();
    let root = SQLITE_PAGE;
    assert_eq!(database[root], 5, "the table has several leaves, so an inner page");
    // Every child is the inner page itself; the last one too.
    let own = 2u32.to_be_bytes();
    let children = cells(&database, root);
    let cyclic = children.iter().fold(with(database.clone(), root + 8, &own), |bytes, cell| with(bytes, *cell, &own));
    assert_told(&cyclic, 0, "page 2 is used twice");
    // Each row's second page names itself as the third: the two shortest have no third.
    let overflow = (2..database.len() / SQLITE_PAGE).filter(|page| database[page * SQLITE_PAGE] == 0);
    let looping = overflow
        .fold(database.clone(), |bytes, page| with(bytes, page * SQLITE_PAGE, &(page as u32 + 1).to_be_bytes()));
    assert_told(&looping, 2, "is used twice");
}

#[test]
fn p3_rows_may_say_that_they_have_any_number_of_bytes_and_are_any_number() {
    let database = sqlite();
    let leaf = SQLITE_PAGE * (database[cells(&database, SQLITE_PAGE)[0] + 3] as usize - 1);
    assert_eq!(database[leaf], 13);
    let row = cells(&database, leaf)[0];
    // A gibibyte, in five bytes.
    assert_told(&with(database.clone(), row, &[0x84, 0x80, 0x80, 0x80, 0]), 3, "a row of more than");
    assert_told(&with(database.clone(), leaf + 3, &[0xff, 0xff]), 3, "more than it has room for");
    // As many as there is room for, all of them nowhere.
    assert_told(&with(database, leaf + 3, &[1, 0]), 3, "more like these");
}

#[test]
fn p4_berkeley_db_that_is_none_or_has_absurd_pages_is_a_problem() {
    assert_told(&with(berkeley(), 12, &[0x62, 0x31, 5, 0]), 0, "neither SQLite");
    for (size, text) in
        [(0u32, "pages of 0"), (1, "pages of 1 "), (511, "pages of 511"), (1 << 31, "pages of 2147483648")]
    {
        assert_told(&with(berkeley(), 20, &size.to_le_bytes()), 0, text);
    }
    assert_told(&with(berkeley(), 24, &[1]), 0, "encrypted");
    assert_told(&with(berkeley(), 26, &[1]), 0, "checksums");
    let halves = layer(&with(berkeley(), 20, &512u32.to_le_bytes()));
    assert_eq!(names(&halves), ["six@1"]);
}

#[test]
fn p4_chains_of_overflow_pages_that_lie_end() {
    let database = berkeley();
    let kind = |number: usize| database[number * PAGE + 25];
    let pages = 1..database.len() / PAGE;
    let overflow: Vec<usize> = pages.clone().filter(|page| kind(*page) == 7).collect();
    let long = overflow.iter().find(|page| database[*page * PAGE + 16] != 0).expect("a value has several pages");
    let next = |to: usize| with(database.clone(), long * PAGE + 16, &(to as u32).to_le_bytes());
    assert_told(&next(*long), 2, "is used twice");
    assert_told(&next(0x00ff_ffff), 2, "lies outside the file");
    assert_told(&next(0), 2, "no part of a long value");
    // An overflow page says that it is longer than a page, or empty.
    assert_told(&with(database.clone(), long * PAGE + 22, &[0xff, 0xff]), 2, "no part of a long value");
    assert_told(&with(database.clone(), long * PAGE + 22, &[0, 0]), 2, "no part of a long value");
    // A value of four gibibytes.
    let little = |at: usize| usize::from(u16::from_le_bytes([database[at], database[at + 1]]));
    let hashes: Vec<usize> = pages.filter(|page| kind(*page) == 13).map(|page| page * PAGE).collect();
    let values = hashes
        .iter()
        .flat_map(|page| (1..little(page + 20)).step_by(2).map(move |place| page + little(page + 26 + 2 * place)));
    let huge = values
        .filter(|value| database[*value] == 3)
        .fold(database.clone(), |bytes, value| with(bytes, value + 8, &[0xff; 4]));
    assert_told(&huge, 0, "a value of more than");
    // More keys and values than a page has room for.
    let crowded = hashes.iter().fold(database.clone(), |bytes, page| with(bytes, page + 20, &[0xfe, 0xff]));
    assert_told(&crowded, 0, "more than it has room for");
}

#[test]
fn p4_ndb_with_absurd_slots_is_a_problem() {
    let database = ndb(&[Header::package("bash", "5.1").bytes()]);
    assert_told(&with(database.clone(), 4, &[1]), 0, "version 1 of NDB");
    assert_told(&with(database.clone(), 12, &[0xff; 4]), 0, "4294967295 pages of slots");
    assert_told(&with(database.clone(), 12, &[0; 4]), 0, "0 pages of slots");
    assert_told(&with(database.clone(), 48, b"tolS"), 1, "a slot that does not begin as one");
    assert_told(&with(database.clone(), 40, &[0xff; 4]), 0, "package 1 lies outside");
    assert_told(&with(database.clone(), 36, &[9]), 0, "package 9 does not lie where");
    assert_told(&with(database.clone(), PAGE + 12, &[0xff; 4]), 0, "package 1 has 4294967295 bytes");
    assert_eq!(names(&layer(&database)), ["bash@5.1-1", "six@1"]);
    // A full page of slots, each of the same package: told apart only by what it costs.
    let slot = database[32..48].to_vec();
    let padding = Header::package("bash", "5.1").raw(1, STRING, 1, &[b'x'; 4000]).bytes();
    let crowded = with(ndb(&[padding]), 32, &slot.repeat(254));
    assert_told(&crowded, 1, "lie over each other");
}

#[test]
fn p5_headers_that_lie_are_problems_and_what_is_left_of_them_is_kept() {
    let bash = || Header::package("bash", "5.1");
    let license = |kind, count, bytes: &[u8]| bash().raw(1014, kind, count, bytes).bytes();
    let folders = |files: &[(u32, &str)]| bash().files(&["/usr/"], files).bytes();
    let cases = [
        (vec![], 0, "a package's header of 0 bytes"),
        (vec![0xff; 16], 0, "4294967295 entries"),
        (with(bash().bytes(), 0, &(1u32 << 31).to_be_bytes()), 0, "2147483648 entries"),
        (with(bash().bytes(), 4, &[0xff; 4]), 0, "4294967295 bytes of values"),
        (Header::default().bytes(), 0, "0 entries"),
        (Header::default().text(1001, "1").bytes(), 0, "without a name"),
        (Header::default().text(1000, "a").text(1001, "1").bytes(), 0, "package a: a package without a release"),
        (Header::default().numbers(1000, &[1]).bytes(), 0, "tag 1000 has type 4"),
        (Header::package("a\u{1b}[31m", "1").bytes(), 0, "not the name"),
        (Header::package(&"a".repeat(1 << 20), "1").bytes(), 0, "not the name"),
        (license(STRING, 1, b"without an end"), 1, "package bash: tag 1014 has a text without an end"),
        (license(7, 1, b"x\0"), 1, "tag 1014 has type 7"),
        (bash().entry([1014, STRING, 1 << 31, 1]).bytes(), 1, "tag 1014 lies outside the header"),
        (bash().entry([1014, STRING, u32::MAX, u32::MAX]).bytes(), 1, "tag 1014 lies outside the header"),
        (bash().raw(1003, 4, 1 << 30, &[0; 4]).bytes(), 1, "tag 1003 has 1073741824 numbers"),
        (bash().raw(1118, STRINGS, 1 << 31, b"/usr/\0").bytes(), 1, "tag 1118 has a text without an end"),
        (folders(&[(0, "a"), (7, "b")]), 1, "package bash: a file without a folder"),
        (bash().texts(1117, &["a"]).bytes(), 1, "a file without a folder"),
    ];
    for (header, packages, text) in cases {
        assert_told(&ndb(std::slice::from_ref(&header)), packages, text);
        // What follows is read as if nothing had been.
        assert_told(&ndb(&[header, Header::package("curl", "7").bytes()]), packages + 1, text);
    }
}

#[test]
fn p5_paths_that_multiply_are_not_all_put_together() {
    let folder = format!("/{}/", "x".repeat(1 << 20));
    let files = vec![(0, "a"); 1000];
    assert_told(&ndb(&[Header::package("bash", "5.1").files(&[&folder], &files).bytes()]), 1, "too many");
}
