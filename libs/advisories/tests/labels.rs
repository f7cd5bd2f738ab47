//! Matches that people judged (`feeds/labels` of the shared corpus): what they call right must match, what they call wrong must not.
//!
//! No label says of what type or distribution its package is, so that only those below can be decided with the feeds that are there. What comes
//! out otherwise than people say is named, with the reason.
#![expect(clippy::unwrap_used, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use plimsoll_advisories::feeds::{self, Document, Record};
use plimsoll_advisories::{AliasGroups, MemorySource, PackageVersion, advisory_name, matches};
use plimsoll_model::{Advisory, Ecosystem, PackageKey};
use serde::Deserialize;

/// A match that somebody judged.
#[derive(Deserialize)]
struct Label {
    image: Image,
    vulnerability_id: String,
    effective_cve: Option<String>,
    label: Verdict,
    /// Missing where the label names a file instead.
    package: Option<Package>,
}

#[derive(Deserialize)]
struct Image {
    exact: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Verdict {
    #[serde(rename = "TP")]
    Right,
    #[serde(rename = "FP")]
    Wrong,
    #[serde(rename = "??")]
    Undecided,
}

/// The mirror and its labels; `None` without the corpus.
fn labels() -> Option<(&'static Path, &'static [Label])> {
    static LABELS: LazyLock<Option<(PathBuf, Vec<Label>)>> = LazyLock::new(|| {
        let mirror = corpus::shared("feeds")?;
        let file = File::open(mirror.join("labels/vulnerability-match-labels.tar.zst")).unwrap();
        let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
        let mut labels = vec![];
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap().extension().is_some_and(|end| end == "json") {
                let mut json = vec![];
                entry.read_to_end(&mut json).unwrap();
                labels.push(serde_json::from_slice(&json).unwrap());
            }
        }
        assert_eq!(labels.len(), 19_092);
        Some((mirror, labels))
    });
    LABELS.as_ref().map(|(mirror, labels)| (mirror.as_path(), labels.as_slice()))
}

/// All that some documents say.
struct Known {
    source: MemorySource,
    groups: AliasGroups,
    /// The vulnerabilities.
    vulnerabilities: BTreeSet<String>,
    /// The packages by the name that a label has: Maven's without their group.
    packages: HashMap<String, BTreeSet<PackageKey>>,
}

impl Known {
    fn read(mirror: &Path, documents: impl IntoIterator<Item = Document>) -> Self {
        let mut advisories: Vec<Advisory> = vec![];
        for document in documents {
            let mut file = File::open(mirror.join(document.mirror_path())).unwrap();
            let mut sink = |record| {
                if let Record::Advisory(advisory) = record {
                    advisories.push(*advisory);
                }
                Ok(())
            };
            feeds::parse(&document, &mut file, &mut sink).unwrap();
        }
        let mut groups = AliasGroups::new();
        let mut packages: HashMap<String, BTreeSet<PackageKey>> = HashMap::new();
        for advisory in &advisories {
            groups.add(advisory);
            for affected in &advisory.affected {
                let name = match affected.package.split_once(':') {
                    Some((_, artifact)) if affected.ecosystem.name() == "Maven" => artifact,
                    _ => &affected.package,
                };
                packages.entry(name.to_owned()).or_default().insert(affected.key());
            }
        }
        let vulnerabilities = advisories.iter().flat_map(|advisory| groups.of(advisory)).map(str::to_owned).collect();
        Self { source: MemorySource::new(&advisories), groups, vulnerabilities, packages }
    }

    /// The vulnerabilities that a label may speak of.
    fn spoken_of<'a>(&'a self, label: &'a Label) -> BTreeSet<&'a str> {
        let ids = [Some(&label.vulnerability_id), label.effective_cve.as_ref()].into_iter().flatten();
        ids.map(|id| self.groups.canonical(id)).filter(|id| self.vulnerabilities.contains(*id)).collect()
    }

    /// Whether any of these vulnerabilities is told of the package, and whether it is found in that version.
    fn judge(&self, key: &PackageKey, version: &str, vulnerabilities: &BTreeSet<&str>) -> (bool, bool) {
        let said = self.source.of(key);
        let is_told = said.iter().any(|candidate| vulnerabilities.contains(candidate.vulnerability.as_str()));
        let (ecosystem, name) = (key.ecosystem.clone(), key.package.clone());
        let judgement = matches(
            &PackageVersion { ecosystem, name, version: version.to_owned(), module: None, is_inert: false },
            said,
        );
        (is_told, judgement.matches.iter().any(|found| vulnerabilities.contains(found.vulnerability.as_str())))
    }
}

/// How the labels of a group came out.
#[derive(Default)]
struct Tally<'l> {
    /// Labels by what people say of the match and whether it is found.
    told: BTreeMap<(Verdict, bool), usize>,
    /// Labels whose vulnerability is told of packages of other names alone.
    untold: Vec<&'l Label>,
    /// Where people and matcher differ: the packages, with how many labels.
    otherwise: BTreeMap<(Verdict, String), usize>,
}

