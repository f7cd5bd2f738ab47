//! How PostgreSQL answers the largest questions: by the organization's own index entries, whatever else is in the tables.

use std::sync::{Arc, Mutex};

use plimsoll_model::OrgId;
use plimsoll_store::Store;
use plimsoll_store::views::findings::{self, FindingFilter, FindingOrder};
use plimsoll_store::views::{places, unjudged};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::seed::World;

/// Keeps the notices that the server sends: the plans, by its module auto_explain.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<String>>);

impl<S: tracing::Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text<'a>(&'a mut String);
        impl Visit for Text<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0.push_str(&format!("{value:?}\n"));
                }
            }
        }
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Text(&mut self.0.lock().unwrap()));
        }
    }
}

/// Twenty organizations whose findings lie in one partition, each with two hundred images and six hundred findings.
async fn crowd(world: &World) -> OrgId {
    world
        .execute(
            "INSERT INTO org (id, slug, name)
             SELECT id, 'crowd-' || row_number() OVER (), 'Crowd' FROM (
                 SELECT gen_random_uuid() AS id FROM generate_series(1, 2000)) candidates
             WHERE satisfies_hash_partition('finding'::regclass, 16, 0, id) LIMIT 20;
             INSERT INTO image_content (manifest_digest, config_digest)
             SELECT 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 'sha256:' || n FROM generate_series(1, 200) n;
             INSERT INTO image (org_id, id, manifest_digest, image_content_id, source)
             SELECT o.id, gen_random_uuid(), c.manifest_digest, c.id, 'push' FROM org o CROSS JOIN image_content c;
             INSERT INTO package_version (key, type, ecosystem, name, version, advisory_name, advisory_version)
             SELECT sha256(n::text::bytea), 'pypi', 'PyPI', 'p' || n, '1', 'p' || n, '1' FROM generate_series(1, 300) n;
             INSERT INTO vulnerability (name, severity) SELECT 'CVE-1-' || n, n % 6 FROM generate_series(1, 300) n;
             INSERT INTO vulnerability_alias (alias, vulnerability_id)
             SELECT name, id FROM vulnerability WHERE name LIKE 'CVE-1-%';
             INSERT INTO finding (org_id, image_id, package_version_id, vulnerability_id)
             SELECT i.org_id, i.id, p.id, v.id FROM image i CROSS JOIN generate_series(0, 2) k
             JOIN package_version p ON p.name = 'p' || ((i.image_content_id + k) % 300 + 1)
             JOIN vulnerability v ON v.name = 'CVE-1-' || ((i.image_content_id + k) % 300 + 1);
             ANALYZE",
        )
        .await;
    let mut tx = world.owner.catalog_tx().await.unwrap();
    plimsoll_store::orgs::by_slug(&mut tx, "crowd-7").await.unwrap().unwrap()
}

#[tokio::test]
async fn findings_are_read_by_the_organizations_own_index_entries() {
    let world = World::create().await;
    let org = crowd(&world).await;
    let mut url: url::Url = world.database.url_as("plimsoll_api").parse().unwrap();
    for (name, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("client_min_messages", "log"),
    ] {
        url.query_pairs_mut().append_pair(&format!("options[{name}]"), value);
    }
    let store = Store::connect(url.as_str(), "plans", 1).await.unwrap();
    let notices = Notices::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(notices.clone()));
    let mut tx = store.org_tx(org).await.unwrap();
    let filter = FindingFilter::default();
    let rows = findings::page(&mut tx, &filter, FindingOrder::Urgency, None, 51).await.unwrap();
    assert_eq!(rows.len(), 51);
    let place = rows[40].place();
    assert_eq!(findings::page(&mut tx, &filter, FindingOrder::Urgency, Some(&place), 51).await.unwrap().len(), 51);
    assert_eq!(findings::count(&mut tx, &filter).await.unwrap(), 600);
    let images: Vec<uuid::Uuid> = rows.iter().take(3).map(|row| row.image.0).collect();
    findings::counts_of_images(&mut tx, &images, &filter).await.unwrap();
    let id = unjudged::named(&mut tx, &["CVE-1-7".to_owned()]).await.unwrap().unwrap();
    assert_eq!(places::of_vulnerability(&mut tx, id, &[1, 2], None, 51).await.unwrap().len(), 3);
    assert_eq!(places::count_of_vulnerability(&mut tx, id, &[1, 2]).await.unwrap(), 3);
    drop(guard);
    let text = notices.0.lock().unwrap().clone();
    let plans: Vec<&str> = text.split("Query Text").filter(|plan| plan.contains("FROM finding")).collect();
    assert_eq!(plans.len(), 6, "{text}");
    for plan in plans {
        assert!(!plan.contains("Seq Scan on finding"), "{plan}");
        assert!(plan.contains("org_id = "), "{plan}");
        assert!(plan.contains("finding_0"), "only the organization's partition is read: {plan}");
        assert!(!plan.contains("finding_1"), "only the organization's partition is read: {plan}");
    }
}
