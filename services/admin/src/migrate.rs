//! `migrate`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use plimsoll_store::migrate::{SERVICE_ROLES, migrate, set_passwords};

use crate::Server;

/// Makes the database's roles and brings its schema up to date. Can be run at any time, also while services run.
#[derive(Debug, Args)]
pub struct Migrate {
    /// A file whose one line is the password with which the services' roles may log in. Without it their logins stay as they are.
    #[arg(long, value_name = "FILE")]
    roles_password_file: Option<PathBuf>,
}

impl Migrate {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let url = server.database_url()?;
        migrate(url).await.context("the schema could not be brought up to date")?;
        if let Some(file) = self.roles_password_file {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let password = text.trim();
            anyhow::ensure!(password.len() >= 16, "{}: a password of at least 16 characters is needed", file.display());
            let passwords: Vec<_> =
                SERVICE_ROLES.iter().map(|role| ((*role).to_owned(), password.to_owned())).collect();
            set_passwords(url, &passwords).await.context("the roles' passwords could not be set")?;
        }
        println!("schema {}", plimsoll_store::migrate::fingerprint());
        Ok(())
    }
}
