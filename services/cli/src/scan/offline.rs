//! `plimsoll scan --offline`: everything in this process, with the libraries of the services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use plimsoll_advisories::{
    ExploitScore, KnownExploited, Match, PackageJudgement, PackageVersion, Vulnerability, finding, judge_packages,
    urgency,
};
use plimsoll_advisory_db::{AdvisoryDb, DbError};
use plimsoll_model::{DiffId, Digest, Finding, InstalledPackage, Inventory, Layer};

use crate::arguments::ScanArguments;
use crate::clock;
use crate::db;
use crate::exit::Failure;
use crate::progress::Progress;
use crate::quantity::age;
use crate::report::{ScanReport, ScannedImage, UnknownPackage};
use crate::scan::{image, layers, tree};

/// Scans what the user names.
pub async fn scan(arguments: &ScanArguments, progress: &Progress) -> Result<ScanReport, Failure> {
    let db = db::open(&db::path(arguments.database.db.as_ref())?)?;
    progress.note(format!("the advisory database is {} old", age(db.age(clock::now()))));
    let (image, inventory) = if let Some((path, inventory)) = tree::inventory(&arguments.source).await? {
        (ScannedImage { name: path.display().to_string(), digest: None, platform: None }, inventory)
    } else {
        let opened = image::open(&arguments.source, &arguments.image, progress).await?;
        let config = opened.source.config(&opened.image).await.map_err(Failure::undone)?;
        let inventory = layers::inventory(&opened, &config, progress).await?;
        let platform = config.platform().as_ref().or(opened.image.platform.as_ref()).map(ToString::to_string);
        let digest = Some(opened.image.manifest.digest.to_string());
        (ScannedImage { name: opened.image.name, digest, platform }, inventory)
    };
    progress.step(format!("matching {} packages", inventory.packages.len()), 0);
    judged(image, inventory, &db).await
}

/// The report of an inventory.
async fn judged(image: ScannedImage, inventory: Inventory, db: &AdvisoryDb) -> Result<ScanReport, Failure> {
    let distinct: BTreeSet<PackageVersion> = inventory.packages.iter().filter_map(PackageVersion::of).collect();
    let versions: Vec<PackageVersion> = distinct.into_iter().collect();
    let judgements = judge_packages(db, &versions).await.map_err(Failure::undone)?;
    let by_version: HashMap<&PackageVersion, &PackageJudgement> = versions.iter().zip(&judgements).collect();
    let mut known = Known { db, by_id: HashMap::new() };
    let (mut findings, mut unknown) = (Vec::new(), BTreeSet::new());
    for package in &inventory.packages {
        let version = PackageVersion::of(package);
        let Some(judgement) = version.as_ref().and_then(|version| by_version.get(version)) else {
            unknown.insert(unknown_package(package, "the distribution that it belongs to is not known here".into()));
            continue;
        };
        if let Some(first) = judgement.unknown.first() {
            unknown.insert(unknown_package(package, first.why.clone()));
        }
        for found in &judgement.matches {
            findings.push(known.finding(package, &inventory.layers, found).map_err(Failure::undone)?);
        }
    }
    findings.sort_by(urgency);
    Ok(ScanReport {
        image,
        os: inventory.os,
        layers: inventory.layers,
        package_count: inventory.packages.len() as u64,
        problems: inventory.problems,
        unknown: unknown.into_iter().collect(),
        findings,
        knowledge: knowledge(db).map_err(Failure::undone)?,
    })
}

fn unknown_package(package: &InstalledPackage, why: String) -> UnknownPackage {
    UnknownPackage {
        ecosystem: package.ecosystem.clone(),
        package: package.package.name.clone(),
        version: package.package.version.clone(),
        why,
    }
}

fn knowledge(db: &AdvisoryDb) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
    let mut oldest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for document in db.documents()? {
        let at = oldest.entry(document.feed).or_insert(document.checked_at);
        *at = document.checked_at.min(*at);
    }
    Ok(oldest)
}

/// What is known of vulnerabilities, asked once each.
struct Known<'d> {
    db: &'d AdvisoryDb,
    by_id: HashMap<String, (Vulnerability, Option<ExploitScore>, Option<KnownExploited>)>,
}

impl Known<'_> {
    fn finding(&mut self, package: &InstalledPackage, layers: &[Layer], found: &Match) -> Result<Finding, DbError> {
        if !self.by_id.contains_key(&found.vulnerability) {
            let id = &found.vulnerability;
            let vulnerability = self.db.vulnerability(id)?.unwrap_or_default();
            let known = (vulnerability, self.db.exploit_score(id)?, self.db.known_exploited(id)?);
            self.by_id.insert(id.clone(), known);
        }
        let (vulnerability, score, exploited) = self
            .by_id
            .get(&found.vulnerability)
            .ok_or_else(|| DbError::Damaged(format!("{} is not there", found.vulnerability)))?;
        match layers.iter().find(|layer| layer.index == package.layer) {
            Some(layer) => Ok(finding(package, layer, found, vulnerability, score.as_ref(), exploited.as_ref())),
            // A folder has no layers: nothing brought the package in.
            None => {
                let digest = Digest::from_sha256([0; 32]);
                let layer = Layer { index: 0, digest, diff_id: DiffId(digest), size: 0, build_step: None };
                let mut finding = finding(package, &layer, found, vulnerability, score.as_ref(), exploited.as_ref());
                finding.introduced_by.diff_id.clear();
                Ok(finding)
            }
        }
    }
}
