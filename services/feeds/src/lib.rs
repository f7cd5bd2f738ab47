//! Syncs advisory feeds and re-matches what a change touches.
//!
//! `schedule` decides when by each feed's `intervals`, `sync` brings one document in, `increments` what changed of it, `index` those that one names,
//! `repository` finds one that lies in one, `import` brings in those of a
//! bundle; `read` stages what they say, `apply`, `tables` and `bundles` make it knowledge and tell what changed, `rematch` brings matches and findings in line
//! with it, `support` what is observed of operating
//! systems; `table_sizes` tells how large what is known has grown.

mod apply;
mod bundles;
mod groups;
mod import;
mod increments;
mod index;
mod intervals;
mod read;
mod rematch;
mod repository;
mod schedule;
mod support;
pub mod sync;
mod table_sizes;
mod tables;

use std::sync::Arc;

use anyhow::Context as _;
use plimsoll_advisories::feeds::osv;
use plimsoll_broker::contracts::{AdvisoriesChangedV1, OwnAdvisoriesChangedV1, SyncFeedsV1, VexChangedV1};
use plimsoll_broker::{Consumer, relay};
use plimsoll_fetch::{Fetcher, Options};
use plimsoll_runtime::health::{Check, Health};
use plimsoll_runtime::worker;
use plimsoll_store::Store;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use plimsoll_advisories::feeds::MOST_WITHDRAWN;

pub use import::{BUNDLE, BundleSource, ImportOptions};
pub use intervals::{IntervalError, Intervals};
pub use rematch::{handle as rematch, handle_own as rematch_own, handle_vex as follow_vex};
pub use schedule::{Schedule, documents, turn};
pub use sync::Syncer;
pub use table_sizes::TableSizes;

/// The service's configuration: `PLIMSOLL_*` variables.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// PostgreSQL, as `plimsoll_feeds`.
    pub database_url: SecretString,
    /// RabbitMQ.
    pub amqp_url: SecretString,
    /// Where health and metrics are served.
    pub listen: String,
    /// A mirror's base address, `http(s)://` or `file://`; each feed's own upstream where it is absent.
    pub feeds_base: Option<Url>,
    /// The ecosystems of OSV's that are read, by its names, between commas; the feed's own list where there are none.
    #[serde(default)]
    pub feeds_ecosystems: String,
    /// A bundle of feeds, its file or address, instead of each feed's upstream.
    pub feeds_bundle: Option<String>,
    /// The public keys whose bundles are believed, or their files, between commas.
    #[serde(default)]
    pub bundle_keys: String,
    /// Seconds between two syncs of a document, of any feed; each feed's usual ones where absent.
    pub feeds_interval: Option<u32>,
    /// The same of some feeds: `osv=900,nvd=7200`.
    #[serde(default)]
    pub feeds_intervals: String,
    /// The share (0 to 1) of a document's records that one sync may withdraw without an operator's word.
    #[serde(default = "most_withdrawn")]
    pub feeds_most_withdrawn: f64,
}

impl Config {
    /// The ecosystems of OSV's that are read.
    fn ecosystems(&self) -> anyhow::Result<Vec<String>> {
        let names = self.feeds_ecosystems.split(',').map(str::trim).filter(|name| !name.is_empty());
        let ecosystem = |name: &str| {
            anyhow::ensure!(
                osv::is_ecosystem(name),
                "PLIMSOLL_FEEDS_ECOSYSTEMS: '{name}' is not how OSV names an ecosystem"
            );
            Ok(name.to_owned())
        };
        names.map(ecosystem).collect()
    }

    /// Whether a bundle is taken, and whose are believed.
    fn bundle(&self) -> anyhow::Result<Option<BundleSource>> {
        let Some(bundle) = self.feeds_bundle.as_deref().filter(|bundle| !bundle.is_empty()) else { return Ok(None) };
        anyhow::ensure!(
            self.feeds_base.is_none(),
            "PLIMSOLL_FEEDS_BUNDLE and PLIMSOLL_FEEDS_BASE are both set: knowledge comes from a bundle or from a mirror"
        );
        let source = BundleSource::new(bundle, self.bundle_keys.split(','));
        source.map(Some).context("PLIMSOLL_FEEDS_BUNDLE and PLIMSOLL_BUNDLE_KEYS")
    }
}

const fn most_withdrawn() -> f64 {
    MOST_WITHDRAWN
}

/// Runs the service until `shutdown`.
///
/// # Errors
/// When the database cannot be reached at the start, or the address cannot be listened on.
pub async fn run(config: Config, registry: prometheus::Registry, shutdown: CancellationToken) -> anyhow::Result<()> {
    let amqp_url = config.amqp_url.expose_secret().to_owned();
    let store = Store::connect(config.database_url.expose_secret(), "plimsoll-feeds", 12)
        .await
        .context("PLIMSOLL_DATABASE_URL")?;
    let (bundle, ecosystems) = (config.bundle()?, config.ecosystems()?);
    let intervals =
        Intervals::new(config.feeds_interval, &config.feeds_intervals).context("PLIMSOLL_FEEDS_INTERVALS")?;
    let sizes = TableSizes::new(&registry)?;
    let syncer = Syncer {
        store: store.clone(),
        fetcher: Fetcher::new(Options::default()),
        base: config.feeds_base,
        most_withdrawn: config.feeds_most_withdrawn,
    };
    let schedule = Schedule::new(syncer, intervals).of_ecosystems(ecosystems);
    let schedule = Arc::new(bundle.into_iter().fold(schedule, Schedule::from_bundle));

    let work = {
        let (schedule, store, stop) = (Arc::clone(&schedule), store.clone(), shutdown.clone());
        let requests = Consumer::<SyncFeedsV1>::new(&amqp_url, 1);
        let changes = Consumer::<AdvisoriesChangedV1>::new(&amqp_url, 2);
        let requested = Arc::clone(&schedule);
        let own_changes = Consumer::<OwnAdvisoriesChangedV1>::new(&amqp_url, 2);
        let vex_changes = Consumer::<VexChangedV1>::new(&amqp_url, 2);
        let (matching, own_matching, deciding) = (store.clone(), store.clone(), store.clone());
        let measured = store.clone();
        async move {
            tokio::join!(
                schedule.run(stop.clone()),
                sizes.run(measured, stop.clone()),
                relay::run(store, amqp_url, stop.clone()),
                requests.run(stop.clone(), move |message, attempt| {
                    let schedule = Arc::clone(&requested);
                    async move { schedule.handle(message, attempt).await }
                }),
                changes.run(stop.clone(), move |message, attempt| rematch(matching.clone(), message, attempt)),
                own_changes.run(stop.clone(), move |message, attempt| rematch_own(
                    own_matching.clone(),
                    message,
                    attempt
                )),
                vex_changes.run(stop, move |message, attempt| follow_vex(deciding.clone(), message, attempt)),
            );
        }
    };
    let checks = vec![
        Check::new("postgres", store.clone(), async |store: Store| store.ping().await),
        Check::new("rabbitmq", config.amqp_url, async |url: SecretString| {
            plimsoll_broker::ping(url.expose_secret()).await
        }),
    ];
    worker::run(&config.listen, Health::new(checks, registry), work, shutdown).await?;
    store.close().await;
    Ok(())
}
