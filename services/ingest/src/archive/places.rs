//! Where an archive's images go: which repository, under which tag.
//!
//! The request's query goes before the archive's own names. A name loses its registry, Docker Hub's `library/` and the organization's
//! own first part: `localhost:5000/acme/web:1` is `web:1` of the organization `acme`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Digest;
use plimsoll_oci::archive::{ArchiveContents, ArchiveImage};
use plimsoll_oci::{Manifest, Reference, RepositoryName, Tag};

/// Why it is not known where an image goes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceError {
    #[error("The archive does not name the repository of {0}. Say it: POST /v1/images?repository=NAME&tag=TAG")]
    RepositoryMissing(String),
    #[error("{0}")]
    RepositoryInvalid(String),
    #[error("{0}")]
    TagInvalid(String),
    #[error("The archive holds {0} images, which cannot all have one tag. Leave ?tag= out, or send them one by one.")]
    TagAmbiguous(usize),
}

impl PlaceError {
    /// A word for programs.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::RepositoryMissing(_) => "repository_missing",
            Self::RepositoryInvalid(_) => "repository_invalid",
            Self::TagInvalid(_) => "tag_invalid",
            Self::TagAmbiguous(_) => "tag_ambiguous",
        }
    }
}

/// What the request says.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    repository: Option<String>,
    tag: Option<Tag>,
}

impl Wanted {
    /// Checks what the query says, before a byte of the archive is read.
    pub(super) fn parse(org_slug: &str, repository: Option<&str>, tag: Option<&str>) -> Result<Self, PlaceError> {
        let filled = |text: &&str| !text.is_empty();
        let repository = repository.filter(filled).map(|text| own_name(org_slug, text)).transpose()?;
        let tag = tag.filter(filled).map(str::parse).transpose();
        let tag = tag.map_err(|error: plimsoll_oci::ReferenceError| PlaceError::TagInvalid(error.to_string()))?;
        Ok(Self { repository, tag })
    }
}

/// An image or a whole index, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As the organization calls it.
    pub(super) repository: String,
    pub(super) tag: Option<Tag>,
    /// What the tag means: an index, else the image.
    pub(super) root: Digest,
    /// The images, by their place in the archive.
    pub(super) images: Vec<usize>,
    /// The indexes, by their place in the archive, innermost first.
    pub(super) indexes: Vec<usize>,
}

/// What gets a tag: an index with all of its images, or an image.
struct Thing {
    images: Vec<usize>,
    indexes: Vec<usize>,
    names: Vec<String>,
    is_named: bool,
}

/// Where everything in an archive goes.
pub(super) fn places(contents: &ArchiveContents, wanted: &Wanted, org_slug: &str) -> Result<Vec<Place>, PlaceError> {
    let things = things(contents);
    let named = things.iter().filter(|(_, thing)| thing.is_named).count();
    if wanted.tag.is_some() && named > 1 {
        return Err(PlaceError::TagAmbiguous(named));
    }
    let mut places = Vec::new();
    let mut taken = BTreeSet::new();
    for (root, thing) in things {
        let mut names = names_of(&thing, wanted, org_slug, named == 1)?;
        if names.is_empty() {
            return Err(PlaceError::RepositoryMissing(root.to_string()));
        }
        if !thing.is_named {
            names = names.into_iter().map(|(repository, _)| (repository, None)).collect();
            names.dedup();
        }
        for (repository, tag) in names {
            // Entries of an index that is not whole share its name: the first has it.
            let tag = tag.filter(|tag| taken.insert((repository.clone(), tag.clone())));
            let (images, indexes) = (thing.images.clone(), thing.indexes.clone());
            places.push(Place { repository, tag, root, images, indexes });
        }
    }
    Ok(places)
}

