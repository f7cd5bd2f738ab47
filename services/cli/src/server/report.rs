//! The API's answers, in the shape of the report.
//!
//! The API has one finding for a package version in an image, with all places where it lies; the report has one for each place, as the
//! offline scan finds them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use plimsoll_advisories::urgency;
use plimsoll_model::{AffectedState, BuildStep, Ecosystem, Finding, Introduction, Layer, OsRelease};
use plimsoll_vex::{Justification, Status};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answers::{self, FeedsData, ImagePage, InstalledPackage};
use super::coverage::{Covered, ImageCoverage, judged_coverage};
use super::{Server, observation, queries};
use crate::exit::Failure;
use crate::report::{HiddenFinding, PlacedPackage, ScanReport, ScannedImage, UnknownPackage, VexNote};

/// The most pages of a list: far more than an image has packages.
const MAX_PAGES: usize = 10_000;

impl Server {
    /// All that the server knows of an image.
    pub async fn report(&self, slug: &str, digest: &str) -> Result<ScanReport, Failure> {
        let image: answers::Image = self.of_image(queries::IMAGE, slug, digest, None).await?.ok_or_else(gone)?;
        let packages: Vec<InstalledPackage> = self.pages(queries::PACKAGES, slug, digest).await?;
        let findings: Vec<answers::Finding> = self.pages(queries::FINDINGS, slug, digest).await?;
        let uncounted: Vec<answers::Finding> = self.pages(queries::UNCOUNTED, slug, digest).await?;
        let hidden: Vec<answers::HiddenFinding> = self.pages(queries::HIDDEN, slug, digest).await?;
        let covered: ImageCoverage = self.of_image(queries::COVERAGE, slug, digest, None).await?.ok_or_else(gone)?;
        let observed: Vec<observation::Observation> = self.pages(queries::OBSERVATIONS, slug, digest).await?;
        let observed: Vec<_> = observed.into_iter().map(observation::observation).collect::<Result<_, _>>()?;
        let malware_sources = covered.coverage.as_ref().map(Covered::malware_sources).transpose()?.flatten();
        let coverage = covered.coverage.map(judged_coverage).transpose()?;
        let feeds: FeedsData = self.ask(queries::FEEDS, &json!({})).await?;
        let package_count = packages.len() as u64;
        let placed = packages.iter().filter_map(placed).collect();
        let unknown: BTreeSet<UnknownPackage> = packages.into_iter().filter_map(unknown).collect();
        let mut findings: Vec<Finding> = findings.into_iter().flat_map(of_each_place).collect();
        findings.sort_by(urgency);
        let mut not_counted: Vec<Finding> = uncounted.into_iter().flat_map(of_each_place).collect();
        not_counted.sort_by(urgency);
        let hidden: Vec<_> = hidden.into_iter().map(of_each_hidden_place).collect::<Result<_, _>>()?;
        let mut hidden: Vec<HiddenFinding> = hidden.into_iter().flatten().collect();
        hidden.sort_by(|a, b| urgency(&a.finding, &b.finding));
        Ok(ScanReport {
            image: ScannedImage {
                name: digest.to_owned(),
                platform: platform(&image.platform),
                digest: Some(image.digest),
                other_platforms: vec![],
                references: vec![],
                index: None,
            },
            os: image.os.map(|os| OsRelease {
                id: os.distribution,
                version_id: os.version,
                codename: os.codename,
                pretty_name: os.pretty_name,
            }),
            layers: image.layers.into_iter().map(layer).collect(),
            package_count,
            problems: image.problems,
            unknown: unknown.into_iter().collect(),
            findings,
            not_counted,
            hidden,
            observations: coverage.is_some().then_some(observed),
            coverage,
            knowledge: knowledge(feeds),
            malware_sources,
            placed,
        })
    }

    async fn pages<T: DeserializeOwned>(&self, query: &str, slug: &str, digest: &str) -> Result<Vec<T>, Failure> {
        let (mut nodes, mut after) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page: ImagePage<T> = self.of_image(query, slug, digest, after.as_deref()).await?.ok_or_else(gone)?;
            nodes.extend(page.page.nodes);
            match page.page.page_info.end_cursor.filter(|_| page.page.page_info.has_next_page) {
                Some(cursor) if after.as_ref() != Some(&cursor) => after = Some(cursor),
                _ => return Ok(nodes),
            }
        }
        Err(Failure::undone("the server's list does not end"))
    }
}

