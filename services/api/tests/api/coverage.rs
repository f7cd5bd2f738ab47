//! What of an image was judged, as the API tells it.

use plimsoll_model::{AffectedState, Range};
use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;
use crate::vulnerability_statements::{advisory, of, put as say};
use crate::where_is::{Held, put};

async fn image(served: &Served, org: &Org) -> Value {
    let query = "{ organization(slug: \"ours\") { images { nodes { knownAsOf coverage { isComplete gaps { reason count statement examples }
        limits { reason count statement ecosystem } knowledge { feed checkedAt } } } } } }";
    served.data(&org.key, query, json!({})).await["organization"]["images"]["nodes"][0].clone()
}

fn reasons(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_the_sources_of_a_distribution_do_not_tell_is_said_and_is_no_gap() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let id = world.image(&mut ours).await;
    let rpm = |ecosystem, name| Held { kind: "rpm", ecosystem: Some(ecosystem), name, version: "1-1", source: None };
    let (rocky, two, latest) = ("Rocky Linux:9", "Amazon Linux:2", "Amazon Linux:2023");
    let live = rpm(latest, "kernel-livepatch-6.1.10-15.42");
    put(&world, id, &[rpm(rocky, "bash"), rpm(two, "golang"), rpm(latest, "bash"), live]).await;
    let said =
        [rocky, two, latest].map(|ecosystem| of(ecosystem, "bash", AffectedState::Affected, vec![Range::until("1-1")]));
    say(&world, "CVE-2024-0001", advisory("osv", "NOTICE-1", said.into())).await;
    let served = Served::start(&world).await;
    let told = image(&served, &ours).await;
    let limits: Vec<String> = told["coverage"]["limits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| {
            format!("{} {} {}", limit["reason"].as_str().unwrap(), limit["ecosystem"].as_str().unwrap(), limit["count"])
        })
        .collect();
    // Each package lies in two places.
    let expected = [
        "ONLY_FIXES_PUBLISHED Amazon Linux:2 2",
        "ONLY_FIXES_PUBLISHED Amazon Linux:2023 4",
        "ONLY_FIXES_PUBLISHED Rocky Linux:9 2",
        "REPOSITORY_LEFT_ASIDE Amazon Linux:2 2",
        "REPOSITORY_LEFT_ASIDE Amazon Linux:2023 2",
    ];
    assert_eq!(limits, expected);
    let first = told["coverage"]["limits"][0]["statement"].as_str().unwrap();
    assert!(
        first
            .starts_with("judged by fixes alone, because only vulnerabilities that are fixed are published for Amazon"),
        "{first}"
    );
}
