//! What the user may say of the advisory database and of bundles.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DatabaseArguments, Format};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Fetch what changed in the feeds.
    Update(UpdateArguments),
    /// Tell what is in it, and how old that is.
    Status(StatusArguments),
}

/// How what is in the database is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  plimsoll db status\n  plimsoll db status --format json | jq -r '.knowledge[]' | sort | head -1"
)]
pub struct StatusArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// How it is written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What is fetched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll db update
  plimsoll db update --feeds osv,debian
  plimsoll db update --feeds osv --ecosystems PyPI,npm
  plimsoll db update --base https://mirror.example.org/feeds
  plimsoll db update --base file:///srv/feeds --db advisories.db
  plimsoll db update --feeds osv --accept-withdrawals
  plimsoll db update --bundle https://mirror.example.org/feeds.bundle --key RWQ...

With --bundle one file is fetched instead of every feed, if it has changed, and nothing is asked of an upstream: for pipelines. \
--base, --with-malware and --accept-withdrawals then say nothing.")]
pub struct UpdateArguments {
    /// A mirror: each feed lies in a folder of its name below this address (https, http or file), Debian's advisories in debian/security-tracker.
    /// Upstream where absent.
    #[arg(long, value_name = "URL", env = "PLIMSOLL_FEEDS_BASE")]
    pub base: Option<url::Url>,
    /// Only these feeds, separated by commas. All where absent.
    #[arg(long, value_name = "FEEDS", value_delimiter = ',', value_parser = feeds())]
    pub feeds: Vec<String>,
    /// Only these ecosystems of OSV's, by its names (`PyPI,Rocky Linux`), separated by commas; those that plimsoll lists packages of where absent. What the
    /// database has of others stays as it is.
    #[arg(long, value_name = "ECOSYSTEMS", env = "PLIMSOLL_FEEDS_ECOSYSTEMS", value_delimiter = ',', value_parser = super::values::ecosystem)]
    pub ecosystems: Vec<String>,
    /// Also keep the feeds of malware rules and hashes. Offline scans use those that --malware-feeds chooses; a bundle of this brings them to a platform too.
    #[arg(long, conflicts_with = "feeds")]
    pub with_malware: bool,
    /// Accept documents that lack much of what the database holds of them: more than twenty records, and more than a fifth of all. Such a document is
    /// rather broken than right: without this the earlier one is kept.
    #[arg(long)]
    pub accept_withdrawals: bool,
    /// Take the database of this bundle (a file, or an https, http or file address) instead of the feeds.
    #[arg(long, value_name = "FILE|URL", env = "PLIMSOLL_BUNDLE", conflicts_with = "feeds")]
    pub bundle: Option<String>,
    #[command(flatten)]
    pub trust: TrustArguments,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// Which bundles are believed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bundle")]
pub struct TrustArguments {
    /// A public key that bundles may be signed with: its text (`RW...`) or file, as of plimsoll feeds keygen or of minisign. Repeatable, or
    /// separated by commas: any of them will do, so that keys can be changed.
    #[arg(long = "key", value_name = "KEY|FILE", env = "PLIMSOLL_BUNDLE_KEYS", value_delimiter = ',')]
    pub keys: Vec<String>,
    /// Take a bundle that is older than the database that is there.
    #[arg(long)]
    pub allow_older: bool,
}

/// What to do with bundles.
#[derive(Debug, Subcommand)]
pub enum FeedsCommand {
    /// Make a key to sign bundles with.
    Keygen(KeygenArguments),
    /// Write the advisory database to a signed bundle.
    Export(ExportArguments),
    /// Take the advisory database of a bundle, once a trusted key is known to have signed it.
    Import(ImportArguments),
}

/// Where a new key goes.
#[derive(Debug, Args)]
#[command(after_help = "\
The public key is printed: whoever imports names it by --key or PLIMSOLL_BUNDLE_KEYS. To change keys, have both trusted for a while.

Examples:
  plimsoll feeds keygen --secret-key bundle.key
  plimsoll feeds keygen --secret-key bundle.key > bundle.pub")]
pub struct KeygenArguments {
    /// The file for the secret key. It has no password and is for its owner only (mode 0600); a file that is there is left alone.
    #[arg(long, value_name = "FILE")]
    pub secret_key: PathBuf,
}

/// What is exported.
#[derive(Debug, Args)]
#[command(after_help = "\
The bundle is one file; any file server, object store or memory stick brings it to plimsoll feeds import and plimsoll db update --bundle. \
It can be looked into without plimsoll: tar xf FILE, minisign -Vm plimsoll-bundle.json -p bundle.pub, zstd -d.

Examples:
  plimsoll db update --with-malware && plimsoll feeds export --to feeds.bundle --secret-key bundle.key
  plimsoll feeds export --to /srv/www/feeds.bundle --secret-key bundle.key --format json | jq .size")]
pub struct ExportArguments {
    /// The bundle. One that is there is replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// The secret key's file.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_BUNDLE_SECRET_KEY_FILE")]
    pub secret_key: PathBuf,
    /// How what was written is told.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// What is imported.
#[derive(Debug, Args)]
#[command(after_help = "\
A bundle that is cut short, changed, too large, not signed by a trusted key, of a newer format or older than the database that is there is \
refused, and the database stays as it was. From an address it is fetched only if it has changed.

Examples:
  plimsoll feeds import --key RWQ... feeds.bundle
  plimsoll feeds import --key bundle.pub --key bundle-2027.pub https://mirror.example.org/feeds.bundle
  PLIMSOLL_BUNDLE_KEYS=bundle.pub plimsoll feeds import --format json feeds.bundle | jq -r .outcome")]
pub struct ImportArguments {
    /// The bundle: a file, or an https, http or file address.
    #[arg(value_name = "FILE|URL")]
    pub bundle: String,
    #[command(flatten)]
    pub trust: TrustArguments,
    /// How what was taken is told.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// A feed that is read into the database, by its name.
fn feeds() -> clap::builder::PossibleValuesParser {
    plimsoll_advisories::feeds::of_records().map(|feed| feed.name).into()
}