fn gone() -> Failure {
    Failure::undone("the server no longer knows the image")
}

fn platform(platform: &answers::Platform) -> Option<String> {
    let parts = [Some(platform.os.as_deref()?), platform.architecture.as_deref(), platform.variant.as_deref()];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
}

fn layer(layer: answers::Layer) -> Layer {
    let step =
        |step: answers::BuildStep| BuildStep { index: step.index, created_by: step.command, created: step.created };
    Layer {
        index: layer.index,
        digest: layer.digest,
        diff_id: layer.diff_id,
        size: layer.size,
        build_step: layer.build_step.map(step),
    }
}

fn placed(installed: &InstalledPackage) -> Option<PlacedPackage> {
    Some(PlacedPackage { path: installed.path.clone(), purl: installed.package.purl.clone()? })
}

fn unknown(installed: InstalledPackage) -> Option<UnknownPackage> {
    let package = installed.package;
    Some(UnknownPackage {
        why: package.unknown_reason?,
        ecosystem: package.ecosystem,
        package: package.name,
        version: package.version,
    })
}

fn of_each_place(found: answers::Finding) -> Vec<Finding> {
    let package = &found.package;
    let ecosystem = || package.kind.language_ecosystem().unwrap_or_else(|| Ecosystem::new(package.kind.as_str()));
    let state = found.state.as_deref().map(str::to_ascii_lowercase).and_then(|word| AffectedState::parse(&word));
    let (vector, score) = found.vulnerability.cvss.map(|cvss| (cvss.vector, cvss.score)).unzip();
    let finding = Finding {
        vulnerability: found.vulnerability.name,
        aliases: found.vulnerability.aliases,
        title: found.vulnerability.title,
        severity: found.severity,
        severity_source: found.severity_source,
        cvss_vector: vector,
        cvss_score: score.flatten(),
        epss: found.epss.as_ref().map(|epss| epss.score),
        epss_percentile: found.epss.as_ref().map(|epss| epss.percentile),
        known_exploited_since: found.known_exploited_since,
        is_malware: found.vulnerability.is_malware,
        ecosystem: package.ecosystem.clone().unwrap_or_else(ecosystem),
        package: package.name.clone(),
        version: package.version.clone(),
        purl: package.purl.clone(),
        path: String::new(),
        fixed_in: found.fixed_in,
        state: state.unwrap_or_default(),
        sources: found.sources,
        introduced_by: Introduction { layer: 0, diff_id: String::new(), build_step: None, created: None },
    };
    let at = |location: answers::Location| {
        let mut finding = Finding { path: location.path, ..finding.clone() };
        if let Some(by) = location.introduced_by {
            let (build_step, created) = by.build_step.map(|step| (step.command, step.created)).unzip();
            finding.introduced_by = Introduction {
                layer: by.layer.index,
                diff_id: by.layer.diff_id,
                build_step,
                created: created.flatten(),
            };
        }
        finding
    };
    found.locations.into_iter().map(at).collect()
}

fn of_each_hidden_place(found: answers::HiddenFinding) -> Result<Vec<HiddenFinding>, Failure> {
    // Shown again since the page was begun.
    let Some(said) = found.vex else { return Ok(Vec::new()) };
    let word = |word: Option<String>| word.map(|word| word.to_ascii_lowercase());
    let unknown = || Failure::undone("a VEX statement's status is none that this release knows");
    let vex = VexNote {
        status: word(said.status).and_then(|word| Status::parse(&word)).ok_or_else(unknown)?,
        justification: word(said.justification).and_then(|word| Justification::parse(&word)),
        impact: said.impact,
        document: said.document,
        author: said.author,
        at: said.at,
    };
    let hidden = |finding| HiddenFinding { finding, vex: vex.clone() };
    Ok(of_each_place(found.finding).into_iter().map(hidden).collect())
}

fn knowledge(feeds: FeedsData) -> BTreeMap<String, DateTime<Utc>> {
    let mut oldest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for feed in feeds.feeds {
        let Some(checked_at) = feed.checked_at else { continue };
        let at = oldest.entry(feed.name).or_insert(checked_at);
        *at = checked_at.min(*at);
    }
    oldest
}
