//! What was seen in a layer or a tree.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{FileFactKind, Observation, OsRelease, Package};
use serde::{Deserialize, Serialize};

use crate::{Dependencies, FileSizes, PathHashes};

/// What a layer holds, as far as an inventory is concerned. Paths are normalised and escaped, without a leading slash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// Tar headers read, or files and folders of a tree.
    pub entry_count: u64,
    /// Bytes of its files.
    #[serde(default)]
    pub file_bytes: u64,
    /// Whether it was read to its end: `false` where it breaks off or a limit was met.
    pub is_complete: bool,
    /// Every file that says something, and every file that an analyser wanted by its path.
    pub files: BTreeMap<String, FileAnalysis>,
    /// Paths that are deleted from the layers below, with all that lies in them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub whiteouts: BTreeSet<String>,
    /// Folders whose content in the layers below is hidden.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opaque_directories: BTreeSet<String>,
    /// Everything that is not a folder: what the layers below have at that path, be it a folder with its content, is gone.
    #[serde(default, skip_serializing_if = "PathHashes::is_empty")]
    pub non_directories: PathHashes,
    /// How much each of these holds, unless they are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<FileSizes>,
    /// Every folder: where the layers below have a file of that path, it is gone.
    #[serde(default, skip_serializing_if = "PathHashes::is_empty")]
    pub directories: PathHashes,
}

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAnalysis {
    /// The packages, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Box<OsRelease>>,
    /// What is wrong in it, sorted, each once; without a layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What it shows for checks, sorted, each once: its mode, its capabilities, what it is by its path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FileFactKind>,
    /// What it says of the licence of the package that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Where it leads, if it is a symbolic link that an analyser wants followed: a path within the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What asks for what in it, where that tells what is needed for developing only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Box<Dependencies>>,
    /// Which paths packages of the distribution's kind own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// The analysers that read it, sorted, each once, for the account of what was judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_by: Vec<Cow<'static, str>>,
}

/// What a package owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its name; empty where the file does not say whose the paths are.
    pub package: String,
    /// Its version, where the file lists the package too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its architecture, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The paths; under `usr/` where the merged `/usr` has them.
    pub paths: PathHashes,
}

impl Owner {
    /// What keeping it costs, in bytes.
    pub(crate) fn kept_bytes(&self) -> usize {
        let texts = [Some(&self.package), self.version.as_ref(), self.architecture.as_ref()];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + texts + self.paths.len() * size_of::<u64>()
    }
}

impl FileAnalysis {
    /// Adds what another analyser made of the same file.
    pub(crate) fn merge(&mut self, other: Self) {
        self.packages.extend(other.packages);
        self.os = self.os.take().or(other.os);
        self.license = self.license.take().or(other.license);
        self.link = self.link.take().or(other.link);
        self.dependencies = self.dependencies.take().or(other.dependencies);
        self.observations.extend(other.observations);
        self.facts.extend(other.facts);
        self.owners.extend(other.owners);
        other.read_by.into_iter().for_each(|analyser| self.read_by(analyser));
    }

    /// That an analyser read it.
    pub(crate) fn read_by(&mut self, analyser: Cow<'static, str>) {
        if let Err(position) = self.read_by.binary_search(&analyser) {
            // There is rarely another.
            self.read_by.reserve_exact(1);
            self.read_by.insert(position, analyser);
        }
    }

    /// Whether there is anything in it that matters to an image.
    pub(crate) fn says_something(&self) -> bool {
        !(self.packages.is_empty()
            && self.observations.is_empty()
            && self.facts.is_empty()
            && self.owners.is_empty()
            && self.license.is_none()
            && self.link.is_none()
            && self.dependencies.is_none()
            && self.os.is_none())
    }
}
