//! What was seen in a layer or a tree.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{OsRelease, Package};
use serde::{Deserialize, Serialize};

use crate::PathHashes;

/// What a layer holds, as far as an inventory is concerned. Paths are normalised and escaped, without a leading slash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// Tar headers read, or files and folders of a tree.
    pub entry_count: u64,
    /// Whether it was read to its end: `false` where it breaks off or a limit was met.
    pub is_complete: bool,
    /// Every path that an analyser wants and that occurs, even where nothing came of it: it hides the one in a lower layer.
    pub files: BTreeMap<String, FileAnalysis>,
    /// Paths that are deleted from the layers below, with all that lies in them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub whiteouts: BTreeSet<String>,
    /// Folders whose content in the layers below is hidden.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opaque_directories: BTreeSet<String>,
    /// Everything that is not a folder: where the layers below have a folder of that path, it is gone with its content.
    #[serde(default, skip_serializing_if = "PathHashes::is_empty")]
    pub non_directories: PathHashes,
}

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAnalysis {
    /// The packages, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<OsRelease>,
    /// Paths that a distribution's package owns, of those alone where it matters; under `usr/` where the merged `/usr` has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owned: Vec<String>,
}

impl FileAnalysis {
    /// Adds what another analyser made of the same file.
    pub(crate) fn merge(&mut self, other: Self) {
        self.packages.extend(other.packages);
        self.os = self.os.take().or(other.os);
        self.owned.extend(other.owned);
    }
}
