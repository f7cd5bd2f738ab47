//! What the user may say: here of images and in general, in `knowledge` of the advisory database and its bundles, in `documents` of what an
//! organization keeps at a server.

mod documents;
mod knowledge;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_malware::ClamdAddress;
use plimsoll_model::Severity;
use plimsoll_oci::Platform;

pub use documents::{AdvisoryCommand, DeleteArguments, ListArguments, PushArguments, VexCommand, VexPushArguments};
pub use knowledge::{
    DbCommand, ExportArguments, FeedsCommand, ImportArguments, KeygenArguments, StatusArguments, TrustArguments,
    UpdateArguments,
};
use values::{duration, malware_feed, severity};

/// Scans container images: which vulnerabilities they have, in which layer, and what fixes them.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    after_help = "\
Exit codes:
  0  done
  1  a gate is shut (--fail-on), versions could not be compared, an advisory or VEX document was refused, or not all that was asked could be judged
  2  usage error
  3  it could not be done: a service, registry or file is unreachable, an image is broken
  4  timed out"
)]
pub struct Arguments {
    /// Tell more on standard error.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan an image: by a Plimsoll server, or offline.
    Scan(Box<ScanArguments>),
    /// Tell what an image or folder holds, without judging it: every package, and what could not be read.
    Inventory(Box<InventoryArguments>),
    /// Tell which advisories affect a package version, by the advisory database: no image, no server.
    Query(QueryArguments),
    /// An organization's own advisories at a Plimsoll server: matched like a feed's, and seen by it alone.
    Advisory {
        /// What to do with them.
        #[command(subcommand)]
        command: AdvisoryCommand,
    },
    /// An organization's VEX documents at a Plimsoll server: findings that they say need nothing done are hidden.
    Vex {
        /// What to do with them.
        #[command(subcommand)]
        command: VexCommand,
    },
    /// The advisory database of offline scans.
    Db {
        /// What to do with it.
        #[command(subcommand)]
        command: DbCommand,
    },
    /// One signed file with all that offline scans know: for machines without a network, and for many pipelines.
    Feeds {
        /// What to do with it.
        #[command(subcommand)]
        command: FeedsCommand,
    },
    /// Versions of packages.
    Version {
        /// What to do with them.
        #[command(subcommand)]
        command: VersionCommand,
    },
}

/// How an image is scanned.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scan --server https://plimsoll.example.org registry.example.org/shop/cart:1.4
  docker save shop/cart:1.4 -o cart.tar && plimsoll scan --offline cart.tar
  plimsoll scan --offline --fail-on high oci:build/layout
  plimsoll scan --offline dir:/srv/www
  plimsoll scan --offline --advisories ours/ --advisories ACME-2026-1.json cart.tar
  plimsoll scan --offline --yara-rules rules/ --clamd unix:/run/clamav/clamd.ctl cart.tar
  plimsoll scan --offline --format json Cargo.lock | jq '.findings[].vulnerability'
  plimsoll scan --offline --format json cart.tar | jq -r '.coverage.gaps[].statement'
  plimsoll scan --offline --vex vendor.openvex.json --vex ours.cdx.json --fail-on high cart.tar
  plimsoll scan --offline --format openvex cart.tar > cart.openvex.json

Findings are vulnerabilities that advisories tell of. Observations are what is wrong without one: secrets, malware, misconfiguration. \
--fail-on counts them as findings: a critical secret shuts the gate as a critical vulnerability does, also \
one in a file that a later layer deletes, as whoever pulls the image has it. \"Not judged\" is what nothing is known of; it is never \"nothing found\".")]
pub struct ScanArguments {
    /// What to scan: an image archive (docker save, OCI), a folder with an OCI layout, an image reference; `docker-archive:FILE[:NAME]`,
    /// `oci-archive:FILE[:NAME]`, `oci:FOLDER[:TAG]`, `registry:REFERENCE` say which. Offline also `dir:FOLDER` and a lock file.
    pub source: String,
    /// Scan in this process, with the advisory database of `plimsoll db update`; nothing leaves this machine.
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub server: ServerArguments,
    #[command(flatten)]
    pub image: ImageArguments,
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// An organization's own advisories: an OSV document, or a folder of such (*.json). They are matched beside the database's, under its vulnerability where it
    /// knows one of their ids, and what they say of a package comes first. Their source is `own`. A server has those of plimsoll advisory push. Repeatable.
    #[arg(long, value_name = "FILE|FOLDER", requires = "offline", help_heading = "Advisory database")]
    pub advisories: Vec<String>,
    #[command(flatten)]
    pub malware: MalwareArguments,
    #[command(flatten)]
    pub vex: VexArguments,
    #[command(flatten)]
    pub output: OutputArguments,
    /// Give up after this time: `90s`, `15m`, `2h`.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub timeout: Duration,
}

