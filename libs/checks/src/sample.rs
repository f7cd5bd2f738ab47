//! An image for the checks' tests: nothing is wrong with it until a test says so.

use chrono::{DateTime, Utc};
use plimsoll_model::{
    ExecutionConfig, FileFact, FileFactKind, InstalledPackage, Observation, Package, PackageType, Severity,
};

use crate::{CheckOutcome, HistoryStep, ImageFacts, LayerSize, judge_all};

pub(crate) struct Sample {
    pub(crate) execution: ExecutionConfig,
    pub(crate) history: Vec<(&'static str, bool)>,
    pub(crate) packages: Option<Vec<InstalledPackage>>,
    pub(crate) files: Option<Vec<FileFact>>,
    pub(crate) layers: Vec<LayerSize>,
    pub(crate) base_layers: Option<u32>,
    pub(crate) secrets: Option<Vec<Observation>>,
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            execution: ExecutionConfig::default(),
            history: vec![("COPY /app /app # buildkit", false)],
            packages: Some(vec![]),
            files: Some(vec![]),
            layers: vec![LayerSize { bytes: 1000, hidden_bytes: Some(0) }],
            base_layers: None,
            secrets: Some(vec![]),
        }
    }
}

impl Sample {
    pub(crate) fn execution(execution: ExecutionConfig) -> Self {
        Self { execution, ..Self::default() }
    }

    /// Steps that each made a layer.
    pub(crate) fn history(steps: &[&'static str]) -> Self {
        Self { history: steps.iter().map(|step| (*step, false)).collect(), ..Self::default() }
    }

    pub(crate) fn files(files: Vec<FileFact>) -> Self {
        Self { files: Some(files), ..Self::default() }
    }

    /// Debian packages, by name, in layer 0.
    pub(crate) fn packages(names: &[&str]) -> Self {
        Self { packages: Some(names.iter().map(|name| package(name, 0)).collect()), ..Self::default() }
    }

    pub(crate) fn outcome(&self, rule: &str) -> CheckOutcome {
        let history: Vec<_> = (0..)
            .zip(&self.history)
            .map(|(index, (created_by, empty_layer))| HistoryStep { index, created_by, empty_layer: *empty_layer })
            .collect();
        let facts = ImageFacts {
            execution: &self.execution,
            history: &history,
            packages: self.packages.as_deref(),
            files: self.files.as_deref(),
            layers: &self.layers,
            base_layers: self.base_layers,
            secrets: self.secrets.as_deref(),
            now: now(),
        };
        let all = judge_all(&facts);
        all.into_iter().find(|(check, _)| check.rule == rule).expect("the rule is in the list").1
    }

    pub(crate) fn observations(&self, rule: &str) -> Vec<Observation> {
        match self.outcome(rule) {
            CheckOutcome::Failed(observations) => observations,
            _ => vec![],
        }
    }

    /// `passed`, `not judged`, or what was observed.
    pub(crate) fn verdict(&self, rule: &str) -> String {
        match self.outcome(rule) {
            CheckOutcome::Passed => "passed".into(),
            CheckOutcome::NotJudged(_) => "not judged".into(),
            CheckOutcome::Failed(observations) => {
                observations.iter().map(|observation| observation.evidence.as_str()).collect::<Vec<_>>().join(" | ")
            }
        }
    }
}

/// Each sample's verdict is the expected one.
#[track_caller]
pub(crate) fn assert_verdicts(rule: &str, table: Vec<(&str, Sample, &str)>) {
    for (name, sample, expected) in table {
        assert_eq!(sample.verdict(rule), expected, "{rule}: {name}");
    }
}

/// Verdicts of histories of one step.
#[track_caller]
pub(crate) fn assert_steps(rule: &str, table: &[(&'static str, &str)]) {
    for (step, expected) in table {
        assert_eq!(Sample::history(&[*step]).verdict(rule), *expected, "{rule}: {step}");
    }
}

/// The severities of what one step shows.
pub(crate) fn severities(sample: &Sample, rule: &str) -> Vec<Severity> {
    sample.observations(rule).iter().map(|observation| observation.severity).collect()
}

pub(crate) fn file(path: &str, layer: u32, kind: FileFactKind) -> FileFact {
    FileFact { path: path.into(), layer, removed_in: None, kind }
}

pub(crate) fn package(name: &str, layer: u32) -> InstalledPackage {
    InstalledPackage {
        package: Package::new(PackageType::Deb, name, "1"),
        ecosystem: None,
        purl: None,
        layer,
        path: "var/lib/dpkg/status".into(),
    }
}
