//! `organization` and `api-key`.

use anyhow::Context as _;
use clap::Subcommand;
use plimsoll_identity::{ApiKey, Password, Scope, hash_password, rng};
use plimsoll_model::{AccountId, ApiKeyId, OrgId};
use plimsoll_runtime::clock;
use plimsoll_store::{accounts, api_keys, orgs};

use crate::Server;

/// Organizations.
#[derive(Debug, Subcommand)]
pub enum Organization {
    /// Creates an organization with its first owner.
    Create {
        /// Its name in addresses and image names: lower-case letters, digits and dashes.
        #[arg(long)]
        slug: String,
        /// Its name for people.
        #[arg(long)]
        name: String,
        /// The owner's mail address: the sign-in. An account that is there keeps its organizations.
        #[arg(long)]
        owner_email: String,
        /// The variable that holds the owner's password (12 characters or more). It is set, also for an account that is there.
        #[arg(long, value_name = "VARIABLE")]
        password_env: String,
        /// Go on where the organization is there already.
        #[arg(long)]
        if_absent: bool,
    },
}

impl Organization {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let Self::Create { slug, name, owner_email, password_env, if_absent } = self;
        let password = std::env::var(&password_env).with_context(|| format!("the variable {password_env}"))?;
        let password = Password::accept(password.into()).context("the owner's password")?;
        let password_hash = hash_password(&password, &mut rng()).context("the owner's password")?;
        let email = owner_email.trim().to_lowercase();
        anyhow::ensure!(email.contains('@'), "'{email}' is not a mail address");
        let store = server.store().await?;
        let mut tx = store.catalog_tx().await?;
        let is_there = orgs::by_slug(&mut tx, &slug).await?.is_some();
        anyhow::ensure!(!is_there || if_absent, "the organization {slug} is there already (--if-absent goes on)");
        let org = orgs::Org { id: OrgId(clock::new_id()), slug: slug.clone(), name };
        let org = orgs::create(&mut tx, &org).await.context("the organization")?;
        let account = accounts::Account { id: AccountId(clock::new_id()), email, password_hash };
        let account = accounts::create(&mut tx, &account).await.context("the owner's account")?;
        orgs::set_membership(&mut tx, org, account, "owner").await?;
        tx.commit().await?;
        println!("{slug} {org}");
        Ok(())
    }
}

/// Machines' keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeys {
    /// Creates a key and prints it, once: it is not stored.
    Create {
        /// The organization's slug.
        #[arg(long)]
        organization: String,
        /// The key's name for people.
        #[arg(long)]
        name: String,
        /// What it may do: read, push, advise (write own advisories and VEX documents). The first two where none is named.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
    },
}

impl ApiKeys {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let Self::Create { organization, name, scopes } = self;
        let scopes = if scopes.is_empty() { vec!["read".into(), "push".into()] } else { scopes };
        for scope in &scopes {
            scope.parse::<Scope>().map_err(|error| anyhow::anyhow!("--scope {scope}: {error}"))?;
        }
        let key = ApiKey::generate(&mut rng());
        let store = server.store().await?;
        let mut tx = store.catalog_tx().await?;
        let org = orgs::by_slug(&mut tx, &organization).await?;
        let org = org.with_context(|| format!("there is no organization {organization}"))?;
        tx.commit().await?;
        let mut tx = store.org_tx(org).await?;
        api_keys::create(&mut tx, ApiKeyId(clock::new_id()), &name, &key.hash(), &scopes, None).await?;
        tx.commit().await?;
        println!("{}", key.expose());
        Ok(())
    }
}
