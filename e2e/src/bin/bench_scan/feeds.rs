//! Syncs of the whole mirror over loopback HTTP: the first one, and one with nothing changed; by the platform and by the command line.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll_e2e::mirror::Mirror;
use plimsoll_e2e::platform::{Options, Platform};
use plimsoll_e2e::process::program;

use crate::measure::{Taken, mebibytes, once, peak, seconds, thousands};
use crate::table::Table;

/// How long no transaction is counted until all are: a session tells of its own within ten seconds.
const QUIET: Duration = Duration::from_secs(11);

/// Measures `plimsoll db update`, twice; gives the database.
pub fn update(table: &mut Table, mirror: &Mirror, folder: &Path) -> PathBuf {
    let db = folder.join("advisories.db");
    let update = || {
        let before = mirror.requests();
        let mut command = program("plimsoll");
        command.args(["db", "update", "--base", mirror.address(), "--db"]).arg(&db);
        (once(command), mirror.requests() - before)
    };
    let mut told = |what: &str, (taken, requests): (Taken, u64), of: String| {
        let of = format!("{of}, {} requests", thousands(requests));
        table.row(what, seconds(taken.wall), mebibytes(taken.peak_kib), of);
    };
    let built = update();
    let size = std::fs::metadata(&db).expect("the database").len();
    let of = format!("`plimsoll db update --base MIRROR`, {:.0} MiB on disk", size as f64 / f64::from(1 << 20));
    told("offline: build the database (once)", built, of);
    // What a list of changes says is looked at once more before it is believed: the third sync is as all that follow.
    update();
    told("offline: update with nothing changed (once)", update(), "the same command".into());
    db
}

/// Measures the syncs of a platform of its own, whose feeds are the mirror's; gives the platform.
pub async fn sync(table: &mut Table, mirror: &Mirror) -> Platform {
    let options = Options { feeds_base: Some(mirror.address().into()), ..Options::default() };
    let mut platform = Platform::start(options).await;
    let before = mirror.requests();
    let started = Instant::now();
    platform.sync_feeds();
    let synced = started.elapsed();
    let requests = thousands(mirror.requests() - before);
    let memory = peak(&mut platform, "plimsoll-feeds");
    let of = format!("`plimsoll-admin feeds sync --wait`; the feeds service, {requests} requests");
    table.row("platform: sync the feeds (once)", seconds(synced), memory, of);

    // As above: what is told of changes is looked at once more.
    platform.sync_feeds();
    platform.settled(Duration::from_secs(300)).await;
    let (idle_from, idle_until) = (transactions(&platform), transactions(&platform));
    let asked_before = mirror.requests();
    let started = Instant::now();
    platform.sync_feeds();
    let synced = started.elapsed();
    let requests = thousands(mirror.requests() - asked_before);
    let idle = idle_until.saturating_sub(idle_from);
    let done = thousands(transactions(&platform).saturating_sub(idle_until + idle));
    let memory = peak(&mut platform, "plimsoll-feeds");
    let own = platform.sql(
        "SELECT round(extract(epoch FROM finished_at - started_at)::numeric, 2) FROM feed_request ORDER BY started_at DESC LIMIT 1",
    );
    let of = format!(
        "the same command, of which {own} s are the service's; {requests} requests, {done} transactions more than an idle platform's"
    );
    table.row("platform: sync with nothing changed (once)", seconds(synced), memory, of);
    platform
}

/// The transactions of the platform's database so far, once all sessions have told of theirs.
fn transactions(platform: &Platform) -> u64 {
    let count = || {
        let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
        platform.sql(sql).parse::<u64>().unwrap_or_default()
    };
    std::thread::sleep(QUIET);
    count()
}