/// Of what the inventory is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is asked of a server or a database, and nothing but a registry's image is fetched.

Examples:
  docker save shop/cart:1.4 -o cart.tar && plimsoll inventory cart.tar
  plimsoll inventory --platform linux/arm64 registry.example.org/shop/cart:1.4
  plimsoll inventory --format cyclonedx oci:build/layout > cart.cdx.json
  plimsoll inventory --format json dir:/srv/www | jq -r '.packages[].purl'")]
pub struct InventoryArguments {
    /// Of what: an image archive (docker save, OCI), a folder with an OCI layout, an image reference, a lock file; `docker-archive:FILE[:NAME]`,
    /// `oci-archive:FILE[:NAME]`, `oci:FOLDER[:TAG]`, `registry:REFERENCE`, `dir:FOLDER` say which.
    pub source: String,
    /// How it is written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: InventoryFormat,
    /// Give up after this time: `90s`, `15m`, `2h`.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub timeout: Duration,
    #[command(flatten)]
    pub image: ImageArguments,
}

/// What is asked of the advisory database.
#[derive(Debug, Args)]
#[command(after_help = "\
Ecosystems are named as OSV names them, distributions with their release: PyPI, npm, crates.io, Debian:12, Alpine:v3.18. A distribution's \
package is asked by its source package's name and version. A program without a package (node, nginx, openssl, openjdk, ...) is of the ecosystem \
generic, by the name that plimsoll inventory gives it. Without a question in the arguments, each line of standard input is one: \
ecosystem, package and version, with tabs between them; further columns are not read.

What cannot be judged is told with the reason and ends with exit code 1: an ecosystem without advisories here, a version that cannot be \
ordered, a line that is no question. It is never an empty answer. With --format jsonl each line of output is the array of one line of \
input, in order: elements of status \"affected\", one an advisory, and of status \"not_judged\", with why.

Examples:
  plimsoll query PyPI django 3.2
  plimsoll query generic nginx 1.20.0
  plimsoll query --format json Debian:12 openssl 3.0.11-1~deb12u1 | jq -r '.answers[].advisories[].fixed_in'
  printf 'npm\\tminimist\\t1.2.0\\nAlpine:v3.18\\topenssl\\t3.1.0-r4\\n' | plimsoll query
  plimsoll query --format jsonl < packages.tsv | jq -c 'map(.id // .why)'")]
pub struct QueryArguments {
    /// Where the package's name has its meaning: `PyPI`, `Debian:12`. Without it, standard input is read.
    #[arg(requires = "package")]
    pub ecosystem: Option<String>,
    /// The package; a distribution's by its source package.
    #[arg(requires = "package_version")]
    pub package: Option<String>,
    /// The version.
    #[arg(value_name = "VERSION")]
    pub package_version: Option<String>,
    /// How the answers are written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: QueryFormat,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// For people.
    Table,
    /// For programs: one document.
    Json,
    /// For programs: one array a question.
    Jsonl,
}

/// How an inventory is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InventoryFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// CycloneDX 1.6, as JSON.
    Cyclonedx,
}

/// Which server is asked, and by which key.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub struct AccessArguments {
    /// The address of the Plimsoll server's API.
    #[arg(long, value_name = "URL", env = "PLIMSOLL_SERVER")]
    pub server: Option<url::Url>,
    /// A file that holds the API key; without it, the key is read from the variable PLIMSOLL_API_KEY.
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
}

