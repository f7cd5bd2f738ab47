//! `plimsoll scan --offline`: everything in this process, with the libraries of the services.

use std::collections::{BTreeSet, HashMap};

use plimsoll_advisories::own::SOURCE;
use plimsoll_advisories::{
    ExploitScore, KnownExploited, Match, PackageJudgement, PackageVersion, Vulnerability, finding, judge_packages,
    urgency,
};
use plimsoll_advisory_db::{AdvisoryDb, DbError};
use plimsoll_checks::EndOfLifeTable;
use plimsoll_model::{DiffId, Digest, Finding, InstalledPackage, Inventory, Layer};

use crate::arguments::ScanArguments;
use crate::clock;
use crate::db;
use crate::exit::Failure;
use crate::progress::Progress;
use crate::quantity::{age, counted};
use crate::report::{JudgedCoverage, PlacedPackage, ScanReport, UnknownPackage};
use crate::scan::coverage::{Judged, coverage, is_unknown_program};
use crate::scan::own::OwnAdvisories;
use crate::scan::{malware, whole};
use crate::source::{self, ReadSource};

/// Scans what the user names.
pub async fn scan(arguments: &ScanArguments, progress: &Progress) -> Result<ScanReport, Failure> {
    let db = db::open(&db::path(arguments.database.db.as_ref())?)?;
    let now = clock::now();
    progress.note(format!("the advisory database is {} old", age(db.age(now))));
    if let Some(old) = db::old_knowledge(&db::knowledge(&db).map_err(Failure::undone)?, now) {
        progress.note(old);
    }
    let own = OwnAdvisories::read(&arguments.advisories, &db).await?;
    if own.count() > 0 {
        progress.note(format!("own advisories that are matched beside the database's: {}", own.count()));
    }
    let analysing = malware::analysing(&arguments.malware, &db, progress).await?;
    let source = source::read(&arguments.source, &arguments.image, &analysing.engine, progress).await?;
    progress.step(format!("matching {}", counted(source.inventory.packages.len() as u64, "package")), 0);
    let report = judged(source, &db, &own).await?;
    Ok(ScanReport { malware_sources: Some(analysing.sources), ..report })
}

/// The report of a source.
async fn judged(mut source: ReadSource, db: &AdvisoryDb, own: &OwnAdvisories) -> Result<ScanReport, Failure> {
    let now = clock::now();
    let end_of_life = EndOfLifeTable::updated(&db.support_periods().map_err(Failure::undone)?);
    let unjudged_checks = whole::judge(&mut source, &end_of_life, now);
    let inventory = &source.inventory;
    let distinct: BTreeSet<PackageVersion> = inventory.packages.iter().filter_map(PackageVersion::of).collect();
    let versions: Vec<PackageVersion> = distinct.into_iter().collect();
    let judgements = own.beside(&versions, judge_packages(db, &versions).await.map_err(Failure::undone)?);
    let by_version: HashMap<&PackageVersion, &PackageJudgement> = versions.iter().zip(&judgements).collect();
    let mut known = Known { db, own, by_id: HashMap::new() };
    let (mut findings, mut not_counted) = (Vec::new(), Vec::new());
    let (mut unknown, mut judged) = (BTreeSet::new(), Judged::default());
    for package in &inventory.packages {
        let version = PackageVersion::of(package);
        let judgement = version.as_ref().and_then(|version| by_version.get(version));
        let is_unordered = judgement.is_some_and(|judgement| !judgement.unknown.is_empty());
        judged.count(package, is_unordered);
        let Some(judgement) = judgement.filter(|_| !is_unknown_program(package)) else {
            unknown.insert(unknown_package(package, why_unjudged(package).into()));
            continue;
        };
        if let Some(first) = judgement.unknown.first() {
            unknown.insert(unknown_package(package, first.why.clone()));
        }
        for found in &judgement.matches {
            let told = known.finding(package, &inventory.layers, found).map_err(Failure::undone)?;
            if told.state.is_affected() { findings.push(told) } else { not_counted.push(told) }
        }
    }
    findings.sort_by(urgency);
    not_counted.sort_by(urgency);
    let knowledge = db::knowledge(db).map_err(Failure::undone)?;
    let coverage = coverage(&source, judged, db, &knowledge, &end_of_life, now.date_naive());
    let coverage = coverage.map_err(Failure::undone)?;
    let placed = packages_placed(&source.inventory);
    let Inventory { os, layers, packages, mut observations, problems, .. } = source.inventory;
    observations.sort_by(|a, b| (b.severity, a).cmp(&(a.severity, b)));
    Ok(ScanReport {
        image: source.image,
        os,
        layers,
        package_count: packages.len() as u64,
        problems,
        unknown: unknown.into_iter().collect(),
        findings,
        not_counted,
        hidden: vec![],
        observations: Some(observations),
        coverage: Some(JudgedCoverage { coverage, unjudged_checks }),
        knowledge,
        malware_sources: None,
        placed,
    })
}

