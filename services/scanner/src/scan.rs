//! One scan: read what was not read, squash, match what was not matched, and bring the image's findings in line.
//!
//! Every step may be done twice: a scan that dies is delivered again and finds done what was done.

use std::sync::Arc;

use plimsoll_analysis::{SquashLayer, squash};
use plimsoll_blobs::Blobs;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_checks::judgement::{ImageDescription, Unjudged, judge_image};
use plimsoll_checks::{EndOfLifeTable, HistoryStep};
use plimsoll_model::{Inventory, ProblemCode};
use plimsoll_runtime::clock;
use plimsoll_store::findings::{self, Changes};
use plimsoll_store::image_contents::UnjudgedCheck;
use plimsoll_store::images::ScanTarget;
use plimsoll_store::matching::match_package_versions;
use plimsoll_store::{Store, StoreError, image_contents, images, observations, own_matching, support_periods};
use plimsoll_volatile::{ScanState, Volatile};

use crate::error::ScanError;
use crate::image::{self, ImageParts};
use crate::layers::{KeptFor, LayerOutcome, LayerReader, ReadLayers};
use crate::malware::{Analysers, MalwareRules};
use crate::progress::Progress;

/// What scans.
#[derive(Debug, Clone)]
pub struct Scanner {
    /// Where what is found is recorded.
    pub store: Store,
    /// Where blobs and kept analyses are.
    pub blobs: Blobs,
    /// The malware rules in force.
    pub rules: MalwareRules,
    /// How many layers of one image are read at a time.
    pub parallel: usize,
    /// Who is told how far it is.
    pub volatile: Volatile,
}

impl Scanner {
    /// Handles a job.
    #[tracing::instrument(name = "scan", skip_all, fields(org = %job.org, digest = %job.digest, attempt = attempt.number))]
    pub async fn handle(self, job: ScanImageV1, attempt: Attempt) -> Outcome {
        let progress = Progress::new(self.volatile.clone(), job.clone());
        match self.scan(&job, &progress).await {
            Ok(Some(changes)) => {
                tracing::info!(opened = changes.opened, closed = changes.closed, "image scanned");
                Outcome::Done
            }
            Ok(None) => Outcome::Done,
            Err(error) => {
                let is_final = !error.is_transient() || attempt.is_last();
                tracing::error!(%error, code = error.code(), is_final, "scan failed");
                let reason = error.to_string();
                if let Err(error) = record_failure(&self.store, &job, error.code(), &reason, is_final).await {
                    tracing::error!(%error, "the failure could not be recorded");
                }
                progress.tell(if is_final { ScanState::Failed } else { ScanState::Retrying }, reason).await;
                if error.is_transient() { Outcome::Retry } else { Outcome::GiveUp }
            }
        }
    }

    /// Handles a job that the broker gave up: its image is told, unless a scan of ours told it already.
    pub async fn handle_failed(self, job: ScanImageV1, _: Attempt) -> Outcome {
        let reason =
            "the scan ended without an answer too often: a worker may have died of it; it is in the dead letters";
        match given_up(&self.store, &job, reason).await {
            Ok(true) => {
                Progress::new(self.volatile.clone(), job).tell(ScanState::Failed, reason).await;
                Outcome::Done
            }
            Ok(false) => Outcome::Done,
            Err(error) => {
                tracing::error!(%error, "a given-up scan could not be recorded");
                Outcome::Retry
            }
        }
    }

    fn layers(&self, analysers: Analysers, kept_for: KeptFor) -> LayerReader {
        let (store, blobs) = (self.store.clone(), self.blobs.clone());
        LayerReader { store, blobs, analysers, kept_for, parallel: self.parallel, reading_back: Arc::default() }
    }

    async fn scan(&self, job: &ScanImageV1, progress: &Progress) -> Result<Option<Changes>, ScanError> {
        let store = &self.store;
        let mut tx = store.org_tx(job.org).await?;
        let Some(target) = images::scan_target(&mut tx, job.image).await? else {
            tracing::info!("the image is gone");
            return Ok(None);
        };
        images::scan_started(&mut tx, job.image).await?;
        tx.commit().await?;
        progress.tell(ScanState::Running, "started").await;

        let parts = image::read(store, &self.blobs, job.org, &target.manifest_digest).await?;
        let bytes = parts.layers.iter().map(|part| part.blob.size).sum();
        let progress = progress.clone().with_layers(parts.layers.len(), bytes);
        let layers = self.layers(self.rules.for_all(store).await?, KeptFor::All);
        let version = &layers.analysers.version;
        let (unmatched, analysed, reused) = if target.analysis_version.as_deref() == Some(&**version) {
            let mut tx = store.catalog_tx().await?;
            // The same rules may come in other bundles.
            image_contents::examined_with(&mut tx, target.content_id, &layers.analysers.bundles).await?;
            let unmatched = image_contents::unmatched_packages(&mut tx, target.content_id).await?;
            tx.commit().await?;
            (unmatched, 0, u32::try_from(parts.layers.len()).unwrap_or(u32::MAX))
        } else {
            let ticking = progress.ticking();
            let read = layers.read(&parts.layers, progress.bytes_read()).await?;
            drop(ticking);
            (self.record(&target, &parts, &read, &layers.analysers).await?, read.analysed, read.reused)
        };
        self.scan_by_own_rules(job, &parts).await?;
        progress.tell(ScanState::Running, "matching packages").await;
        match_package_versions(store, &unmatched).await?;
        let changes = refresh(store, job, analysed, reused).await?;
        let message = format!("{analysed} layers read, {reused} known before");
        progress.tell(ScanState::Done, message).await;
        Ok(Some(changes))
    }

