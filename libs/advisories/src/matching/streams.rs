//! Module streams: in one release an RPM distribution builds `nodejs` for `nodejs:18` and `nodejs:20`, and each build is compared with the fixes of
//! its own stream alone.
//!
//! A build of a module says so in its release (`18.17.1-1.module+el8.8.0+19757+8ca87034`), but not of which stream: that is told by the package's label
//! and by the source's statement, and where either lacks it, what is said cannot be judged.

use plimsoll_model::{Affected, Event};

use super::PackageVersion;
use crate::Candidate;

/// Distributions of which streams are told, mostly: by Red Hat's and Oracle's own feeds, and by the titles of the others' advisories. Others'
/// statements on a module's packages are taken as they are.
const TELLING: [&str; 4] = ["AlmaLinux", "Oracle Linux", "Red Hat", "Rocky Linux"];

/// Whether a version is that of a module's build.
pub(crate) fn is_built_in_module(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_")
}

/// Whether a statement means a package's build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It does.
    Meant,
    /// It is of another stream, or one of both is of no module.
    NotMeant,
    /// Both are of modules, and the stream of one is not known.
    Unknown,
}

/// Where a build belongs.
#[derive(Debug, PartialEq, Eq)]
enum Stream<'a> {
    /// To no module.
    None,
    /// To a module that is not told.
    Unnamed,
    /// To this one, `nodejs:18`.
    Named(&'a str),
}

impl<'a> Stream<'a> {
    fn of<'v>(named: Option<&'a str>, mut versions: impl Iterator<Item = &'v String>) -> Self {
        match named {
            Some(stream) => Self::Named(stream),
            None if versions.any(|version| is_built_in_module(version)) => Self::Unnamed,
            None => Self::None,
        }
    }
}

/// Whether `candidate` means this build of its package.
pub(super) fn meaning(package: &PackageVersion, candidate: &Candidate) -> Meaning {
    if !TELLING.contains(&package.ecosystem.name()) {
        return Meaning::Meant;
    }
    let built = Stream::of(package.module.as_deref(), std::iter::once(&package.version));
    let affected = &candidate.affected;
    match (Stream::of(affected.module.as_deref(), versions(affected)), built) {
        (Stream::None, Stream::None) => Meaning::Meant,
        (Stream::Named(said), Stream::Named(built)) if said == built => Meaning::Meant,
        (Stream::Named(_), Stream::Named(_)) | (Stream::None, _) | (_, Stream::None) => Meaning::NotMeant,
        (Stream::Unnamed, _) | (_, Stream::Unnamed) => Meaning::Unknown,
    }
}

fn versions(affected: &Affected) -> impl Iterator<Item = &String> {
    affected.ranges.iter().flat_map(|range| &range.events).map(Event::version)
}
