//! The real mirror: a database of it, and an image whose findings `facts.tsv` foretells.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use crate::corpus;
use crate::image::{Image, tar};
use crate::program::plimsoll;

/// A machine with the mirror's database, as it comes out of a bundle of the machine that read the mirror.
fn imported(mirror: &Path) -> tempfile::TempDir {
    let (reader, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let base = format!("file://{}", mirror.canonicalize().unwrap().display());
    let timed = |home: &Path, arguments: &[&str]| {
        let began = Instant::now();
        let run = plimsoll(home, arguments);
        assert_eq!(run.code, 0, "{run:?}");
        println!("{} {}: {:.2?}", arguments[0], arguments[1], began.elapsed());
        run
    };
    timed(reader.path(), &["db", "update", "--with-malware", "--base", &base]);
    let key = timed(reader.path(), &["feeds", "keygen", "--secret-key", "bundle.key"]);
    let key = key.out.lines().nth(1).unwrap();
    timed(reader.path(), &["feeds", "export", "--to", "feeds.bundle", "--secret-key", "bundle.key"]);
    let bundle = reader.path().join("feeds.bundle");
    timed(home.path(), &["feeds", "import", "--key", key, bundle.to_str().unwrap()]);
    timed(home.path(), &["feeds", "import", "--key", key, bundle.to_str().unwrap()]);
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let database = size(&home.path().join("cache/plimsoll/advisories.db"));
    println!("the database has {database} bytes, the bundle {}", size(&bundle));
    assert!(database < 100 << 20 && size(&bundle) < database);
    home
}

#[test]
fn an_image_of_real_packages_has_the_findings_that_the_facts_say() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let home = imported(&mirror);
    let facts = std::fs::read_to_string(mirror.join("facts.tsv")).unwrap();
    let facts: Vec<Vec<&str>> = facts.lines().skip(1).map(|row| row.split('\t').collect()).collect();
    let pypi: Vec<&Vec<&str>> = facts.iter().filter(|fact| fact[0] == "PyPI").collect();
    // Each package version in a folder of its own: one image can then hold several versions of a package.
    let metadata = |fact: &&Vec<&str>| {
        let path = format!("opt/{}-{}/{}.dist-info/METADATA", fact[1], fact[2], fact[1]);
        (path, format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n\n", fact[1], fact[2]))
    };
    let files: BTreeSet<(String, String)> = pypi.iter().map(metadata).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let image = Image { layers: vec![tar(&files)], commands: vec!["COPY . /opt".into()], broken: None };
    image.write_layout(&home.path().join("layout"), "facts");
    let layout = home.path().join("layout");
    let run = plimsoll(home.path(), &["scan", "--offline", "--format", "json", layout.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let report = run.json();
    assert_eq!(report["package_count"], files.len());
    let findings = report["findings"].as_array().unwrap();
    let mut wrong = Vec::new();
    for fact in &pypi {
        let is_told = findings.iter().any(|finding| {
            finding["package"] == fact[1]
                && finding["version"] == fact[2]
                && (finding["vulnerability"] == fact[3]
                    || finding["aliases"].as_array().unwrap().contains(&fact[3].into()))
        });
        // Another advisory of the same vulnerability may say what this one does not: only what must be told is sure.
        if fact[4] == "affected" && !is_told {
            wrong.push(fact.join(" "));
        }
    }
    println!("{} facts of {} packages, {} findings", pypi.len(), files.len(), findings.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pypi.len() > 150, "{}", pypi.len());
}
