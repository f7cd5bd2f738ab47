//! Workers that turn layers into inventories and inventories into findings.
//!
//! `scan` is the story of one job; `image` reads what an image is made of, `layers` its layers, `malware` has the rules in force, `outdated`
//! has images scanned again that were judged by others, `progress` tells who watches.

mod error;
mod image;
mod layers;
mod malware;
mod outdated;
mod progress;
mod scan;

use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Context as _;
use chrono::TimeDelta;
use plimsoll_analysis::Limits;
use plimsoll_blobs::Blobs;
use plimsoll_broker::Consumer;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_runtime::config::Engines;
use plimsoll_runtime::health::{Check, Health};
use plimsoll_runtime::worker;
use plimsoll_store::Store;
use plimsoll_volatile::Volatile;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

pub use error::ScanError;
pub use malware::{MalwareRules, OperatorRules};
pub use outdated::OutdatedImages;
pub use scan::Scanner;

/// The service's configuration: `PLIMSOLL_*` variables.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The engines, PostgreSQL as `plimsoll_worker`.
    #[serde(flatten)]
    pub engines: Engines,
    /// How many images are scanned at a time.
    #[serde(default = "two")]
    pub scanner_images: u16,
    /// How many layers of one image are read at a time; as many as there are processors, four at most, where it is absent.
    pub scanner_layers: Option<usize>,
    /// After how many seconds an image is scanned again by itself that was judged by other rules than are in force; 0: never.
    #[serde(default = "one_day")]
    pub scanner_rescan_after: u32,
    /// A folder of the operator's own YARA rules.
    pub yara_rules: Option<PathBuf>,
    /// A ClamAV daemon: `tcp://host:port` or `unix:/path`.
    pub clamd: Option<String>,
    /// The feeds whose rules and hashes of malware are used, by name, between commas.
    #[serde(default = "default_malware_feeds")]
    pub malware_feeds: String,
}

fn default_malware_feeds() -> String {
    "malware-hashes".into()
}

/// Layers of one image, and files of one layer, that are read at a time unless it is said otherwise: what keeps a worker's memory the same on any
/// machine.
const MOST_AT_A_TIME: usize = 4;

const fn two() -> u16 {
    2
}

const fn one_day() -> u32 {
    86_400
}

/// Runs the service until `shutdown`.
///
/// # Errors
/// When an engine cannot be reached at the start, or the address cannot be listened on.
pub async fn run(config: Config, registry: prometheus::Registry, shutdown: CancellationToken) -> anyhow::Result<()> {
    let engines = config.engines;
    let amqp_url = engines.amqp_url.expose_secret().to_owned();
    // Two of them to look for outdated images.
    let connections = u32::from(config.scanner_images) * 2 + 4;
    let store = Store::connect(engines.database_url.expose_secret(), "plimsoll-scanner", connections)
        .await
        .context("PLIMSOLL_DATABASE_URL")?;
    let volatile = Volatile::connect(engines.redis_url.expose_secret(), &engines.redis_prefix)
        .await
        .context("PLIMSOLL_REDIS_URL")?;
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    // Each takes some 12 MiB, and its inspectors as much again.
    let parallel = config.scanner_layers.unwrap_or(processors.min(MOST_AT_A_TIME)).max(1);
    let blobs = Blobs::open(&engines.blobs).context("PLIMSOLL_BLOBS")?;
    let operator = OperatorRules {
        folder: config.yara_rules,
        clamd: config.clamd.as_deref().map(str::parse).transpose().context("PLIMSOLL_CLAMD")?,
        feeds: config.malware_feeds.split(',').map(|feed| feed.trim().to_owned()).collect(),
    };
    let limits = Limits { inspection_threads: processors.min(MOST_AT_A_TIME), ..Limits::default() };
    let rules = tokio::task::spawn_blocking(move || MalwareRules::load(limits, &operator)).await??;
    let outdated = (config.scanner_rescan_after > 0).then(|| {
        let after = TimeDelta::seconds(i64::from(config.scanner_rescan_after));
        OutdatedImages::new(store.clone(), blobs.clone(), rules.clone(), after)
    });
    let scanner = Scanner { store: store.clone(), blobs, rules, parallel, volatile: volatile.clone() };

    let checks = vec![
        Check::new("postgres", store.clone(), async |store: Store| store.ping().await),
        Check::new("rabbitmq", engines.amqp_url, async |url: SecretString| {
            plimsoll_broker::ping(url.expose_secret()).await
        }),
        Check::new("redis", volatile, async |volatile: Volatile| volatile.ping().await),
    ];
    let stop = shutdown.clone();
    let work = async move {
        tokio::join!(work(scanner, amqp_url, config.scanner_images, stop.clone()), async {
            if let Some(outdated) = outdated {
                outdated.run(stop).await;
            }
        });
    };
    worker::run(&engines.listen, Health::new(checks, registry), work, shutdown).await?;
    store.close().await;
    Ok(())
}

async fn work(scanner: Scanner, amqp_url: String, images: u16, shutdown: CancellationToken) {
    let jobs = Consumer::<ScanImageV1>::new(&amqp_url, images);
    let failed = Consumer::<ScanImageV1>::of_failed(&amqp_url);
    let (for_jobs, for_failed) = (scanner.clone(), scanner);
    tokio::join!(jobs.run(shutdown.clone(), move |job, attempt| for_jobs.clone().handle(job, attempt)), async {
        if let Some(failed) = failed {
            failed.run(shutdown, move |job, attempt| for_failed.clone().handle_failed(job, attempt)).await;
        }
    },);
}
