//! The pool and its two kinds of transaction.

use std::time::Duration;

use plimsoll_model::OrgId;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection, Postgres, Transaction};

use crate::{Result, StoreError};

/// What the planner is told. Tables lie on what seeks fast, or in memory: an image's packages are then read by its index, not with those of every
/// image. Statements run for milliseconds: to compile one takes longer.
const PLANNER: [(&str, &str); 2] = [("random_page_cost", "1.1"), ("jit", "off")];

/// A service's connections, all under its own database role.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects to `url`, holding at most `connections`, named `application` in `pg_stat_activity`.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the role within ten seconds.
    pub async fn connect(url: &str, application: &str, connections: u32) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options
            .application_name(application)
            .options(PLANNER)
            .log_statements(tracing::log::LevelFilter::Trace)
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(2));
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// Begins a transaction for one organization: row-level security shows it that organization's rows and no others.
    pub async fn org_tx(&self, org: OrgId) -> Result<OrgTx> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("SELECT set_config('plimsoll.org_id', $1, true) AS org", org.to_string())
            .fetch_one(&mut *tx)
            .await?;
        Ok(OrgTx { tx, org })
    }

    /// Begins a transaction for no organization: the shared catalogue, and what is asked before one is known.
    pub async fn catalog_tx(&self) -> Result<CatalogTx> {
        Ok(CatalogTx { tx: self.pool.begin().await? })
    }

    /// Asks the server to answer at all.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("SELECT 1 AS one").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// A connection that hears when a row enters the outbox. It reconnects by itself.
    pub async fn outbox_listener(&self) -> Result<PgListener> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("plimsoll_outbox").await?;
        Ok(listener)
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction of one organization.
#[derive(Debug)]
pub struct OrgTx {
    tx: Transaction<'static, Postgres>,
    org: OrgId,
}

impl OrgTx {
    /// Whose transaction it is.
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The connection, for this crate's statements.
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Makes all of it true at once.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(StoreError::from)
    }

    /// Waits until no other transaction changes this organization's findings, and keeps others waiting until the end of
    /// this one. Opening for an image and re-matching after a feed would else miss each other's rows.
    pub async fn lock_findings(&mut self) -> Result<()> {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('findings of ' || $1, 0)) AS done",
            self.org.to_string()
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// A transaction of no organization.
#[derive(Debug)]
pub struct CatalogTx {
    tx: Transaction<'static, Postgres>,
}

impl CatalogTx {
    /// The connection, for this crate's statements.
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Makes all of it true at once.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(StoreError::from)
    }
}
