//! What an image's files show beside packages: modes, capabilities, leftovers, files that should not be there, accounts.

use serde::{Deserialize, Serialize};

/// Something that a file of a layer shows, to be judged by checks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileFact {
    /// The file, without a leading slash, escaped. Of a leftover, the cache's folder: the bytes are a sum over its files.
    pub path: String,
    /// The layer that brought it, from 0 at the bottom.
    pub layer: u32,
    /// The layer that deletes or replaces the file again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<u32>,
    /// What it shows.
    #[serde(flatten)]
    pub kind: FileFactKind,
}

/// The kinds of [`FileFact`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum FileFactKind {
    /// Mode 04000 on a regular file: it runs as its owner.
    SetUid,
    /// Mode 02000 on a regular file: it runs as its group.
    SetGid,
    /// Mode 0002 on a regular file, or on a directory without the sticky bit (01000).
    WorldWritable,
    /// Extended attribute `security.capability`: it runs with these.
    Capabilities {
        /// As capabilities(7) spells them, in lower case: `cap_net_raw`.
        names: Vec<String>,
    },
    /// What a package manager left behind.
    Leftover {
        /// Whose.
        cache: LeftoverCache,
        /// How much, in bytes: the sum over the cache's files that this layer brings.
        bytes: u64,
    },
    /// A file with content that hardly belongs into an image.
    SensitivePath {
        /// Which kind of file.
        what: SensitivePath,
    },
    /// An account that anyone enters: the password field of `etc/shadow` or `etc/passwd` is empty.
    EmptyPassword {
        /// Its name.
        account: String,
    },
    /// An account beside `root` with user id 0.
    ExtraRoot {
        /// Its name.
        account: String,
    },
    /// A line of `etc/passwd`: what `config.User` may name.
    Account {
        /// Its name.
        account: String,
        /// Its user id.
        uid: u32,
    },
}

/// Whose cache a leftover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverCache {
    /// Debian's package lists.
    AptLists,
    /// Debian's downloaded packages.
    AptArchives,
    /// Alpine's package lists and packages.
    Apk,
    /// Yum's.
    Yum,
    /// DNF's, versions 4 and 5.
    Dnf,
    /// Zypper's.
    Zypper,
    /// Pacman's downloaded packages.
    Pacman,
    /// pip's downloads and wheels.
    Pip,
    /// npm's.
    Npm,
    /// Yarn's.
    Yarn,
}

/// Which kind of file hardly belongs into an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SensitivePath {
    /// A private key, by its name.
    PrivateKey,
    /// A Git repository with its whole history.
    GitRepository,
    /// `.env`: settings, often with passwords.
    DotEnv,
    /// `.npmrc`: may hold registry tokens.
    NpmConfig,
    /// `.pypirc`: upload credentials.
    PypiConfig,
    /// `.aws/credentials`.
    AwsCredentials,
    /// `.docker/config.json`: registry credentials.
    DockerConfig,
    /// `.kube/config`: cluster credentials.
    KubeConfig,
    /// `.netrc`, `.git-credentials`: passwords by host.
    HostPasswords,
    /// What somebody typed into a shell or database client.
    ShellHistory,
}
