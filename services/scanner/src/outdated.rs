//! Images that were judged by older rules, hashes, signatures or analysers than are in force: they are scanned again by themselves, some at a time.
//!
//! In: what is in force, and each organization's images that a tag names. Out: scans that wait in the queue, as if somebody had asked for them, but
//! never so many that those who ask wait long. One process at a time looks. An image that waits already is left alone, and so is one that was scanned,
//! or looked at, not long ago: an hourly list of hashes does not have everything read each hour.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_blobs::Blobs;
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_model::OrgId;
use plimsoll_runtime::trace;
use plimsoll_store::images::{self, Outdated, OutdatedImage};
use plimsoll_store::{Store, orgs, outbox};
use tokio_util::sync::CancellationToken;

use crate::error::ScanError;
use crate::malware::MalwareRules;

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(30);
/// Scans that may wait, of all organizations together, whoever asked for them: as many are added as are missing.
const MOST_WAITING: usize = 16;
/// A scan that was asked for longer ago than this and has not ended does not count as one that waits: it may have been lost.
const LOST_AFTER: TimeDelta = TimeDelta::days(1);
/// After how long a scan is made again during which something that was asked did not answer.
const PROVISIONAL_AFTER: TimeDelta = TimeDelta::hours(1);

/// Looks for outdated images.
#[derive(Debug)]
pub struct OutdatedImages {
    store: Store,
    blobs: Blobs,
    rules: MalwareRules,
    after: TimeDelta,
    /// Whose image was queued last: the others' turn is next.
    last: Option<OrgId>,
}

impl OutdatedImages {
    /// Those that were scanned longer ago than `after`.
    pub const fn new(store: Store, blobs: Blobs, rules: MalwareRules, after: TimeDelta) -> Self {
        Self { store, blobs, rules, after, last: None }
    }

    /// Has them scanned until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let pause = self.after.to_std().unwrap_or(LOOK).min(LOOK);
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
            match self.queue(plimsoll_runtime::clock::now()).await {
                Ok(0) => {}
                Ok(images) => tracing::info!(images, "images are scanned again by what is known since"),
                Err(error) => tracing::warn!(%error, "outdated images are not looked for"),
            }
        }
    }

    /// Queues as many as there is room for; gives how many.
    ///
    /// # Errors
    /// When the database or the object store fails.
    #[tracing::instrument(skip_all)]
    pub async fn queue(&mut self, now: DateTime<Utc>) -> Result<usize, ScanError> {
        let version = self.rules.for_all(&self.store).await?.version;
        let mut turn = self.store.catalog_tx().await?;
        if !images::take_turn_to_reconsider(&mut turn).await? {
            return Ok(0);
        }
        let which = Outdated {
            analysis_version: &version,
            before: now - self.after,
            provisional_before: now - self.after.min(PROVISIONAL_AFTER),
        };
        let (mut waiting, mut found) = (0, Vec::new());
        for org in orgs::all(&mut turn).await? {
            let mut tx = self.store.org_tx(org).await?;
            waiting += images::count_waiting(&mut tx, now - LOST_AFTER).await?;
            let outdated = images::outdated(&mut tx, &which, MOST_WAITING as i64).await?;
            tx.commit().await?;
            if !outdated.is_empty() {
                found.push((org, VecDeque::from(outdated)));
            }
        }
        let room = MOST_WAITING.saturating_sub(usize::try_from(waiting).unwrap_or(usize::MAX));
        let start = found.partition_point(|(org, _)| self.last.is_some_and(|last| *org <= last));
        found.rotate_left(start);
        let mut queued = 0;
        for (org, images) in in_turns(found, room, &mut self.last) {
            queued += self.queue_of(org, &images).await?;
        }
        turn.commit().await?;
        Ok(queued)
    }

    /// Queues an organization's images. One whose config is gone cannot be scanned: what was found in it stays, and it is not looked at again
    /// before its time.
    async fn queue_of(&self, org: OrgId, images: &[OutdatedImage]) -> Result<usize, ScanError> {
        let mut there = Vec::new();
        for image in images {
            if self.blobs.exists(&image.config_digest).await? {
                there.push(image.id.0);
            }
        }
        let all: Vec<_> = images.iter().map(|image| image.id.0).collect();
        let mut tx = self.store.org_tx(org).await?;
        let queued = images::reconsidered(&mut tx, &all, &there).await?;
        let messages: Vec<ScanImageV1> =
            queued.into_iter().map(|(image, digest)| ScanImageV1 { org, image, digest }).collect();
        outbox::write_all(&mut tx, ScanImageV1::TOPIC.name(), &messages, &trace::current()).await?;
        tx.commit().await?;
        Ok(messages.len())
    }
}

/// Up to `room` images, one of each organization after the other; `last` becomes whose turn was last.
fn in_turns(
    mut found: Vec<(OrgId, VecDeque<OutdatedImage>)>,
    room: usize,
    last: &mut Option<OrgId>,
) -> Vec<(OrgId, Vec<OutdatedImage>)> {
    let mut chosen: Vec<(OrgId, Vec<OutdatedImage>)> = found.iter().map(|(org, _)| (*org, Vec::new())).collect();
    let mut left = room;
    while left > 0 && found.iter().any(|(_, images)| !images.is_empty()) {
        for ((org, images), (_, chosen)) in found.iter_mut().zip(&mut chosen) {
            if left == 0 {
                break;
            }
            if let Some(image) = images.pop_front() {
                chosen.push(image);
                *last = Some(*org);
                left -= 1;
            }
        }
    }
    chosen.retain(|(_, images)| !images.is_empty());
    chosen
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Digest, ImageId};
    use uuid::Uuid;

    use super::*;

    fn org(number: u128) -> OrgId {
        OrgId(Uuid::from_u128(number))
    }

    #[test]
    fn each_organization_has_its_turn_and_the_next_round_begins_with_the_next() {
        let image = |number| OutdatedImage {
            id: ImageId(Uuid::from_u128(number)),
            config_digest: Digest::from_sha256([0; 32]),
        };
        let found =
            || vec![(org(1), (0..9).map(image).collect()), (org(2), [image(20)].into()), (org(3), [image(30)].into())];
        let counts = |chosen: Vec<(OrgId, Vec<OutdatedImage>)>| -> Vec<(OrgId, usize)> {
            chosen.into_iter().map(|(org, images)| (org, images.len())).collect()
        };
        let mut last = None;
        assert_eq!(counts(in_turns(found(), 5, &mut last)), [(org(1), 3), (org(2), 1), (org(3), 1)]);
        assert_eq!(last, Some(org(1)), "who has many had the last turn");
        assert_eq!(counts(in_turns(found(), 2, &mut last)), [(org(1), 1), (org(2), 1)]);
        assert_eq!(last, Some(org(2)));
        assert_eq!(counts(in_turns(found(), 0, &mut last)), []);
        assert_eq!(last, Some(org(2)), "nobody's turn was taken");
    }
}
