//! Java archives: jar, war, ear and the like, one level; archives within them come as files of their own.
//!
//! In: the zip. Out: the Maven artifacts that it says it is made of, from the best source that it has:
//!
//! 1. every `META-INF/maven/GROUP/ARTIFACT/pom.properties`; a shaded jar has several, and each is reported, with the path of its own where it is
//!    not the archive itself;
//! 2. if none of them is the archive itself: the main section of `META-INF/MANIFEST.MF` together with the file's name,
//!    `artifact-1.2.3.jar`, which counts where both state the same.
//!
//! A name is `group:artifact`. Where no group is stated it is one of [`groups`]' well-known ones, else it is the artifact again
//! (`commons-io:commons-io`), as Maven's first projects were all named: a purl of this type must have a group. What others find by
//! the archive's SHA-1 in Maven Central's index is not found: that index takes a network or gigabytes.
//! Sources: JAR file specification ("JAR Manifest"); Maven Archiver; OSGi Core R8, section 3.2.1.

mod file_name;
mod groups;
mod manifest;
mod pom;

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};

use self::file_name::FileName;
use self::manifest::Manifest;
use self::pom::Pom;
use crate::archive::{ArchiveBudget, ArchiveKind, ArchiveLimits, Visitor, members};
use crate::{Analyser, ContentKind, File, Malformed, Observations, path};

/// Reads what Java archives say they are made of.
pub struct JavaArchive;

/// Artifacts in one archive. The largest shaded jars known have a few hundred.
const ARTIFACTS: usize = 4096;
/// What the metadata of one archive may inflate to, all of it. Each jar in a jar may do so again: with as much as an archive may else, a
/// megabyte of jars took a quarter of a minute.
const METADATA_BYTES: u64 = 32 << 20;

impl Analyser for JavaArchive {
    fn name(&self) -> &'static str {
        "java-archive"
    }

    fn version(&self) -> u32 {
        3
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.jar", "**/*.war", "**/*.ear", "**/*.par", "**/*.sar", "**/*.kar", "**/*.nar", "**/*.jpi", "**/*.hpi"]
    }

    /// By name alone: a program that unpacks itself may stand before the archive. Jars in jars make it an inspector.
    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Zip]
    }

    fn wants_content(&self, _path: &str, _kind: ContentKind, _size: u64) -> bool {
        false
    }

    fn max_bytes(&self) -> usize {
        96 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if file.kind == ContentKind::Empty {
            return Ok(());
        }
        let mut metadata = Metadata::default();
        let name = path::file_name(file.path);
        let budget = ArchiveBudget::new(ArchiveLimits { inflated_bytes: METADATA_BYTES, ..ArchiveLimits::default() });
        let read = members(ArchiveKind::Zip, name, file.bytes, &budget, &mut metadata);
        if metadata.untold > 0 {
            seen.malformed(Malformed::new(format!("{} artifacts more than {ARTIFACTS}", metadata.untold)));
        }
        for package in metadata.packages(&FileName::parse(name)) {
            seen.package(package);
        }
        if let Err(error) = read {
            seen.problem(error.code(), error.to_string());
        }
        Ok(())
    }
}

/// What was read in an archive.
#[derive(Default)]
struct Metadata {
    manifest: Manifest,
    /// By the folder that they lie in.
    poms: BTreeMap<String, Pom>,
    untold: usize,
}

impl Metadata {
    fn packages(&self, file: &FileName<'_>) -> Vec<Package> {
        let poms: Vec<(&String, &Pom)> = self.poms.iter().filter(|(_, pom)| pom.is_complete()).collect();
        let is_only_one = poms.len() == 1;
        let is_itself = |pom: &Pom| file.is_of(&pom.artifact) || (is_only_one && file.version.is_none());
        let artifact = |(folder, pom): &(&String, &Pom)| Package {
            within: (!is_itself(pom)).then(|| format!("{folder}/{}", pom.file_name())),
            ..self.artifact(pom, is_only_one)
        };
        let mut packages: Vec<Package> = poms.iter().map(artifact).collect();
        if !poms.iter().any(|(_, pom)| is_itself(pom)) {
            packages.extend(self.archive_itself(file));
        }
        packages
    }

    fn artifact(&self, pom: &Pom, is_only_one: bool) -> Package {
        let license = pom.license.clone().or_else(|| self.manifest.license().filter(|_| is_only_one));
        let name = format!("{}:{}", pom.group, pom.artifact);
        Package { license, ..Package::new(PackageType::Maven, name, pom.version.clone()) }
    }

    /// The archive by its manifest and its file's name.
    fn archive_itself(&self, file: &FileName<'_>) -> Option<Package> {
        let stated = self.manifest.version();
        let (artifact, version) = match (stated, file.version) {
            (Some(stated), _) if file.without_version(stated).is_some() => (file.without_version(stated)?, stated),
            (_, Some(version)) => (file.artifact, version),
            // `app.jar`, of which the manifest states a version: its own name counts over one that anybody gives to a file.
            (Some(stated), None) => (self.manifest.artifact().unwrap_or(file.artifact), stated),
            (None, None) => return None,
        };
        let group = self.manifest.group(artifact).or_else(|| groups::well_known(artifact, version)).unwrap_or(artifact);
        let name = format!("{group}:{artifact}");
        Some(Package { license: self.manifest.license(), ..Package::new(PackageType::Maven, name, version) })
    }

    fn pom(&mut self, folder: &str) -> Option<&mut Pom> {
        if self.poms.len() >= ARTIFACTS && !self.poms.contains_key(folder) {
            self.untold += 1;
            return None;
        }
        Some(self.poms.entry(folder.to_owned()).or_default())
    }
}

impl Visitor for Metadata {
    fn member(&mut self, path: &str, _size: u64) -> Option<usize> {
        if path == "META-INF/MANIFEST.MF" {
            return Some(1 << 20);
        }
        let file = path.strip_prefix("META-INF/maven/")?;
        let name = path::file_name(file);
        (matches!(name, "pom.properties" | "pom.xml") && file.matches('/').count() == 2).then_some(256 << 10)
    }

    fn content(&mut self, path: &str, bytes: Vec<u8>, _is_whole: bool) {
        match path.rsplit_once('/') {
            Some((folder, "pom.properties")) => {
                if let Some(pom) = self.pom(folder) {
                    pom.read_properties(&bytes);
                }
            }
            Some((folder, "pom.xml")) => {
                if let Some(pom) = self.pom(folder) {
                    pom.read_project(&bytes);
                }
            }
            _ => self.manifest = Manifest::read(&bytes),
        }
    }
}

#[cfg(test)]
mod tests;
