//! What the user may say of documents that an organization keeps at a server.

use clap::{Args, Subcommand};
use plimsoll_model::Digest;

use super::{AccessArguments, Format};

/// What to do with own advisories.
#[derive(Debug, Subcommand)]
pub enum AdvisoryCommand {
    /// Save advisories, each in place of the one with its id.
    #[command(after_help = "\
A file is one advisory, JSON of the OSV schema: https://ossf.github.io/osv-schema/. All are checked before the first is sent; what is wrong is \
told with its place, and ends with exit code 1. The key needs the scope `advise`.

Examples:
  plimsoll advisory push ACME-2026-1.json
  plimsoll advisory push advisories/
  plimsoll advisory push https://security.example.com/ACME-2026-1.json
  plimsoll advisory push --format json advisories/ | jq -r '.[].id'")]
    Push(PushArguments),
    /// Tell which there are, and how many open findings each has a part in.
    #[command(after_help = "\
The key needs the scope `read`.

Examples:
  plimsoll advisory list
  plimsoll advisory list --format json | jq -r '.[] | select(.open_findings == 0).name'")]
    List(ListArguments),
    /// Delete advisories: their findings close, and stay to be seen.
    #[command(after_help = "\
The key needs the scopes `advise` and `read`. One that is not there ends with exit code 1, after the others are deleted.

Examples:
  plimsoll advisory delete ACME-2026-1
  plimsoll advisory delete BAN:PyPI/evil-package")]
    Delete(DeleteArguments),
}

/// What to do with VEX documents.
#[derive(Debug, Subcommand)]
pub enum VexCommand {
    /// Save VEX documents, each in place of the one of its name.
    #[command(after_help = "\
Each file or address is one document (OpenVEX, CSAF or CycloneDX as JSON), of at most 8 MiB; a folder stands for its *.json files. A document is \
called by its own id, or by its file's name where it has none. One that is attached to an image (--image) speaks of that image alone, whatever name it \
has for it; it is called ID@DIGEST, so that it may be attached to others too. All are checked before the first is sent; what is wrong with one is told with its \
place, and ends with exit code 1. The key needs the scope `advise`.

Examples:
  plimsoll vex push vendor.openvex.json
  plimsoll vex push vex/
  plimsoll vex push --image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 vendor.openvex.json
  plimsoll vex push https://vendor.example/vex/2026-1.json
  plimsoll vex push --format json vex/ | jq -r '.[].id'")]
    Push(VexPushArguments),
    /// Tell which there are, what each is attached to, and how many open findings it hides.
    #[command(after_help = "\
The key needs the scope `read`.

Examples:
  plimsoll vex list
  plimsoll vex list --format json | jq -r '.[] | select(.hidden_findings == 0).name'")]
    List(ListArguments),
    /// Delete VEX documents: what they hid is shown again, unless another hides it.
    #[command(after_help = "\
The key needs the scopes `advise` and `read`. One that is not there ends with exit code 1, after the others are deleted.

Examples:
  plimsoll vex delete https://vendor.example/vex/2026-1
  plimsoll vex delete vendor.cdx.json")]
    Delete(DeleteArguments),
}

/// Which documents are saved.
#[derive(Debug, Args)]
pub struct PushArguments {
    /// Files, folders of *.json files, or addresses, https:// or http://, which this machine fetches.
    #[arg(required = true, value_name = "PATH|URL")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
    /// How what was done is told.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// Which VEX documents are saved, and for which image.
#[derive(Debug, Args)]
pub struct VexPushArguments {
    #[command(flatten)]
    pub push: PushArguments,
    /// Attach them to the image of this digest, or to the images of this index. They speak of no other.
    #[arg(long, value_name = "DIGEST")]
    pub image: Option<Digest>,
}

/// How documents are listed.
#[derive(Debug, Args)]
pub struct ListArguments {
    #[command(flatten)]
    pub access: AccessArguments,
    /// How they are written.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// Which documents are deleted.
#[derive(Debug, Args)]
pub struct DeleteArguments {
    /// Their names, as the list tells them.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub access: AccessArguments,
}
