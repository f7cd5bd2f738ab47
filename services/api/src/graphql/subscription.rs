//! What can be watched.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Result, Subscription};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt as _, stream};
use plimsoll_broker::contracts::FindingEvent;
use plimsoll_model::{Digest, ImageId};
use plimsoll_store::views::images::{self, Image};
use plimsoll_volatile::{ScanProgress as Progress, ScanState};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::complaint::{complaint, internal, of_store};
use super::finding_changes::{MOST_AT_ONCE, Watch};
use super::tenant::{Asking, Tenant};
use super::types::{FindingChange, FindingChangeFilterInput, ScanProgress, image_named};
use crate::server::State;

/// How often the row is looked at beside the news, which may be lost.
const LOOK: Duration = Duration::from_secs(5);
/// How far the clocks of two machines may differ.
const CLOCKS: TimeDelta = TimeDelta::seconds(10);

/// What can be watched.
pub struct Subscription;

/// What can be watched.
#[Subscription]
impl Subscription {
    /// How far the scan of an image has come: first how it is now, then each change, until it is done or has failed.
    async fn scan_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image: its id, its digest or a reference to it.")] image: String,
    ) -> Result<impl Stream<Item = Result<ScanProgress>> + use<>> {
        let state = context.data::<State>()?;
        for tenant in &Asking::of(context)?.tenants {
            tenant.require_reading()?;
            let Some(id) = image_named(tenant, &image).await? else { continue };
            let Some(row) = row(tenant, id).await? else { continue };
            // Listens first and looks second, so that nothing falls between.
            let news =
                state.volatile.subscribe(tenant.access.org, &row.digest).await.map_err(|error| internal(&error))?;
            let mut look = interval(LOOK);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            look.reset();
            let watch = ScanWatch {
                tenant: Arc::clone(tenant),
                image: id,
                news: news.boxed(),
                look,
                since: row.scan_requested_at,
                is_begun: false,
                is_over: false,
            };
            return Ok(stream::unfold(watch, |mut watch| async move {
                Some((watch.next().await?.map(ScanProgress), watch))
            }));
        }
        Err(no_such_image())
    }

    /// What becomes of an organization's findings from now on: some changes at once, 100 at most. First comes an empty list: who reads the
    /// findings after that misses nothing. A change may be told before one that was earlier: `at` orders them. Where changes may have been
    /// lost, as to who reads too slowly, it ends with the error `CHANGES_MISSED`: subscribe again, and read the findings again.
    #[graphql(complexity = "MOST_AT_ONCE.saturating_mul(child_complexity)")]
    async fn finding_changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The organization's slug.")] organization: String,
        #[graphql(desc = "Which changes.")] filter: Option<FindingChangeFilterInput>,
    ) -> Result<impl Stream<Item = Result<Vec<FindingChange>>> + use<>> {
        let state = context.data::<State>()?;
        let Some(tenant) = Asking::of(context)?.tenant(&organization) else {
            return Err(complaint("NOT_FOUND", "There is no such organization that you belong to."));
        };
        tenant.require_reading()?;
        let mut filter = filter.unwrap_or_default();
        let event = filter.kind.map(FindingEvent::from);
        let image = match filter.image.take() {
            Some(image) => Some(image_named(tenant, &image).await?.ok_or_else(no_such_image)?),
            None => None,
        };
        let listener = state.finding_changes.listen(tenant.access.org).await.map_err(|error| internal(&error))?;
        let tenant = Arc::clone(tenant);
        let watch =
            Watch { tenant, filter: filter.filter(), image, event, listener, heard: VecDeque::new(), is_over: false };
        let changes = stream::unfold(watch, |mut watch| async move { Some((watch.next().await?, watch)) });
        Ok(stream::iter([Ok(Vec::new())]).chain(changes))
    }
}

fn no_such_image() -> async_graphql::Error {
    complaint("NOT_FOUND", "There is no such image that you may see.")
}

struct ScanWatch {
    tenant: Arc<Tenant>,
    image: ImageId,
    news: Pin<Box<dyn Stream<Item = Progress> + Send>>,
    look: Interval,
    /// When the scan was asked for: older news is of an earlier one.
    since: DateTime<Utc>,
    is_begun: bool,
    is_over: bool,
}

impl ScanWatch {
    async fn next(&mut self) -> Option<Result<Progress>> {
        if self.is_over {
            return None;
        }
        let progress = if self.is_begun { self.change().await } else { self.now().await.transpose() };
        self.is_begun = true;
        self.is_over = match &progress {
            Some(Ok(progress)) => is_final(progress.state),
            Some(Err(_)) | None => true,
        };
        progress
    }

    /// How it is now, by the image's row; `None` where the image is gone.
    async fn now(&mut self) -> Result<Option<Progress>> {
        let Some(row) = row(&self.tenant, self.image).await? else { return Ok(None) };
        self.since = row.scan_requested_at;
        progress(&row).map(Some)
    }

    async fn change(&mut self) -> Option<Result<Progress>> {
        loop {
            tokio::select! {
                news = self.news.next() => {
                    let news = news?;
                    if news.at >= self.since - CLOCKS || !is_final(news.state) {
                        return Some(Ok(news));
                    }
                }
                _ = self.look.tick() => match self.now().await.transpose()? {
                    Ok(progress) if !is_final(progress.state) => {}
                    ended => return Some(ended),
                },
            }
        }
    }
}

const fn is_final(state: ScanState) -> bool {
    matches!(state, ScanState::Done | ScanState::Failed)
}

/// The image's row as it is now: not what was loaded before.
async fn row(tenant: &Tenant, image: ImageId) -> Result<Option<Image>> {
    let rows = images::by_ids(&mut tenant.tx().await?, &[image.0]).await.map_err(of_store)?;
    Ok(rows.into_iter().next())
}

/// What an image's row tells of its scan.
fn progress(row: &Image) -> Result<Progress> {
    let digest: Digest = row.digest.parse().map_err(|error| internal(&error))?;
    let state: ScanState = super::types::ScanStateWord::of_word(&row.scan_state).into();
    let layers = row.layers_analysed.unwrap_or(0) + row.layers_reused.unwrap_or(0);
    let layers = if state == ScanState::Done { u32::try_from(layers).unwrap_or(0) } else { 0 };
    Ok(Progress {
        image: row.id,
        digest,
        state,
        layers_total: layers,
        layers_done: layers,
        bytes_total: 0,
        bytes_done: 0,
        message: row.scan_error.clone().unwrap_or_default(),
        at: row.scan_finished_at.or(row.scan_started_at).unwrap_or(row.scan_requested_at),
    })
}
