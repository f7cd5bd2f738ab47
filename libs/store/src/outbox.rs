//! Messages that wait to be published: written in the transaction that makes them true.

use serde::Serialize;
use sqlx::types::Json;
use std::collections::BTreeMap;

use plimsoll_model::OrgId;

use crate::{CatalogTx, OrgTx, Result};

/// A message that waits.
#[derive(Debug)]
pub struct Waiting {
    /// Its row.
    pub id: i64,
    /// The organization that it concerns, if one.
    pub org: Option<OrgId>,
    /// Which queue's exchange and routing key it goes to.
    pub topic: String,
    /// The message, JSON.
    pub payload: serde_json::Value,
    /// W3C trace context.
    pub trace_context: BTreeMap<String, String>,
}

/// Writes a message that concerns the transaction's organization.
pub async fn write(
    tx: &mut OrgTx,
    topic: &str,
    payload: &impl Serialize,
    trace_context: &BTreeMap<String, String>,
) -> Result<()> {
    let org = tx.org();
    insert(tx.conn(), Some(org), topic, payload, trace_context).await
}

/// Writes several messages that concern the transaction's organization.
pub async fn write_all(
    tx: &mut OrgTx,
    topic: &str,
    payloads: &[impl Serialize],
    trace_context: &BTreeMap<String, String>,
) -> Result<()> {
    let payloads: Vec<serde_json::Value> =
        payloads.iter().map(serde_json::to_value).collect::<serde_json::Result<_>>()?;
    sqlx::query!(
        "INSERT INTO outbox (org_id, topic, payload, trace_context) SELECT $1, $2, payload, $4 FROM unnest($3::json[]) payload",
        tx.org().0,
        topic,
        &payloads,
        serde_json::to_value(trace_context)?
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a message that concerns the catalogue.
pub async fn write_global(
    tx: &mut CatalogTx,
    topic: &str,
    payload: &impl Serialize,
    trace_context: &BTreeMap<String, String>,
) -> Result<()> {
    insert(tx.conn(), None, topic, payload, trace_context).await
}

async fn insert(
    connection: &mut sqlx::PgConnection,
    org: Option<OrgId>,
    topic: &str,
    payload: &impl Serialize,
    trace_context: &BTreeMap<String, String>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO outbox (org_id, topic, payload, trace_context) VALUES ($1, $2, $3, $4)",
        org.map(|org| org.0),
        topic,
        serde_json::to_value(payload)?,
        serde_json::to_value(trace_context)?
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is taken at once, in bytes as they are stored: compressed, which JSON of hundreds alike is to a fifteenth.
const MOST_TAKEN: i64 = 128 * 1024;

/// Takes up to `limit` waiting messages, oldest first, and less where they are large; others skip them until this transaction ends.
pub async fn take(tx: &mut CatalogTx, limit: i64) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"WITH taken AS (
               SELECT id, org_id, topic, payload, trace_context FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
           ), measured AS (
               SELECT *, sum(pg_column_size(payload)) OVER (ORDER BY id) - pg_column_size(payload) AS before FROM taken
           )
           SELECT id, org_id, topic, payload, trace_context AS "trace_context: Json<BTreeMap<String, String>>"
           FROM measured WHERE before < $2 ORDER BY id"#,
        limit,
        MOST_TAKEN
    )
    .fetch_all(tx.conn())
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        id: row.id,
        org: row.org_id.map(OrgId),
        topic: row.topic,
        payload: row.payload,
        trace_context: row.trace_context.0,
    });
    Ok(waiting.collect())
}

/// Removes messages that the broker has confirmed.
pub async fn remove(tx: &mut CatalogTx, ids: &[i64]) -> Result<()> {
    sqlx::query!("DELETE FROM outbox WHERE id = ANY($1)", ids).execute(tx.conn()).await?;
    Ok(())
}

/// How many messages wait, and how old the oldest is, in seconds.
pub async fn backlog(tx: &mut CatalogTx) -> Result<(i64, f64)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "age!" FROM outbox"#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.count, row.age))
}
