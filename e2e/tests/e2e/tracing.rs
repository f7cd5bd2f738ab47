//! One trace from the push request through RabbitMQ to the last query of the scan.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use plimsoll_e2e::collector::{Collector, Span};
use plimsoll_testkit::eventually;

use crate::Small;

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_push_through_the_broker_to_the_last_query_of_the_scan() {
    let collector = Collector::start();
    let small = Small::start(Some(collector.address().into())).await;
    small.push("traced:1", &[("demo_package", "1.0")]).await;
    let spans = eventually("the scan's spans arrive", Duration::from_secs(30), async || {
        let spans = collector.spans();
        spans.iter().any(|span| span.name == "refresh").then_some(spans)
    })
    .await;
    let refresh = spans.iter().find(|span| span.name == "refresh").unwrap();
    let trace: Vec<&Span> = spans.iter().filter(|span| span.trace == refresh.trace).collect();
    let names: HashSet<&str> = trace.iter().map(|span| span.name.as_str()).collect();
    for name in ["message", "scan", "analyse_layer", "match_package_versions", "refresh"] {
        assert!(names.contains(name), "{name} is not in the trace: {names:?}");
    }
    // From the last query's span one comes to the push request by parents alone.
    let by_id: HashMap<&str, &Span> = trace.iter().map(|span| (span.id.as_str(), *span)).collect();
    let mut root = refresh;
    while let Some(parent) = by_id.get(root.parent.as_str()) {
        root = parent;
    }
    assert!(root.service.contains("plimsoll-ingest"), "{root:?}");
    assert!(refresh.service.contains("plimsoll-scanner"), "{refresh:?}");
}