fn packages_placed(inventory: &Inventory) -> Vec<PlacedPackage> {
    let placed =
        |package: &InstalledPackage| Some(PlacedPackage { path: package.path.clone(), purl: package.purl.clone()? });
    inventory.packages.iter().filter_map(placed).collect()
}

/// Why no advisory can be asked about a package.
fn why_unjudged(package: &InstalledPackage) -> &'static str {
    if package.package.third_party().is_some() {
        "it is a third party's package, of which the distribution's advisories do not speak"
    } else if package.package.kind.is_distribution() {
        "the distribution that it belongs to is not known here"
    } else if is_unknown_program(package) {
        "no source of advisories knows this program"
    } else {
        "no advisories are known here for packages of its kind"
    }
}

fn unknown_package(package: &InstalledPackage, why: String) -> UnknownPackage {
    UnknownPackage {
        ecosystem: package.ecosystem.clone(),
        package: package.package.name.clone(),
        version: package.package.version.clone(),
        why,
    }
}

/// What is known of vulnerabilities, asked once each.
struct Known<'d> {
    db: &'d AdvisoryDb,
    own: &'d OwnAdvisories,
    by_id: HashMap<String, (Vulnerability, Option<ExploitScore>, Option<KnownExploited>)>,
}

impl Known<'_> {
    fn finding(&mut self, package: &InstalledPackage, layers: &[Layer], found: &Match) -> Result<Finding, DbError> {
        if !self.by_id.contains_key(&found.vulnerability) {
            let id = &found.vulnerability;
            let vulnerability = self.own.described(id, self.db.vulnerability(id)?);
            let (score, exploited) = (self.db.highest_score(&vulnerability)?, self.db.first_exploited(&vulnerability)?);
            let known = (vulnerability, score, exploited);
            self.by_id.insert(id.clone(), known);
        }
        let (vulnerability, score, exploited) = self
            .by_id
            .get(&found.vulnerability)
            .ok_or_else(|| DbError::Damaged(format!("{} is not there", found.vulnerability)))?;
        let made = |layer: &Layer| {
            let mut finding = finding(package, layer, found, vulnerability, score.as_ref(), exploited.as_ref());
            // An own advisory's rating comes before anybody's.
            if let (Some(severity), Some(SOURCE)) = (found.severity, found.severity_source.as_deref()) {
                finding.severity = severity;
                finding.severity_source = SOURCE.into();
            }
            finding
        };
        match layers.iter().find(|layer| layer.index == package.layer) {
            Some(layer) => Ok(made(layer)),
            // A folder has no layers: nothing brought the package in.
            None => {
                let digest = Digest::from_sha256([0; 32]);
                let layer = Layer { index: 0, digest, diff_id: DiffId(digest), size: 0, build_step: None };
                let mut finding = made(&layer);
                finding.introduced_by.diff_id.clear();
                Ok(finding)
            }
        }
    }
}