    /// Squashes and stores the inventory; gives the package versions that were never matched.
    #[tracing::instrument(skip_all)]
    async fn record(
        &self,
        target: &ScanTarget,
        parts: &ImageParts,
        read: &ReadLayers,
        analysers: &Analysers,
    ) -> Result<Vec<i64>, ScanError> {
        let mut inventory = inventory(parts, &read.analyses);
        let mut tx = self.store.catalog_tx().await?;
        let end_of_life = EndOfLifeTable::updated(&support_periods::all(&mut tx).await?);
        let unjudged = judged(parts, &mut inventory, &end_of_life);
        let content = target.content_id;
        // A layer whose blob is gone was examined with what there was then; once it is there again, the next scan reads it.
        let in_part = read.lacks_blobs.then(|| format!("{}-in-part", analysers.version));
        let version = in_part.as_deref().unwrap_or(&analysers.version);
        let unmatched =
            image_contents::replace(&mut tx, content, &parts.platform, &inventory, &unjudged, version).await?;
        if !read.lacks_blobs {
            image_contents::examined_with(&mut tx, content, &analysers.bundles).await?;
        }
        if read.is_provisional {
            image_contents::provisional(&mut tx, content).await?;
        }
        tx.commit().await?;
        Ok(unmatched)
    }

    /// What the organization's own rules say of its image. Nobody else ever sees it, though the image may be others' too.
    #[tracing::instrument(skip_all)]
    async fn scan_by_own_rules(&self, job: &ScanImageV1, parts: &ImageParts) -> Result<(), ScanError> {
        let Inventory { observations: found, mut problems, .. } = match self.rules.of_org(&self.store, job.org).await? {
            Some(analysers) => {
                let read = self.layers(analysers, KeptFor::Org(job.org)).read(&parts.layers, &Arc::default()).await?;
                inventory(parts, &read.analyses)
            }
            None => Inventory::default(),
        };
        // What cannot be read is said once, by the analysis that is everybody's.
        problems.retain(|problem| problem.code == ProblemCode::FileNotExamined);
        let mut tx = self.store.org_tx(job.org).await?;
        observations::replace_own(&mut tx, job.image, &found, &problems).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Folds an image's layers.
fn inventory(parts: &ImageParts, analyses: &[LayerOutcome]) -> Inventory {
    let layers: Vec<SquashLayer<'_>> = parts
        .layers
        .iter()
        .zip(analyses)
        .zip(0..)
        .map(|((part, analysis), index)| SquashLayer {
            index,
            digest: part.blob.digest,
            size: part.blob.size,
            diff_id: part.diff_id,
            build_step: part.build_step.clone(),
            analysis: analysis.as_deref().map_err(Clone::clone),
        })
        .collect();
    squash(&layers)
}

/// Adds what is wrong with the image as a whole; gives the checks that could not be judged.
fn judged(parts: &ImageParts, inventory: &mut Inventory, end_of_life: &EndOfLifeTable) -> Vec<UnjudgedCheck> {
    let history: Vec<HistoryStep<'_>> = (0..)
        .zip(&parts.history)
        .map(|(index, step)| HistoryStep { index, created_by: &step.created_by, empty_layer: step.empty_layer })
        .collect();
    let image = ImageDescription { execution: &parts.execution, history: &history };
    let unjudged = judge_image(inventory, &image, end_of_life, clock::now());
    let kept = |unjudged: Unjudged| UnjudgedCheck { check: unjudged.check.into(), reason: unjudged.reason.into() };
    unjudged.into_iter().map(kept).collect()
}

#[tracing::instrument(skip_all)]
async fn refresh(store: &Store, job: &ScanImageV1, analysed: u32, reused: u32) -> Result<Changes, StoreError> {
    let mut tx = store.org_tx(job.org).await?;
    own_matching::match_image(&mut tx, job.image).await?;
    let changes = findings::refresh_image(&mut tx, job.image).await?;
    images::scan_done(&mut tx, job.image, analysed, reused).await?;
    tx.commit().await?;
    Ok(changes)
}

async fn record_failure(
    store: &Store,
    job: &ScanImageV1,
    code: &str,
    reason: &str,
    is_final: bool,
) -> Result<(), StoreError> {
    let mut tx = store.org_tx(job.org).await?;
    images::scan_failed(&mut tx, job.image, code, reason, is_final).await?;
    tx.commit().await
}

async fn given_up(store: &Store, job: &ScanImageV1, reason: &str) -> Result<bool, StoreError> {
    let mut tx = store.org_tx(job.org).await?;
    let is_open = images::scan_is_open(&mut tx, job.image).await?;
    if is_open {
        images::scan_failed(&mut tx, job.image, "given_up", reason, true).await?;
    }
    tx.commit().await?;
    Ok(is_open)
}
