//! A PostgreSQL database of a test's own: a copy of one that the migrations were run on, removed when dropped.

use std::cell::RefCell;
use std::thread::JoinHandle;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

/// A migrated database of a test's own.
#[derive(Debug)]
pub struct Database {
    server: Url,
    name: String,
}

impl Database {
    /// Makes a database with every migration applied.
    ///
    /// # Panics
    /// When the server is not named by the environment or refuses.
    pub async fn create() -> Self {
        let server: Url = crate::server("DATABASE_URL").parse().expect("DATABASE_URL is an address");
        let name = format!("plimsoll_test_{}", uuid::Uuid::now_v7().simple());
        let template = template(&server).await;
        let mut connection = PgConnection::connect(server.as_str()).await.expect("the database server answers");
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}")))
            .await
            .expect("a database");
        let database = Self { server, name };
        // A template's grants on the database itself are not copied.
        plimsoll_store::migrate::migrate(&database.url()).await.expect("roles for the database");
        database
    }

    /// Its address, as the server's superuser.
    pub fn url(&self) -> String {
        in_database(&self.server, &self.name).to_string()
    }

    /// Its address for one of the services' roles (`plimsoll_api`, ...): row-level security holds.
    pub fn url_as(&self, role: &str) -> String {
        let mut url = in_database(&self.server, &self.name);
        url.query_pairs_mut().append_pair("options[role]", role);
        url.to_string()
    }

    /// A store connected as one of the services' roles.
    pub async fn store(&self, role: &str) -> plimsoll_store::Store {
        plimsoll_store::Store::connect(&self.url_as(role), "test", 4).await.expect("a store")
    }

    /// Runs statements as the server's superuser, whom row-level security does not bind: for what no service does.
    ///
    /// # Panics
    /// When the server refuses them.
    pub async fn execute(&self, statements: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.expect("the database server answers");
        connection.execute(AssertSqlSafe(statements.to_owned())).await.expect("the statements run");
        connection.close().await.expect("the connection ends");
    }
}

impl Drop for Database {
    /// Has it removed by the time this thread ends, and does not wait: the test's runtime stands still meanwhile, and a connection that it had just begun to
    /// make would keep the server from removing the database until it gives up on it, a minute later.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect(server.as_str()).await {
                    let _ =
                        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await;
                }
            });
        });
        REMOVALS.with_borrow_mut(|removals| removals.0.push(removal));
    }
}

thread_local! {
    /// Of the databases that this thread dropped. They end with it, after the runtime that ran on it.
    static REMOVALS: RefCell<Removals> = const { RefCell::new(Removals(Vec::new())) };
}

struct Removals(Vec<JoinHandle<()>>);

impl Drop for Removals {
    fn drop(&mut self) {
        for removal in self.0.drain(..) {
            let _ = removal.join();
        }
    }
}

/// The migrated database that others are copied from, made by whichever test comes first.
async fn template(server: &Url) -> String {
    let name = format!("plimsoll_template_{}", plimsoll_store::migrate::fingerprint());
    let mut connection = PgConnection::connect(server.as_str()).await.expect("the database server answers");
    // Tests are processes of their own: they wait for each other in the server. Copying waits too, as a template must be idle.
    connection
        .execute("SELECT pg_advisory_lock(hashtextextended('plimsoll test template', 0))")
        .await
        .expect("the lock");
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .expect("the list of databases");
    if !exists {
        // Under another name until it is whole: a test that was killed half-way leaves no broken template behind.
        let unfinished = format!("{name}_unfinished");
        connection
            .execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")))
            .await
            .expect("no leftover");
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {unfinished}"))).await.expect("a database");
        plimsoll_store::migrate::migrate(in_database(server, &unfinished).as_str()).await.expect("the migrations run");
        connection
            .execute(AssertSqlSafe(format!("ALTER DATABASE {unfinished} RENAME TO {name}")))
            .await
            .expect("a finished template");
    }
    connection.close().await.expect("the lock is given back");
    name
}

fn in_database(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}
