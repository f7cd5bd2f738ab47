//! What the user may say.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_malware::ClamdAddress;
use plimsoll_model::Severity;
use plimsoll_oci::Platform;

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
package is asked by its source package's name and version. Without a question in the arguments, each line of standard input is one: \
ecosystem, package and version, with tabs between them; further columns are not read.

What cannot be judged is told with the reason and ends with exit code 1: an ecosystem without advisories here, a version that cannot be \
ordered, a line that is no question. It is never an empty answer. With --format jsonl each line of output is the array of one line of \
input, in order: elements of status \"affected\", one an advisory, and of status \"not_judged\", with why.

Examples:
  plimsoll query PyPI django 3.2
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

/// What to do with own advisories.
#[derive(Debug, Subcommand)]
pub enum AdvisoryCommand {
    /// Save advisories, each in place of the one with its id.
    Push(PushAdvisoriesArguments),
    /// Tell which there are, and how many open findings each has a part in.
    List(ListAdvisoriesArguments),
    /// Delete advisories: their findings close, and stay to be seen.
    Delete(DeleteAdvisoriesArguments),
}

/// Which advisories are saved.
#[derive(Debug, Args)]
#[command(after_help = "\
A file is one advisory, JSON of the OSV schema: https://ossf.github.io/osv-schema/. All are checked before the first is sent; what is wrong is \
told with its place, and ends with exit code 1. The key needs the scope `advise`.

Examples:
  plimsoll advisory push ACME-2026-1.json
  plimsoll advisory push advisories/
  plimsoll advisory push https://security.example.com/ACME-2026-1.json
  plimsoll advisory push --format json advisories/ | jq -r '.[].id'")]
pub struct PushAdvisoriesArguments {
    /// Files, folders of *.json files, or addresses, https:// or http://, which this machine fetches.
    #[arg(required = true, value_name = "PATH|URL")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
    /// How what was done is told.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Listing,
}

/// How own advisories are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
The key needs the scope `read`.

Examples:
  plimsoll advisory list
  plimsoll advisory list --format json | jq -r '.[] | select(.open_findings == 0).name'")]
pub struct ListAdvisoriesArguments {
    #[command(flatten)]
    pub access: AccessArguments,
    /// How they are written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Listing,
}

/// Which advisories are deleted.
#[derive(Debug, Args)]
#[command(after_help = "\
The key needs the scopes `read` and `advise`. An id that is not there ends with exit code 1.

Examples:
  plimsoll advisory delete ACME-2026-1
  plimsoll advisory delete BAN:PyPI/evil-package")]
pub struct DeleteAdvisoriesArguments {
    /// Their ids.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
}

/// What to do with VEX documents.
#[derive(Debug, Subcommand)]
pub enum VexCommand {
    /// Save VEX documents, each in place of the one of its name.
    Push(PushVexArguments),
    /// Tell which there are, and how many open findings each hides.
    List(ListVexArguments),
    /// Delete VEX documents: what they hid is shown again, unless another hides it.
    Delete(DeleteVexArguments),
}

/// Which VEX documents are saved.
#[derive(Debug, Args)]
#[command(after_help = "\
Each file or address is one document (OpenVEX, CSAF or CycloneDX as JSON), of at most 128 KiB; a folder stands for its *.json files. A document is \
called by its own id, or by its file's name where it has none. All are checked before the first is sent; what is wrong with one is told with its \
place, and ends with exit code 1. The key needs the scope `advise`.

Examples:
  plimsoll vex push vendor.openvex.json
  plimsoll vex push vex/
  plimsoll vex push https://vendor.example/vex/2026-1.json
  plimsoll vex push --format json vex/ | jq -r '.[].id'")]
pub struct PushVexArguments {
    /// Files, folders of *.json files, or addresses, https:// or http://, which this machine fetches.
    #[arg(required = true, value_name = "PATH|URL")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
    /// How what was done is told.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Listing,
}

/// How VEX documents are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
The key needs the scope `read`.

Examples:
  plimsoll vex list
  plimsoll vex list --format json | jq -r '.[] | select(.hidden_findings == 0).name'")]
pub struct ListVexArguments {
    #[command(flatten)]
    pub access: AccessArguments,
    /// How they are written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Listing,
}

/// Which VEX documents are deleted.
#[derive(Debug, Args)]
#[command(after_help = "\
The key needs the scopes `advise` and `read`. One that is not there ends with exit code 1, after the others are deleted.

Examples:
  plimsoll vex delete https://vendor.example/vex/2026-1
  plimsoll vex delete vendor.cdx.json")]
pub struct DeleteVexArguments {
    /// Their names.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    /// For people.
    Table,
    /// For programs.
    Json,
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
  plimsoll db update --base https://mirror.example.org/feeds
  plimsoll db update --base file:///srv/feeds --db advisories.db
  plimsoll db update --bundle https://mirror.example.org/feeds.bundle --key RWQ...

With --bundle one file is fetched instead of every feed, if it has changed, and nothing is asked of an upstream: for pipelines. \
--base and --with-malware then say nothing.")]
pub struct UpdateArguments {
    /// A mirror: each feed lies in a folder of its name below this address (https, http or file), Debian's advisories in debian/security-tracker.
    /// Upstream where absent.
    #[arg(long, value_name = "URL", env = "PLIMSOLL_FEEDS_BASE")]
    pub base: Option<url::Url>,
    /// Only these feeds, separated by commas. All where absent.
    #[arg(long, value_name = "FEEDS", value_delimiter = ',', value_parser = feeds())]
    pub feeds: Vec<String>,
    /// Also keep the feeds of malware rules and hashes. Offline scans use those that --malware-feeds chooses; a bundle of this brings them to a platform too.
    #[arg(long, conflicts_with = "feeds")]
    pub with_malware: bool,
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

/// A feed that is read into the database, by its name.
fn feeds() -> clap::builder::PossibleValuesParser {
    plimsoll_advisories::feeds::of_records().map(|feed| feed.name).into()
}

/// A feed of malware rules or hashes, or one document of it, by its name.
fn malware_feed(text: &str) -> Result<String, String> {
    let mut names = vec!["none".to_owned()];
    for feed in plimsoll_advisories::feeds::all().iter().filter(|feed| !feed.kind.has_records()) {
        names.push(feed.name.to_owned());
        names.extend(
            feed.documents().iter().map(|document| crate::scan::malware::kept::called(&document.path).to_owned()),
        );
    }
    let known = names.join(", ");
    names.into_iter().find(|name| name == text).ok_or_else(|| format!("there are {known}"))
}

fn severity(text: &str) -> Result<Severity, String> {
    let known = || Severity::ALL.iter().map(|severity| severity.as_str().to_lowercase()).collect::<Vec<_>>().join(", ");
    let found = Severity::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("there are {}", known()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return Err("a time is a number with s, m or h".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "a time is a number with s, m or h".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if seconds > 0 && seconds <= 7 * 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err("a time is a second at least and a week at most".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_and_severities_are_read() {
        let cases = [
            ("90s", Some(90)),
            ("90", Some(90)),
            ("15m", Some(900)),
            ("2h", Some(7200)),
            ("0", None),
            ("1d", None),
            ("", None),
            ("-1s", None),
            ("9999999999999999999h", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(duration(text).ok().map(|time| time.as_secs()), seconds, "{text}");
        }
        assert_eq!(severity("high"), Ok(Severity::High));
        assert!(severity("severe").unwrap_err().contains("critical, high"));
    }
}
