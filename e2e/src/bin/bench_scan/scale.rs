//! A platform of size: 100 organizations, 10,000 images of 400 packages, a million findings; what new knowledge and a new image cost there.
//!
//! Images are made by SQL, as pushing ten thousand takes hours: 50 bases of 300 package versions, and 100 of its own each, of 40,000 in
//! all. Everything after goes through the doors: the feed by the feeds service, the new images by the registry. Times are those of the services' own
//! spans; what they did is counted in the database.

use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_e2e::collector::{Collector, Span};
use plimsoll_e2e::layout::{Compression, Layout, tar_of};
use plimsoll_e2e::mirror::{Mirror, osv, write_osv_archive};
use plimsoll_e2e::platform::{Options, Platform, Tenant};
use plimsoll_e2e::process::output;
use plimsoll_testkit::eventually;
use serde_json::json;

use crate::measure::{mebibytes, peak_kib, seconds, thousands};
use crate::table::Table;

/// Names of packages, each in eight versions.
const NAMES: usize = 5_000;
/// Advisories of the first sync: one for a version of every fourth name, so that a quarter of all packages have a finding.
const FIRST: usize = 10_000;
/// New images of each kind.
const IMAGES: usize = 5;

const WORLD: &str = "
SET session_replication_role = replica;
SET synchronous_commit = off;
INSERT INTO org (id, slug, name) SELECT gen_random_uuid(), 'scale-' || n, 'Scale' FROM generate_series(1, 99) n;
INSERT INTO package_version (key, type, ecosystem, name, version, purl, advisory_name, advisory_version)
SELECT sha256(convert_to(jsonb_build_array('pypi', 'PyPI', name, version, NULL, NULL, NULL, NULL, purl)::text, 'UTF8')),
       'pypi', 'PyPI', name, version, purl, name, version
FROM (SELECT 'scale-' || n AS name, v || '.0' AS version, 'pkg:pypi/scale-' || n || '@' || v || '.0' AS purl
      FROM generate_series(0, 4999) n, generate_series(1, 8) v) p;
INSERT INTO image_content (manifest_digest, config_digest, analysed_at, analysis_version)
SELECT 'sha256:' || encode(sha256(('image' || n)::bytea), 'hex'), 'sha256:' || encode(sha256(('config' || n)::bytea), 'hex'), now(), '0'
FROM generate_series(0, 9999) n;
CREATE TEMP TABLE content AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM image_content WHERE analysis_version = '0';
CREATE TEMP TABLE version AS SELECT id, substr(name, 7)::int AS n, split_part(version, '.', 1)::int AS v FROM package_version;
CREATE INDEX ON version (n, v);
INSERT INTO image (org_id, id, manifest_digest, image_content_id, source, scan_state, layers_analysed, layers_reused, scan_finished_at)
SELECT o.id, gen_random_uuid(), c.manifest_digest, c.id, 'push', 'done', 1, 0, now()
FROM content JOIN image_content c USING (id) JOIN (SELECT id, row_number() OVER (ORDER BY slug) - 1 AS n FROM org) o ON o.n = content.n % 100;
INSERT INTO image_package (image_content_id, package_version_id, path, layer)
SELECT c.id, v.id, 'base/METADATA', 0 FROM content c CROSS JOIN generate_series(0, 299) j
JOIN version v ON v.n = (c.n % 50 * 61 + j * 17) % 5000 AND v.v = 1 + (c.n % 50 + j) % 8;
INSERT INTO image_package (image_content_id, package_version_id, path, layer)
SELECT DISTINCT c.id, v.id, 'own/METADATA', 0 FROM content c CROSS JOIN generate_series(0, 99) j
JOIN version v ON v.n = abs(hashint8(c.n * 100 + j)) % 5000 AND v.v = 1 + abs(hashint8(c.n * 100 + j + 7)) % 8;
SET session_replication_role = origin;";

