//! The running platform: from the push to the findings, by the clients that users have.

use std::time::{Duration, Instant};

use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::mirror::Mirror;
use plimsoll_e2e::platform::{Platform, Tenant};
use plimsoll_testkit::eventually;
use serde_json::{Value, json};

use crate::feeds;
use crate::measure::{peak, seconds};
use crate::table::Table;

/// From one push to its findings.
struct Visible {
    from_start: Duration,
    from_end: Duration,
    image: Value,
}

/// Measures on a platform of its own, whose feeds are the mirror's.
pub async fn measure(table: &mut Table, image: &DebianImage, mirror: &Mirror, runs: u8) {
    let mut platform = feeds::sync(table, mirror).await;

    let idle = peak(&mut platform, "plimsoll-scanner");
    let first = platform.tenant("first");
    let visible = push(&platform, &first, image).await;
    let of = format!("`skopeo copy oci:LAYOUT docker://PLATFORM`, {}", layers(&visible.image));
    table.row(
        "platform: first push, from its start to the findings (once)",
        seconds(visible.from_start),
        "-".into(),
        of,
    );
    let of = "from the end of skopeo until GraphQL gives the first finding of a scan that is done, asked every 20 ms";
    table.row("platform: first push, from its end to the findings (once)", seconds(visible.from_end), "-".into(), of);
    let scanner = peak(&mut platform, "plimsoll-scanner");
    table.row("platform: scanner after it", "-".into(), scanner, format!("{idle} before it"));
    let ingest = peak(&mut platform, "plimsoll-ingest");
    table.row("platform: ingest after it", "-".into(), ingest, "the registry");

    let mut again = Vec::new();
    for run in 0..runs {
        let other = platform.tenant(&format!("other-{run}"));
        again.push(push(&platform, &other, image).await);
    }
    let fastest = |time: fn(&Visible) -> Duration| seconds(again.iter().map(time).min().unwrap_or_default());
    let of =
        format!("another organization each run, {}", again.first().map(|run| layers(&run.image)).unwrap_or_default());
    table.row("platform: push of a known image, from its start", fastest(|run| run.from_start), "-".into(), of);
    table.row(
        "platform: push of a known image, from its end",
        fastest(|run| run.from_end),
        "-".into(),
        "the same pushes",
    );
    let scanner = peak(&mut platform, "plimsoll-scanner");
    table.row("platform: scanner at the end", "-".into(), scanner, format!("{} images", again.len() + 1));
}

async fn push(platform: &Platform, tenant: &Tenant, image: &DebianImage) -> Visible {
    let started = Instant::now();
    platform.skopeo_push(tenant, &image.skopeo(), "debian:1");
    let pushed = Instant::now();
    let variables = json!({ "slug": tenant.slug });
    let image = eventually("the findings are there", Duration::from_secs(300), async || {
        let data = platform.graphql(tenant, VISIBLE, variables.clone()).await;
        let image = &data["organization"]["image"];
        assert_ne!(image["scan"]["state"], "FAILED", "{image:#}");
        let has_findings = image["findings"]["edges"].as_array().is_some_and(|edges| !edges.is_empty());
        (image["scan"]["state"] == "DONE" && has_findings).then(|| image.clone())
    })
    .await;
    Visible { from_start: started.elapsed(), from_end: pushed.elapsed(), image }
}

const VISIBLE: &str = "query($slug: String!) { organization(slug: $slug) { image(reference: \"debian:1\") {
  scan { state layersAnalysed layersReused } findings(first: 1) { edges { node { severity } } } } } }";

fn layers(image: &Value) -> String {
    format!("{} layers read, {} known already", image["scan"]["layersAnalysed"], image["scan"]["layersReused"])
}