/// Which server scans, and where it keeps the image.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArguments {
    #[command(flatten)]
    pub access: AccessArguments,
    /// The repository to push the image to, without the organization; made of the image's name where absent.
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The tag to push the image under; the image's own, else `latest`, where absent.
    #[arg(long)]
    pub tag: Option<String>,
}

/// Which image is meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Image")]
pub struct ImageArguments {
    /// Of an image for several platforms, this one: `linux/arm64`. This machine's where absent.
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<Platform>,
    /// Speak http to the registry that the image comes from.
    #[arg(long)]
    pub plain_http: bool,
}

/// Where the advisory database is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Advisory database")]
pub struct DatabaseArguments {
    /// The advisory database; `plimsoll/advisories.db` in the user's cache folder where absent.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub db: Option<PathBuf>,
}

/// What malware is looked for with, offline, beside the built-in rules. A server has rules of its own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Malware (offline)")]
pub struct MalwareArguments {
    /// YARA rules: a file, a folder of `*.yar` and `*.yara` files, or a zip of them. Repeatable.
    #[arg(long, value_name = "PATH", requires = "offline")]
    pub yara_rules: Vec<PathBuf>,
    /// SHA-256 hashes of malware, one a line, perhaps with a name. Repeatable.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub malware_hashes: Vec<PathBuf>,
    /// Of the rules and hashes that the database keeps (db update --with-malware) those of these feeds, by name, separated by commas: `malware-hashes`, which
    /// is so where absent; `signature-base`, `reversinglabs-yara-rules`, `yara-rules`, or `yara` for all three; or `none`. Large sets of rules take seconds to
    /// compile.
    #[arg(long, value_name = "FEEDS", requires = "offline", value_delimiter = ',', value_parser = malware_feed)]
    pub malware_feeds: Option<Vec<String>>,
    /// A ClamAV daemon that is shown files too: `tcp://HOST:PORT` or `unix:/PATH`.
    #[arg(long, value_name = "ADDRESS", requires = "offline")]
    pub clamd: Option<ClamdAddress>,
}

/// What others who know say of the findings.
#[derive(Debug, Args)]
#[command(next_help_heading = "VEX")]
pub struct VexArguments {
    /// A VEX document: OpenVEX, CSAF or CycloneDX, as JSON. Findings that it says are not affected or fixed are shown apart and do not count. Of
    /// several statements the latest counts. Repeatable.
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// Who the VEX documents that are written say to be their author.
    #[arg(long, value_name = "NAME", default_value = "plimsoll")]
    pub vex_author: String,
}

/// How the result is shown, and what it decides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Result")]
pub struct OutputArguments {
    /// How the result is written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: ScanFormat,
    /// Show findings and observations of this severity or a higher one in the table.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub severity: Option<Severity>,
    /// Show findings with a fix in the table.
    #[arg(long)]
    pub fixable: bool,
    /// Show this many findings and observations in the table, the most urgent first; 0 for all.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
    /// End with exit code 1 if there is a finding of this severity or a higher one, shown or not, or a secret, malware or a misconfiguration
    /// of it. What was not judged does not count.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How what a scan found is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// OpenVEX 0.2.0: each finding as affected, with what to do; what --vex hides as it says.
    #[value(name = "openvex")]
    OpenVex,
    /// The same as CSAF 2.0.
    CsafVex,
    /// The same as CycloneDX 1.6.
    #[value(name = "cyclonedx-vex")]
    CycloneDxVex,
}

/// What to do with versions.
#[derive(Debug, Subcommand)]
pub enum VersionCommand {
    /// Read pairs of versions, one a line, and print `<`, `=` or `>` for each; `?` where there is no order.
    #[command(after_help = "\
Examples:
  printf '1.0~rc1 1.0\\n' | plimsoll version compare dpkg
  plimsoll version compare pep440 < pairs.tsv")]
    Compare {
        /// The version scheme: dpkg, apk, rpm, semver, npm, pep440, maven, rubygems, nuget, composer, cran, hackage, pub, conan, generic.
        scheme: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }
}