/// Measures on a platform of its own.
pub async fn measure(table: &mut Table, scratch: &Path) {
    let folder = scratch.join("scale");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mirror = Mirror::serve(folder.clone());
    let collector = Collector::start();
    let options = Options {
        feeds_base: Some(mirror.address().into()),
        otlp: Some(collector.address().into()),
        ..Options::default()
    };
    let mut platform = Platform::start(options).await;
    let tenant = platform.tenant("scale");
    let began = Instant::now();
    platform.sql(WORLD);
    // As the server does by itself in time.
    platform.sql("VACUUM ANALYZE");
    eprintln!("  world: {}", seconds(began.elapsed()));

    let mut known = advisories(0, FIRST, 0);
    let first = learn(&platform, &collector, &folder, &known).await;
    let peak = peak_kib(platform.service("plimsoll-feeds").id()).map_or_else(|| "-".into(), mebibytes);
    table.row(
        &format!("scale: {} advisories, first", thousands(FIRST as u64)),
        seconds(first.taken),
        peak,
        first.told(),
    );
    platform.sql("VACUUM ANALYZE");
    for (more, from) in [(100, 1), (5_000, 2)] {
        known.extend(advisories(known.len(), more, from));
        let learned = learn(&platform, &collector, &folder, &known).await;
        let peak = peak_kib(platform.service("plimsoll-feeds").id()).map_or_else(|| "-".into(), mebibytes);
        table.row(
            &format!("scale: {} new advisories, until every organization sees them", thousands(more as u64)),
            seconds(learned.taken),
            peak,
            learned.told(),
        );
    }
    new_images(table, &platform, &collector, &tenant, scratch).await;
    where_is(table, &platform, &tenant).await;
}

/// `count` advisories from the `start`th on, each on one version of a name that is `from` more than a multiple of four.
fn advisories(start: usize, count: usize, from: usize) -> Vec<serde_json::Value> {
    let one = |n: usize| {
        let (name, version) = ((n * 4 + from) % NAMES, 1 + n * 4 / NAMES % 8);
        let mut document =
            osv(&format!("PYSEC-2026-{}", start + n), &format!("CVE-2026-{}", start + n), &format!("scale-{name}"), "");
        let events = json!([{"introduced": format!("{version}.0")}, {"fixed": format!("{version}.1")}]);
        document["affected"][0]["ranges"][0]["events"] = events;
        document
    };
    (0..count).map(one).collect()
}

/// What new knowledge came to.
struct Learned {
    /// From the end of parsing until the last organization's findings were stored.
    taken: Duration,
    /// Of that, storing advisories.
    applied: Duration,
    /// And matching package versions, all threads together.
    matched: Duration,
    findings: u64,
    organizations: u64,
    open: u64,
}

impl Learned {
    fn told(&self) -> String {
        format!(
            "from the end of parsing to the last commit: {} findings opened in {} organizations, {} open in all; advisories stored in {}, \
             packages matched in {}",
            thousands(self.findings),
            self.organizations,
            thousands(self.open),
            seconds(self.applied),
            seconds(self.matched)
        )
    }
}

/// Serves these advisories, has them synced, and waits until nothing is left to do.
async fn learn(platform: &Platform, collector: &Collector, folder: &Path, known: &[serde_json::Value]) -> Learned {
    // What was learnt before is over.
    platform.settled(Duration::from_secs(300)).await;
    let before = platform.sql("SELECT now()");
    let spans_before = collector.spans().len();
    write_osv_archive(folder, "PyPI", known);
    output(platform.admin().args(["feeds", "sync", "--feed", "osv", "--wait"]));
    // A package that lies twice in an image is one finding.
    let expected = "SELECT count(*) FROM (SELECT DISTINCT i.id, ip.package_version_id, m.vulnerability_id
        FROM \"match\" m JOIN image_package ip USING (package_version_id) JOIN image i USING (image_content_id)) f";
    // Counting a million findings while they are made would take its part of what is measured.
    platform.settled(Duration::from_secs(900)).await;
    assert_eq!(platform.sql("SELECT count(*) FROM outbox"), "0", "all was told");
    let open = platform.sql("SELECT count(*) FROM finding WHERE closed_at IS NULL");
    assert_eq!(open, platform.sql(expected), "the findings are there");
    let ended = eventually("the spans are there", Duration::from_secs(60), async || {
        let spans = collector.spans().split_off(spans_before);
        let last = spans.iter().filter(|span| span.name == "handle").map(|span| span.ended).max();
        let settled = platform.sql("SELECT coalesce(extract(epoch FROM max(opened_at)), 0) * 1e9 FROM finding");
        let settled = settled.parse::<f64>().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a clock's seconds")]
        last.filter(|last| *last as f64 >= settled)
    })
    .await;
    let spans = collector.spans().split_off(spans_before);
    let parsed = spans.iter().filter(|span| span.name == "apply_staged").map(|span| span.began).min();
    let counted = platform
        .sql(&format!("SELECT count(*) || ' ' || count(DISTINCT org_id) FROM finding WHERE opened_at > '{before}'"));
    let (findings, organizations) = counted.split_once(' ').expect("two numbers");
    let of = |name: &str| spans.iter().filter(|span| span.name == name).map(Span::duration).sum();
    Learned {
        applied: of("apply_staged"),
        matched: of("match_package_versions"),
        taken: Duration::from_nanos(ended.saturating_sub(parsed.expect("the run's span"))),
        findings: findings.parse().expect("a number"),
        organizations: organizations.parse().expect("a number"),
        open: platform.sql("SELECT count(*) FROM finding WHERE closed_at IS NULL").parse().expect("a number"),
    }
}