/// The repositories and tags of one thing.
fn names_of(
    thing: &Thing,
    wanted: &Wanted,
    org_slug: &str,
    is_only: bool,
) -> Result<Vec<(String, Option<Tag>)>, PlaceError> {
    let mut names: Vec<(String, Option<Tag>)> = Vec::new();
    for name in &thing.names {
        let reference = name.parse::<Reference>().ok().filter(|_| name.contains(['/', ':']));
        let (repository, tag) = match (&wanted.repository, reference) {
            (Some(repository), None) => (repository.clone(), name.parse().ok()),
            (Some(repository), Some(reference)) => (repository.clone(), reference.tag().cloned()),
            (None, Some(reference)) => (familiar(org_slug, &reference)?, reference.tag().cloned()),
            (None, None) => continue,
        };
        let tag = wanted.tag.clone().or(tag).unwrap_or_else(Tag::latest);
        if !names.contains(&(repository.clone(), Some(tag.clone()))) {
            names.push((repository, Some(tag)));
        }
    }
    if let (true, Some(repository)) = (names.is_empty(), &wanted.repository) {
        let tag = wanted.tag.clone().or_else(|| is_only.then(Tag::latest));
        names.push((repository.clone(), tag));
    }
    Ok(names)
}

/// Groups an archive's images by the outermost index that is whole.
fn things(contents: &ArchiveContents) -> Vec<(Digest, Thing)> {
    let entries = whole_indexes(contents);
    let mut things: Vec<(Digest, Thing)> = Vec::new();
    for (place, image) in contents.images.iter().enumerate() {
        let mut root = image.manifest.digest;
        let mut indexes = Vec::new();
        while let Some((index, _)) = entries.iter().find(|(_, entries)| entries.contains(&root)) {
            let Some(raw) = contents.indexes.get(*index) else { break };
            root = raw.digest;
            indexes.push(*index);
        }
        let is_named = !indexes.is_empty() || image.is_container_image || image.index.is_none();
        match things.iter_mut().find(|(known, _)| *known == root) {
            Some((_, thing)) => add(thing, place, image, indexes),
            None => {
                let mut thing = Thing { images: Vec::new(), indexes: Vec::new(), names: Vec::new(), is_named };
                add(&mut thing, place, image, indexes);
                things.push((root, thing));
            }
        }
    }
    things
}

fn add(thing: &mut Thing, place: usize, image: &ArchiveImage, indexes: Vec<usize>) {
    thing.images.push(place);
    // An index stands after every one that it names: those have the higher places.
    thing.indexes.extend(indexes);
    thing.indexes.sort_unstable_by(|a, b| b.cmp(a));
    thing.indexes.dedup();
    for name in &image.names {
        if !thing.names.contains(name) {
            thing.names.push(name.clone());
        }
    }
}

/// The indexes all of whose entries are in the archive, with these entries.
fn whole_indexes(contents: &ArchiveContents) -> BTreeMap<usize, BTreeSet<Digest>> {
    let mut present: BTreeSet<Digest> = contents.images.iter().map(|image| image.manifest.digest).collect();
    let mut whole = BTreeMap::new();
    // Inner ones come last.
    for (place, raw) in contents.indexes.iter().enumerate().rev() {
        let Ok(Manifest::Index(index)) = raw.parse() else { continue };
        let entries: BTreeSet<Digest> = index.manifests.iter().map(|entry| entry.digest).collect();
        if entries.is_subset(&present) {
            present.insert(raw.digest);
            whole.insert(place, entries);
        }
    }
    whole
}

/// A reference's repository as the organization calls it.
fn familiar(org_slug: &str, reference: &Reference) -> Result<String, PlaceError> {
    let repository = reference.repository().as_str();
    let repository = match reference.registry() {
        "docker.io" => repository.strip_prefix("library/").unwrap_or(repository),
        _ => repository,
    };
    own_name(org_slug, repository)
}

/// A repository's name without the organization's own part.
fn own_name(org_slug: &str, text: &str) -> Result<String, PlaceError> {
    let own = text.strip_prefix(org_slug).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
    // With the organization's part it is to be a name, too.
    let full: Result<RepositoryName, _> = format!("{org_slug}/{own}").parse();
    full.map_err(|error| PlaceError::RepositoryInvalid(error.to_string()))?;
    Ok(own.to_owned())
}

#[cfg(test)]
mod tests {
    use plimsoll_oci::RawManifest;
    use serde_json::json;

    use super::*;

    fn digest(n: u8) -> Digest {
        Digest::from_sha256([n; 32])
    }

    fn raw(n: u8, bytes: String) -> RawManifest {
        RawManifest { bytes: bytes.into(), media_type: plimsoll_oci::media_type::OCI_INDEX.into(), digest: digest(n) }
    }

    fn image(n: u8, names: &[&str]) -> ArchiveImage {
        ArchiveImage {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            platform: None,
            manifest: raw(n, String::new()),
            is_container_image: true,
            index: None,
            blobs: vec![],
        }
    }