impl<'l> Tally<'l> {
    /// Judges labels: `spoken_of` names the vulnerabilities that one may mean, `keys` the packages.
    fn of<'v>(
        known: &Known,
        labels: impl IntoIterator<Item = &'l Label>,
        spoken_of: impl Fn(&'l Label) -> BTreeSet<&'v str>,
        keys: impl Fn(&Package) -> Vec<PackageKey>,
    ) -> Self {
        let mut tally = Self::default();
        for label in labels {
            let Some(package) = &label.package else { continue };
            let vulnerabilities = spoken_of(label);
            if vulnerabilities.is_empty() {
                continue;
            }
            let judged: Vec<(bool, bool)> =
                keys(package).iter().map(|key| known.judge(key, &package.version, &vulnerabilities)).collect();
            let (is_told, is_found) = (judged.iter().any(|(told, _)| *told), judged.iter().any(|(_, found)| *found));
            assert!(is_told || !is_found, "{} {}", package.name, package.version);
            if !is_told {
                tally.untold.push(label);
                continue;
            }
            *tally.told.entry((label.label, is_found)).or_default() += 1;
            if matches!((label.label, is_found), (Verdict::Right, false) | (Verdict::Wrong, true)) {
                let package = format!("{} {}", package.name, package.version);
                *tally.otherwise.entry((label.label, package)).or_default() += 1;
            }
        }
        println!("told {:?}, untold {}", tally.told, tally.untold.len());
        tally
    }

    /// How many are found, and how many are not.
    fn told(&self, verdict: Verdict) -> (usize, usize) {
        let count = |is_found: bool| self.told.get(&(verdict, is_found)).copied().unwrap_or_default();
        (count(true), count(false))
    }
}

const LANGUAGES: [&str; 13] = [
    "PyPI",
    "npm",
    "crates.io",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "RubyGems",
    "Hex",
    "Pub",
    "SwiftURL",
    "Hackage",
    "CRAN",
];

const EXCLUDED: &str = "the documents' ranges exclude it now";
const PATCHED: &str =
    "a distribution's package with its own fixes: where it is found as such, the distribution judges it";
const NOT_IMPORTABLE: &str = "the flaw is in code of the module that nobody can import";
const OTHER_TYPE: &str = "of another type than the documents' package: the label does not say";
const OTHER_MODULE: &str = "people find the flaw in another module than the document names";

/// Labels of language packages that come out otherwise, by package, with how many they are and why.
const OTHERWISE: [(Verdict, &str, usize, &str); 22] = [
    (Verdict::Right, "Django 1.11.29", 2, EXCLUDED),
    (Verdict::Right, "github.com/opencontainers/runc v0.1.1", 2, EXCLUDED),
    (Verdict::Right, "jackson-databind 2.4.0", 1, EXCLUDED),
    (Verdict::Right, "jackson-databind 2.6.7.3", 22, EXCLUDED),
    (Verdict::Right, "numpy 1.21.2", 2, EXCLUDED),
    (Verdict::Wrong, "PyYAML 3.10", 3, PATCHED),
    (Verdict::Wrong, "commons-httpclient 3.1", 1, OTHER_MODULE),
    (Verdict::Wrong, "dom4j 1.6.1-hudson-3", 6, "Hudson's own build of 1.6.1, of whose fixes no order tells"),
    (Verdict::Wrong, "github.com/containerd/containerd v1.3.4", 7, NOT_IMPORTABLE),
    (Verdict::Wrong, "github.com/docker/docker v20.10.18+incompatible", 3, NOT_IMPORTABLE),
    (Verdict::Wrong, "github.com/opencontainers/runc v0.1.1", 5, NOT_IMPORTABLE),
    (Verdict::Wrong, "guava 20.0", 9, PATCHED),
    (Verdict::Wrong, "httpclient 2.8.3", 2, OTHER_TYPE),
    (Verdict::Wrong, "httpclient 4.5.5", 6, PATCHED),
    (Verdict::Wrong, "jetty-server 9.1.0.M0", 1, OTHER_MODULE),
    (Verdict::Wrong, "jetty-server 9.4.38.v20210224", 1, OTHER_MODULE),
    (Verdict::Wrong, "jsoup 1.11.3", 6, PATCHED),
    (Verdict::Wrong, "mercurial 2.14", 16, OTHER_TYPE),
    (Verdict::Wrong, "mercurial 4.8.2", 1, PATCHED),
    (Verdict::Wrong, "netty 3.9.5.Final", 9, "the same jar is called affected in another image"),
    (Verdict::Wrong, "protobuf 0.0.0-DEVELOPMENT", 2, OTHER_TYPE),
    (Verdict::Wrong, "urllib3 1.24.2", 30, PATCHED),
];

