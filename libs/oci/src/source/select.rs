//! Which of a source's images are meant.

use super::{SourceError, SourceImage, siblings};
use crate::archive::ArchiveContents;
use crate::{Platform, Reference};

/// What to pick. The default picks every image, of each index the one for this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// By name: a reference, or a tag. For a registry the reference itself decides.
    pub name: Option<String>,
    /// By platform.
    pub platform: PlatformChoice,
}

/// Which platforms of an index to pick.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PlatformChoice {
    /// Linux on this machine's architecture; where the index has one platform only, that one.
    #[default]
    Host,
    /// This one.
    Exactly(Platform),
    /// All of them.
    All,
}

/// What a selection picks of an archive's or layout's images.
pub(super) fn among(contents: &ArchiveContents, selection: &Selection) -> Result<Vec<SourceImage>, SourceError> {
    let images = contents.images.iter().cloned().map(SourceImage::from).collect();
    let mut images = named(images, selection.name.as_deref())?;
    if images.iter().any(|image| image.is_container_image) {
        images.retain(|image| image.is_container_image);
    }
    let mut chosen = Vec::new();
    while let Some(index) = images.first().map(|image| image.index) {
        // Images of one index are alternatives; images without one stand for themselves.
        let group: Vec<SourceImage> = match index {
            None => images.drain(..1).collect(),
            Some(_) => images.extract_if(.., |image| image.index == index).collect(),
        };
        match index {
            None => chosen.extend(group),
            Some(_) => chosen.extend(of_platform(group, |image| image.platform.as_ref(), &selection.platform)?),
        }
    }
    siblings::tell(&mut chosen, contents);
    Ok(chosen)
}

/// What a choice picks of an index's entries. `platform_of` says which platform a candidate is for.
pub(super) fn of_platform<T>(
    mut candidates: Vec<T>,
    platform_of: impl Fn(&T) -> Option<&Platform>,
    choice: &PlatformChoice,
) -> Result<Vec<T>, SourceError> {
    let (wanted, is_asked) = match choice {
        PlatformChoice::All => return Ok(candidates),
        PlatformChoice::Host => (Platform::host(), false),
        PlatformChoice::Exactly(platform) => (platform.clone(), true),
    };
    let matching = candidates.iter().position(|c| platform_of(c).is_some_and(|offered| wanted.matches(offered)));
    match matching {
        Some(at) => Ok(vec![candidates.swap_remove(at)]),
        None if candidates.len() == 1 && !is_asked => Ok(candidates),
        None => {
            let platforms = candidates.iter().filter_map(|c| platform_of(c).map(Platform::to_string)).collect();
            Err(SourceError::NoSuchPlatform { wanted: wanted.to_string(), platforms })
        }
    }
}

fn named(images: Vec<SourceImage>, wanted: Option<&str>) -> Result<Vec<SourceImage>, SourceError> {
    let Some(wanted) = wanted else { return Ok(images) };
    let complete = wanted.parse::<Reference>().map(|reference| reference.to_string()).unwrap_or_default();
    let as_tag = format!(":{wanted}");
    let is_meant = |name: &String| name == wanted || *name == complete || name.ends_with(&as_tag);
    let names: Vec<String> = images.iter().flat_map(|image| image.names.iter().cloned()).collect();
    let is_digest = |image: &SourceImage| image.manifest.digest.to_string() == wanted;
    let meant: Vec<_> =
        images.into_iter().filter(|image| image.names.iter().any(is_meant) || is_digest(image)).collect();
    if meant.is_empty() { Err(SourceError::NoSuchName { wanted: wanted.to_owned(), names }) } else { Ok(meant) }
}
