//! Makes the roles and brings the schema up to date.

use std::hash::{Hash as _, Hasher as _};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::Result;

/// The roles that services connect as. `plimsoll_owner` owns the schema and is nobody's login.
pub const SERVICE_ROLES: [&str; 4] = ["plimsoll_api", "plimsoll_ingest", "plimsoll_worker", "plimsoll_feeds"];

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Makes the roles where they are missing and runs the migrations that have not run, as `plimsoll_owner`.
///
/// `url` must be of a user that may create roles. Two of these at once wait for each other.
///
/// # Errors
/// When the user may not create roles, or a migration fails (nothing of that migration is then kept).
pub async fn migrate(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(include_str!("roles.sql")).await?;
    connection.execute("SET ROLE plimsoll_owner").await?;
    MIGRATIONS.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// A text that changes whenever a migration or the roles do: which schema this program knows.
pub fn fingerprint() -> String {
    let mut hash = std::hash::DefaultHasher::new();
    include_str!("roles.sql").hash(&mut hash);
    for migration in MIGRATIONS.iter() {
        migration.checksum.hash(&mut hash);
    }
    format!("{:016x}", hash.finish())
}

/// Lets each role of `passwords` (role, password) log in with its password.
///
/// # Errors
/// When the user of `url` may not change the role.
pub async fn set_passwords(url: &str, passwords: &[(String, String)]) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for (role, password) in passwords {
        // Role statements take no parameters: the server itself quotes the two texts.
        let statement: String =
            sqlx::query_scalar("SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)")
                .bind(role)
                .bind(password)
                .fetch_one(&mut connection)
                .await?;
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    connection.close().await?;
    Ok(())
}