    fn index(n: u8, entries: &[u8]) -> RawManifest {
        let entries: Vec<_> = entries
            .iter()
            .map(|n| json!({ "mediaType": plimsoll_oci::media_type::OCI_MANIFEST, "digest": digest(*n), "size": 1 }))
            .collect();
        raw(n, json!({ "schemaVersion": 2, "manifests": entries }).to_string())
    }

    fn placed(
        contents: &ArchiveContents,
        repository: Option<&str>,
        tag: Option<&str>,
    ) -> Result<Vec<String>, PlaceError> {
        let wanted = Wanted::parse("acme", repository, tag)?;
        let shown = |place: Place| {
            let tag = place.tag.map_or_else(|| "-".into(), |tag| tag.to_string());
            format!("{}:{tag}={}", place.repository, place.root.as_bytes()[0])
        };
        Ok(places(contents, &wanted, "acme")?.into_iter().map(shown).collect())
    }

    /// The archive's names, the query's repository and tag, where it goes.
    type Row = (&'static [&'static str], Option<&'static str>, Option<&'static str>, &'static [&'static str]);

    #[test]
    fn names_say_where_an_image_goes_unless_the_query_does() {
        let one = |names: &[&str]| ArchiveContents { images: vec![image(1, names)], indexes: vec![] };
        #[rustfmt::skip]
        let table: [Row; 12] = [
            (&["docker.io/library/alpine:3.18"], None, None, &["alpine:3.18=1"]),
            (&["docker.io/team/app:1"], None, None, &["team/app:1=1"]),
            (&["localhost:5000/acme/web:1"], None, None, &["web:1=1"]),
            (&["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"], None, None, &["web:1=1", "web:2=1"]),
            (&["ghcr.io/x/y:1"], Some("web"), None, &["web:1=1"]),
            (&["ghcr.io/x/y:1"], Some("acme/web"), Some("9"), &["web:9=1"]),
            (&["ghcr.io/x/y:1"], None, Some("9"), &["x/y:9=1"]),
            (&["3.18"], Some("web"), None, &["web:3.18=1"]),
            (&[], Some("web"), None, &["web:latest=1"]),
            (&[], Some("web"), Some("1"), &["web:1=1"]),
            (&["a/b:1", "c/d:1"], Some("web"), None, &["web:1=1"]),
            (&[], Some("web"), Some(""), &["web:latest=1"]),
        ];
        for (names, repository, tag, expected) in table {
            assert_eq!(placed(&one(names), repository, tag).unwrap(), expected, "{names:?} {repository:?} {tag:?}");
        }
        assert!(matches!(placed(&one(&[]), None, None), Err(PlaceError::RepositoryMissing(_))));
        assert!(matches!(placed(&one(&["3.18"]), None, None), Err(PlaceError::RepositoryMissing(_))));
        assert!(matches!(placed(&one(&[]), Some("Web"), None), Err(PlaceError::RepositoryInvalid(_))));
        assert!(matches!(placed(&one(&[]), Some("acme/"), None), Err(PlaceError::RepositoryInvalid(_))));
        assert!(matches!(placed(&one(&[]), Some("web"), Some(".x")), Err(PlaceError::TagInvalid(_))));
    }

    #[test]
    fn a_whole_index_has_the_tag_and_a_part_of_one_does_not() {
        let images = vec![image(1, &["r.io/a:1"]), image(2, &["r.io/a:1"])];
        let whole = ArchiveContents { images: images.clone(), indexes: vec![index(8, &[9]), index(9, &[1, 2])] };
        assert_eq!(placed(&whole, None, None).unwrap(), ["a:1=8"]);
        let places = places(&whole, &Wanted::default(), "acme").unwrap();
        assert_eq!((places[0].images.as_slice(), places[0].indexes.as_slice()), (&[0, 1][..], &[1, 0][..]));
        assert_eq!(placed(&whole, None, Some("2")).unwrap(), ["a:2=8"]);
        let part = ArchiveContents { images, indexes: vec![index(9, &[1, 2, 3])] };
        assert_eq!(placed(&part, None, None).unwrap(), ["a:1=1", "a:-=2"]);
        assert_eq!(placed(&part, None, Some("2")), Err(PlaceError::TagAmbiguous(2)));
    }
}
