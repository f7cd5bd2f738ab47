//! How many statements a query costs: no more for fifty objects than for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Request, Variables};
use plimsoll_api::graphql::finding_changes::FindingChanges;
use plimsoll_api::viewer::{Access, Identity, Standing, Viewer};
use plimsoll_api::{Limits, State, graphql};
use plimsoll_broker::Listeners;
use plimsoll_identity::Role;
use plimsoll_volatile::Volatile;
use serde_json::json;
use tokio::sync::Semaphore;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::seed::{Org, World};

/// Counts the statements that this thread sends, other than those that set a transaction's organization.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Statement(bool);
        impl Visit for Statement {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "summary" {
                    self.0 = !format!("{value:?}").contains("set_config");
                }
            }
        }
        if event.metadata().target() == "sqlx::query" {
            let mut statement = Statement(false);
            event.record(&mut statement);
            self.0.fetch_add(usize::from(statement.0), Ordering::SeqCst);
        }
    }
}

/// Executes a query on this thread; gives how many statements it took.
async fn statements(world: &World, org: &Org, query: &str) -> usize {
    let volatile = Volatile::connect(&plimsoll_testkit::redis_url(), &plimsoll_testkit::key_prefix()).await.unwrap();
    let state = State {
        store: world.api.clone(),
        volatile,
        ingest_url: "https://registry.example.org".parse().unwrap(),
        public_url: "https://example.org".parse().unwrap(),
        limits: Arc::new(Limits::default()),
        hashing: Arc::new(Semaphore::new(1)),
        documents: Arc::new(Semaphore::new(1)),
        // Nobody watches: it connects to nothing that is asked for.
        finding_changes: Listeners::start("amqp://127.0.0.1:1".into(), FindingChanges::of),
    };
    let schema = graphql::schema(state, &Limits::default());
    let access = Access { org: org.id, slug: org.slug.clone(), standing: Standing::Member(Role::Owner) };
    let viewer = Viewer { identity: Identity::Account(org.account), accesses: vec![access] };
    let counter = Counter::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(counter.clone()));
    let request = Request::new(query).variables(Variables::from_json(json!({}))).data(viewer);
    let answer = schema.execute(request).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    counter.0.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_query_over_many_objects_takes_no_more_statements_than_over_one() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let images = "{ organization(slug: \"ours\") { images { totalCount nodes { digest repositories { name } tags { name image { id } repository { id } }
        layers { index } knownAsOf findingCounts { count } packages { totalCount nodes { path introducedBy { layer { index } } package { name } } }
        findings { totalCount nodes { path introducedBy { layer { index } } locations { path } vulnerability { name } package { name } image { digest } } } } } } }";
    let findings =
        "{ organization(slug: \"ours\") { findings { nodes { severity path vulnerability { name } package { name }
        image { digest tags { name } } introducedBy { buildStep { command } } } } } }";
    let repositories = "{ organization(slug: \"ours\") { repositories { nodes { tags { totalCount nodes { name image { digest } } } } } } }";
    let places =
        "{ organization(slug: \"ours\") { whereIs(what: { vulnerability: \"CVE-2024-0001\" }) { totalCount nodes { package { name }
        image { digest tags { name } } locations { path } finding { state fixedIn } } } } }";
    let coverage = "{ organization(slug: \"ours\") { images { nodes { coverage { gaps { reason } knowledge { feed checkedAt } } } } } }";
    let bases = "{ organization(slug: \"ours\") { images { nodes { baseImage { layerCount } licenses { packages }
        own: findingCounts(fromBaseImage: false) { count } findings(filter: { fromBaseImage: false }) { totalCount nodes { isFromBaseImage } }
        observations(filter: { fromBaseImage: false }) { totalCount nodes { isFromBaseImage } } } } } }";
    let said = "{ organization(slug: \"ours\") { findings { nodes { vulnerability { statements { totalCount nodes { source state } } } } } } }";
    let queries = [images, findings, repositories, places, coverage, bases, said];
    let mut of_one = Vec::new();
    for query in queries {
        of_one.push(statements(&world, &ours, query).await);
    }
    for _ in 0..6 {
        world.image(&mut ours).await;
    }
    ours.repository = "another".into();
    world.image(&mut ours).await;
    let mut of_many = Vec::new();
    for query in queries {
        of_many.push(statements(&world, &ours, query).await);
    }
    assert!(of_one.iter().all(|count| *count > 1), "the statements are counted: {of_one:?}");
    // A kind that is asked for at two places of a query may take two statements, and does so when an answer comes between.
    assert!(of_many[0] <= of_one[0] + 2, "{of_many:?} of many, {of_one:?} of one");
    assert!(of_many[5] <= of_one[5] + 2, "{of_many:?} of many, {of_one:?} of one");
    assert_eq!(of_many[1..5], of_one[1..5]);
    assert!(of_many[6] == of_one[6] && of_many[6] <= 4, "{of_many:?} of many, {of_one:?} of one");
    assert!(
        of_many[0] <= 20 && of_many[1] <= 8 && of_many[2] <= 5 && of_many[3] <= 10 && of_many[4] <= 10,
        "{of_many:?}"
    );
}