#[test]
fn language_packages_have_what_people_say() {
    let Some((mirror, labels)) = labels() else { return };
    let known = Known::read(mirror, LANGUAGES.map(feeds::osv::document));
    let python = Ecosystem::new("PyPI");
    let keys = |package: &Package| -> Vec<PackageKey> {
        let normal = advisory_name(&python, package.name.clone());
        let names = BTreeSet::from([&package.name, &normal]);
        names.into_iter().filter_map(|name| known.packages.get(name)).flatten().cloned().collect()
    };
    let tally = Tally::of(&known, labels, |label| known.spoken_of(label), keys);
    // The labels' README has one wrong match less of each sort, 107 and 475, as it guesses the type by the version's shape.
    assert_eq!((tally.told(Verdict::Right), tally.told(Verdict::Wrong)), ((648, 29), (108, 8)));
    // A matcher by product names, such as NVD's, reports these.
    let wrong = tally.untold.iter().filter(|label| label.label == Verdict::Wrong && !is_rpm_deb_or_apk(label));
    assert_eq!(wrong.count(), 476);
    let otherwise = OTHERWISE.map(|(verdict, package, labels, _)| ((verdict, package.to_owned()), labels));
    assert_eq!(tally.otherwise, BTreeMap::from(otherwise));
}

/// By the shape of its version: `1:9.8.1-1.module+el9.2.0`, `5.2.1-22ubuntu2`, `1.13.15-r0`.
fn is_rpm_deb_or_apk(label: &Label) -> bool {
    let version = label.package.as_ref().map(|package| package.version.as_str()).unwrap_or_default();
    let is_apk = version.rsplit_once("-r").is_some_and(|(_, build)| build.bytes().all(|byte| byte.is_ascii_digit()));
    is_apk || [".el", ".module", "ubuntu"].iter().any(|part| version.contains(part))
}

#[test]
fn debians_older_releases_have_what_people_say() {
    let Some((mirror, labels)) = labels() else { return };
    let known = Known::read(mirror, feeds::by_name("debian-advisories").unwrap().documents());
    // `7.64.0-4+deb10u2` is of Debian 10. Where its name is that of its source, the lists may know it.
    let keys = |package: &Package| {
        let rest = package.version.rsplit_once("deb").map(|(_, rest)| rest).unwrap_or_default();
        let release: String = rest.chars().take_while(char::is_ascii_digit).collect();
        vec![PackageKey { ecosystem: Ecosystem::with_release("Debian", release), package: package.name.clone() }]
    };
    let tally = Tally::of(&known, labels, |label| known.spoken_of(label), keys);
    assert_eq!((tally.told(Verdict::Right), tally.told(Verdict::Wrong)), ((117, 0), (0, 0)));
}

#[test]
fn wolfis_packages_in_chainguards_images_have_what_people_say() {
    let Some((mirror, labels)) = labels() else { return };
    let known = Known::read(mirror, feeds::by_name("wolfi").unwrap().documents());
    let of_images = labels.iter().filter(|label| label.image.exact.contains("chainguard"));
    let keys =
        |package: &Package| vec![PackageKey { ecosystem: Ecosystem::new("Wolfi"), package: package.name.clone() }];
    let tally = Tally::of(&known, of_images, |label| known.spoken_of(label), keys);
    assert_eq!((tally.told(Verdict::Right), tally.told(Verdict::Wrong)), ((44, 0), (0, 5)));
    assert_eq!(tally.told(Verdict::Undecided), (0, 5));
}

#[test]
fn almalinuxs_packages_have_what_people_say() {
    let Some((mirror, labels)) = labels() else { return };
    let known = Known::read(mirror, [feeds::osv::document("AlmaLinux")]);
    // `rpm 4.14.3` there is Python's binding.
    let of_image = labels.iter().filter(|label| {
        label.image.exact.contains("/almalinux@")
            && label.package.as_ref().is_some_and(|package| package.version.contains("el8"))
    });
    let keys = |package: &Package| {
        vec![PackageKey { ecosystem: Ecosystem::with_release("AlmaLinux", "8"), package: package.name.clone() }]
    };
    let tally = Tally::of(&known, of_image, |label| known.spoken_of(label), keys);
    assert_eq!((tally.told(Verdict::Right), tally.told(Verdict::Wrong)), ((111, 0), (0, 0)));
}

/// The document of 2024 calls it "not applicable", and so not affected; people judged by that of 2022.
const NOT_APPLICABLE: &str = "glibc 2.35-2.cm2";

#[test]
fn azure_linuxs_packages_have_what_people_say() {
    let Some((mirror, labels)) = labels() else { return };
    let known = Known::read(mirror, feeds::by_name("azurelinux").unwrap().documents());
    let release = |package: &Package| {
        let tags = [(".cm2", "2"), (".azl3", "3")];
        tags.into_iter().find(|(tag, _)| package.version.ends_with(tag)).map(|(_, release)| release)
    };
    let keys = |package: &Package| {
        let key = |release| PackageKey {
            ecosystem: Ecosystem::with_release("Azure Linux", release),
            package: package.name.clone(),
        };
        release(package).into_iter().map(key).collect()
    };
    let tally = Tally::of(&known, labels, |label| known.spoken_of(label), keys);
    assert_eq!((tally.told(Verdict::Right), tally.told(Verdict::Wrong)), ((11, 2), (0, 1)));
    assert_eq!(tally.otherwise, BTreeMap::from([((Verdict::Right, NOT_APPLICABLE.to_owned()), 2)]));
}
