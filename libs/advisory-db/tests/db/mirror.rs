//! The real mirror, whole: what the database says is what its documents say, and how large it gets.

use std::fs::File;
use std::time::Instant;

use plimsoll_advisories::feeds::{self, Document, Record};
use plimsoll_advisories::{AdvisorySource as _, MemorySource, PackageVersion, merge};
use plimsoll_advisory_db::{AdvisoryDb, Builder};
use plimsoll_model::Advisory;
use plimsoll_versions::Scheme;

use crate::documents::at;
use crate::{corpus, sorted};

/// What `plimsoll db update` asks the mirror for, and has.
fn documents() -> Vec<Document> {
    let mut documents: Vec<Document> = ["PyPI", "npm", "crates.io"].map(feeds::osv::document).to_vec();
    documents.extend(feeds::by_name("debian").unwrap().documents());
    for minor in 3..=11 {
        documents.extend(
            feeds::alpine::REPOSITORIES.map(|repository| feeds::alpine::document(&format!("v3.{minor}"), repository)),
        );
    }
    documents.extend(["kev", "epss"].iter().flat_map(|feed| feeds::by_name(feed).unwrap().documents()));
    documents
}

#[tokio::test]
async fn the_mirrors_database_says_what_its_documents_say() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    let (mut builder, _) = Builder::start(&path).unwrap();
    let mut advisories: Vec<Advisory> = vec![];
    let began = Instant::now();
    for document in documents() {
        let mut file = File::open(mirror.join(document.mirror_path())).unwrap();
        let mut staged = builder.stage(&document).unwrap();
        let report = feeds::parse(&document, &mut file, &mut staged).unwrap();
        staged.commit(&report, None, at(1)).unwrap();
    }
    let staged = began.elapsed();
    builder.finish(at(2)).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("{size} bytes; staged in {staged:?}, whole in {:?}", began.elapsed());
    assert!(size < 20 << 20, "{size}");

    for document in documents() {
        let mut file = File::open(mirror.join(document.mirror_path())).unwrap();
        let mut records: Vec<Record> = vec![];
        feeds::parse(&document, &mut file, &mut records).unwrap();
        advisories.extend(records.into_iter().filter_map(|record| match record {
            Record::Advisory(advisory) => Some(*advisory),
            _ => None,
        }));
    }
    let memory = MemorySource::new(&advisories);
    let opening = Instant::now();
    let db = AdvisoryDb::open(&path).unwrap();
    println!("opened in {:?}", opening.elapsed());
    assert!(opening.elapsed().as_millis() < 100, "{:?}", opening.elapsed());
    let facts = std::fs::read_to_string(mirror.join("facts.tsv")).unwrap();
    let (mut compared, mut merged) = (0, 0);
    for row in facts.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let package = PackageVersion {
            ecosystem: fields[0].parse().unwrap(),
            name: fields[1].into(),
            version: "1".into(),
            module: None,
            is_inert: false,
        };
        if Scheme::for_ecosystem(&package.ecosystem).is_none() {
            continue;
        }
        let key = package.key();
        let candidates = db.affecting(std::slice::from_ref(&key)).await.unwrap();
        assert_eq!(sorted(&candidates), sorted(memory.of(&key)), "{row}");
        compared += candidates.len();
        let Some(candidate) = candidates.first() else { continue };
        let found = db.vulnerability(&candidate.vulnerability).unwrap().unwrap();
        let of_it: Vec<Advisory> = advisories
            .iter()
            .filter(|advisory| {
                advisory.ids().any(|id| id == candidate.vulnerability || found.aliases.iter().any(|alias| alias == id))
            })
            .cloned()
            .collect();
        assert_eq!(found, merge(&candidate.vulnerability, &of_it), "{row}");
        merged += 1;
    }
    println!("{compared} statements compared, {merged} vulnerabilities");
    assert!(compared > 1_000 && merged > 200, "{compared} {merged}");
}
