//! That those whose sources are said to tell of fixes alone do so, by the shared mirror.

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::File;

use plimsoll_advisories::feeds::{self, Record};
use plimsoll_advisories::{StatementState, lists_only_fixes};

#[test]
fn what_is_said_to_publish_only_fixes_publishes_nothing_else() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let of_osv = ["AlmaLinux", "Rocky Linux", "Ubuntu", "PyPI"].map(feeds::osv::document);
    let of_alpine = feeds::alpine::REPOSITORIES.map(|repository| feeds::alpine::document("v3.10", repository));
    let others = [("debian", "tracker"), ("wolfi", "os"), ("azurelinux", "cbl-mariner-2"), ("photon", "photon3")];
    let others = others.into_iter().flat_map(|(feed, named)| {
        feeds::by_name(feed).unwrap().documents().into_iter().filter(move |document| document.path.contains(named))
    });
    // How many statements name an ecosystem, and how many of them tell of something that is not fixed.
    let mut told: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for document in of_osv.into_iter().chain(of_alpine).chain(others) {
        let mut file = File::open(mirror.join(document.mirror_path())).unwrap();
        let mut records: Vec<Record> = vec![];
        feeds::parse(&document, &mut file, &mut records).unwrap();
        for record in records {
            let Record::Advisory(advisory) = record else { continue };
            for affected in advisory.affected {
                let (all, unfixed) = told.entry(affected.ecosystem.name().to_owned()).or_default();
                let is_fixed =
                    matches!(StatementState::of(&affected), StatementState::Fixed | StatementState::NotAffected);
                *all += 1;
                *unfixed += usize::from(!is_fixed);
            }
        }
    }
    println!("{told:?}");
    for name in ["AlmaLinux", "Rocky Linux", "Alpine", "Wolfi", "Photon OS"] {
        assert!(lists_only_fixes(&name.parse().unwrap()), "{name}");
        assert!(told[name].0 > 0 && told[name].1 == 0, "{name}: {:?}", told[name]);
    }
    for name in ["Ubuntu", "Azure Linux", "PyPI"] {
        assert!(!lists_only_fixes(&name.parse().unwrap()), "{name}");
        assert!(told[name].1 > 0, "{name}: {:?}", told[name]);
    }
}