/// Images of 400 packages of which ever more are known, the best of a few of each.
async fn new_images(table: &mut Table, platform: &Platform, collector: &Collector, tenant: &Tenant, scratch: &Path) {
    let mut places = 0..;
    let mut taken = async |known| {
        let place = places.next().unwrap_or_default();
        new_image(platform, collector, tenant, scratch, known, place).await
    };
    // For warmth.
    taken(0).await;
    for known in [0, 200, 360, 400] {
        let mut best = taken(known).await;
        for _ in 1..IMAGES {
            let again = taken(known).await;
            best = if again.matched < best.matched { again } else { best };
        }
        table.row(
            &format!("scale: match a new image of 400 packages, {known} of them known"),
            format!("{:.0} ms", best.matched.as_secs_f64() * 1e3),
            "-".into(),
            format!(
                "the best of {IMAGES}; its findings besides {:.0} ms; the whole scan {}",
                best.refreshed.as_secs_f64() * 1e3,
                seconds(best.scanned)
            ),
        );
    }
}

/// What a new image took.
struct NewImage {
    matched: Duration,
    refreshed: Duration,
    scanned: Duration,
}

/// Pushes an image of 400 packages, of which `known` are, and tells what its scan took.
async fn new_image(
    platform: &Platform,
    collector: &Collector,
    tenant: &Tenant,
    scratch: &Path,
    known: usize,
    place: usize,
) -> NewImage {
    let spans_before = collector.spans().len();
    let folder = scratch.join(format!("image-{place}"));
    let version = |n: usize| if n < known { "1.0".to_owned() } else { format!("{}.{place}", 1 + n % 8) };
    let files: Vec<(String, String)> = (0..400)
        .map(|n| {
            let (name, version) = (format!("scale-{}", n * 11), version(n));
            let path = format!("usr/lib/python3/dist-packages/{name}-{version}.dist-info/METADATA");
            (path, format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nImage {place}\n"))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Layout::create(&folder).layer(&tar_of(&files), Compression::Gzip, "COPY . .").finish("latest");
    platform.skopeo_push(tenant, &format!("oci:{}:latest", folder.display()), &format!("new:{place}"));
    platform.scanned(tenant, &format!("new:{place}")).await;
    let spans = eventually("the scan's spans arrive", Duration::from_secs(30), async || {
        let spans = collector.spans().split_off(spans_before);
        spans.iter().any(|span| span.name == "scan").then_some(spans)
    })
    .await;
    let of_scanner = spans.iter().filter(|span| span.service.contains("plimsoll-scanner"));
    let of = |name: &str| of_scanner.clone().filter(|span| span.name == name).map(Span::duration).sum::<Duration>();
    NewImage { matched: of("match_package_versions"), refreshed: of("refresh"), scanned: of("scan") }
}

/// Where a vulnerability is, and a package, in one organization of the hundred.
async fn where_is(table: &mut Table, platform: &Platform, tenant: &Tenant) {
    let query = "query($slug: String!, $what: WhereIsInput!) { organization(slug: $slug) {
        whereIs(what: $what, first: 100) { totalCount nodes { image { digest } } } } }";
    let most_places = format!(
        "SELECT v.name FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id JOIN org o ON o.id = f.org_id
         WHERE o.slug = '{}' AND f.closed_at IS NULL GROUP BY v.name ORDER BY count(*) DESC, v.name LIMIT 1",
        tenant.slug
    );
    for (name, what) in [
        ("a vulnerability", json!({ "vulnerability": platform.sql(&most_places) })),
        ("a package", json!({ "package": { "name": "scale-17", "versions": ">=1.0" } })),
    ] {
        let mut best = Duration::MAX;
        let mut places = 0;
        for _ in 0..5 {
            let began = Instant::now();
            let data = platform.graphql(tenant, query, json!({ "slug": tenant.slug, "what": what })).await;
            best = best.min(began.elapsed());
            places = data["organization"]["whereIs"]["totalCount"].as_u64().unwrap_or_default();
        }
        table.row(
            &format!("scale: where is {name}"),
            format!("{:.0} ms", best.as_secs_f64() * 1e3),
            "-".into(),
            format!("GraphQL, the best of 5: {places} places, of which 100 are told"),
        );
    }
}
