//! Row-level security: what holds for every tenant table, and that it does hold.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test's own helpers fail the test")]

use std::time::Duration;

use plimsoll_model::OrgId;
use plimsoll_store::{CatalogTx, Store, orgs, outbox, repositories};
use plimsoll_testkit::{Database, eventually};

use sqlx::{Connection as _, PgConnection, Row as _};
use uuid::Uuid;

async fn org(owner: &Store, slug: &str) -> OrgId {
    let mut tx: CatalogTx = owner.catalog_tx().await.unwrap();
    let org = orgs::Org { id: OrgId(Uuid::now_v7()), slug: slug.into(), name: slug.into() };
    let id = orgs::create(&mut tx, &org).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn every_table_with_an_organization_forces_row_level_security_and_leads_an_index_with_it() {
    let database = Database::create().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let tables = sqlx::query(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
                EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy,
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum) AS leads_index,
                pg_get_userbyid(c.relowner) AS owner
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 10, "the walk finds the tenant tables");
    for table in tables {
        let name: String = table.get("relname");
        assert!(table.get::<bool, _>("forced"), "{name} does not force row-level security");
        assert!(table.get::<bool, _>("has_policy"), "{name} has no policy");
        assert!(table.get::<bool, _>("leads_index"), "{name} has no index that begins with org_id");
        assert_eq!(table.get::<String, _>("owner"), "plimsoll_owner", "{name}");
    }
}

#[tokio::test]
async fn no_service_role_bypasses_row_level_security_or_owns_a_table() {
    let database = Database::create().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let roles = sqlx::query(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole AS mighty,
                (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned
         FROM pg_roles r WHERE rolname LIKE 'plimsoll%' AND rolname <> 'plimsoll_owner'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(roles.len(), plimsoll_store::migrate::SERVICE_ROLES.len());
    for role in roles {
        let name: String = role.get("rolname");
        assert!(!role.get::<bool, _>("mighty"), "{name}");
        assert_eq!(role.get::<i64, _>("owned"), 0, "{name}");
    }
}

#[tokio::test]
async fn no_service_may_delete_what_findings_lead_to() {
    let database = Database::create().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let may = "SELECT count(*) FILTER (WHERE has_table_privilege(rolname, relname, 'DELETE')) AS deletes,
                      count(*) FILTER (WHERE has_table_privilege(rolname, relname, 'SELECT')) AS reads
               FROM pg_roles CROSS JOIN unnest(ARRAY['image', 'package_version', 'vulnerability']) AS relname
               WHERE rolname LIKE 'plimsoll%' AND rolname <> 'plimsoll_owner'";
    let row = sqlx::query(may).fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<i64, _>("deletes"), 0, "a finding has no reference to them");
    assert!(row.get::<i64, _>("reads") >= 9, "the roles are asked about");
}

#[tokio::test]
async fn an_organization_sees_its_own_rows_and_no_others() {
    let database = Database::create().await;
    let owner = database.store("plimsoll_owner").await;
    let (ours, theirs) = (org(&owner, "ours").await, org(&owner, "theirs").await);
    let ingest = database.store("plimsoll_ingest").await;
    let mut tx = ingest.org_tx(theirs).await.unwrap();
    repositories::ensure(&mut tx, "secret", Uuid::now_v7()).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = ingest.org_tx(ours).await.unwrap();
    assert_eq!(repositories::find(&mut tx, "secret").await.unwrap(), None);
    assert_eq!(repositories::names(&mut tx, "", 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(orgs::current(&mut tx).await.unwrap().map(|org| org.slug).as_deref(), Some("ours"));
    tx.commit().await.unwrap();

    let mut tx = ingest.org_tx(theirs).await.unwrap();
    assert_eq!(repositories::names(&mut tx, "", 10).await.unwrap(), ["secret"]);
}

#[tokio::test]
async fn the_organization_of_a_transaction_is_forgotten_when_it_ends() {
    let database = Database::create().await;
    let owner = database.store("plimsoll_owner").await;
    let ours = org(&owner, "ours").await;
    let store = Store::connect(&database.url_as("plimsoll_api"), "test", 1).await.unwrap();
    let mut tx = store.org_tx(ours).await.unwrap();
    assert!(orgs::current(&mut tx).await.unwrap().is_some());
    tx.commit().await.unwrap();
    // The pool has one connection: it is the same one.
    let mut tx = store.catalog_tx().await.unwrap();
    assert_eq!(orgs::all(&mut tx).await.unwrap(), []);
}

#[tokio::test]
async fn a_row_for_another_organization_cannot_be_written() {
    let database = Database::create().await;
    let owner = database.store("plimsoll_owner").await;
    let (ours, theirs) = (org(&owner, "ours").await, org(&owner, "theirs").await);
    let mut connection = PgConnection::connect(&database.url_as("plimsoll_ingest")).await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    sqlx::query("SELECT set_config('plimsoll.org_id', $1, true)")
        .bind(ours.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    let refused = sqlx::query("INSERT INTO repository (org_id, id, name) VALUES ($1, $2, 'x')")
        .bind(theirs.0)
        .bind(Uuid::now_v7())
        .execute(&mut *tx)
        .await;
    assert!(refused.unwrap_err().to_string().contains("row-level security"));
}

#[tokio::test]
async fn a_message_waits_in_the_outbox_until_it_is_removed_and_is_taken_by_one_relay_only() {
    let database = Database::create().await;
    let owner = database.store("plimsoll_owner").await;
    let ours = org(&owner, "ours").await;
    let ingest = database.store("plimsoll_ingest").await;
    let mut tx = ingest.org_tx(ours).await.unwrap();
    outbox::write(&mut tx, "scan.image", &serde_json::json!({"n": 1}), &Default::default()).await.unwrap();
    tx.commit().await.unwrap();

    let mut first = ingest.catalog_tx().await.unwrap();
    let taken = outbox::take(&mut first, 10).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].org, Some(ours));
    let mut second = ingest.catalog_tx().await.unwrap();
    assert!(outbox::take(&mut second, 10).await.unwrap().is_empty(), "the other relay skips it");
    drop((first, second));
    let id = eventually("a relay that died gives it back", Duration::from_secs(10), async || {
        let mut tx = ingest.catalog_tx().await.unwrap();
        outbox::take(&mut tx, 10).await.unwrap().first().map(|waiting| waiting.id)
    })
    .await;
    let mut tx = ingest.catalog_tx().await.unwrap();
    outbox::remove(&mut tx, &[id]).await.unwrap();
    tx.commit().await.unwrap();
    let mut third = ingest.catalog_tx().await.unwrap();
    assert!(outbox::take(&mut third, 10).await.unwrap().is_empty());
}
