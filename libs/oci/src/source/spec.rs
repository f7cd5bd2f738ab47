//! What a user writes to name an image.
//!
//! `docker-archive:FILE[:NAME]`, `oci-archive:FILE[:NAME]`, `oci:FOLDER[:TAG]`, `docker:REFERENCE`, `registry:REFERENCE`, or without a prefix: an
//! existing file is an archive, a folder with an `oci-layout` is a layout, everything else a reference.

use std::path::{Path, PathBuf};

use crate::{Reference, ReferenceError};

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// In a tar, `docker save`'s or OCI's: which of the two is found by looking.
    Archive {
        /// The file.
        path: PathBuf,
        /// Which of its images.
        name: Option<String>,
    },
    /// In a folder with an OCI layout.
    Layout {
        /// The folder.
        path: PathBuf,
        /// Which of its images.
        name: Option<String>,
    },
    /// At a registry.
    Registry(Reference),
}

/// A text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A path to nothing.
    #[error("there is no file or folder '{0}'")]
    NoSuchPath(String),
    /// A folder that is no layout.
    #[error("the folder '{0}' is no OCI image layout (it has no oci-layout file)")]
    NotALayout(String),
    /// Neither a path nor a reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl SourceSpec {
    /// Reads what a user wrote; looks at the file system to tell paths from references.
    ///
    /// `docker:27` and `registry:2` are images of Docker Hub: the prefixes `docker:` and `registry:` count only before a reference with a `/`, `:`
    /// or `@` in it.
    ///
    /// # Errors
    /// See [`SpecError`].
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        for prefix in ["docker-archive:", "oci-archive:"] {
            if let Some(rest) = text.strip_prefix(prefix) {
                let (path, name) = split_path(rest).ok_or_else(|| SpecError::NoSuchPath(rest.to_owned()))?;
                return Ok(Self::Archive { path, name });
            }
        }
        if let Some(rest) = text.strip_prefix("oci:") {
            let (path, name) = split_path(rest).ok_or_else(|| SpecError::NoSuchPath(rest.to_owned()))?;
            return Self::layout(path, name);
        }
        for prefix in ["docker://", "registry://", "docker:", "registry:"] {
            if let Some(rest) = text.strip_prefix(prefix)
                && (prefix.ends_with('/') || rest.contains(['/', ':', '@']))
            {
                return Ok(Self::Registry(rest.parse()?));
            }
        }
        match split_path(text) {
            Some((path, name)) if path.is_dir() => Self::layout(path, name),
            Some((path, name)) => Ok(Self::Archive { path, name }),
            None if looks_like_path(text) => Err(SpecError::NoSuchPath(text.to_owned())),
            None => Ok(Self::Registry(text.parse()?)),
        }
    }

    fn layout(path: PathBuf, name: Option<String>) -> Result<Self, SpecError> {
        if path.join("oci-layout").is_file() {
            Ok(Self::Layout { path, name })
        } else {
            Err(SpecError::NotALayout(path.display().to_string()))
        }
    }
}

/// The longest beginning that exists, ending at a colon or the text's end, and the name behind the colon.
fn split_path(text: &str) -> Option<(PathBuf, Option<String>)> {
    if text.is_empty() {
        return None;
    }
    let colons = text.match_indices(':').map(|(at, _)| at).rev();
    std::iter::once(text.len()).chain(colons).find_map(|end| {
        let path = text.get(..end).filter(|path| !path.is_empty() && Path::new(path).exists())?;
        let name = text.get(end + 1..).filter(|name| !name.is_empty()).map(str::to_owned);
        Some((PathBuf::from(path), name))
    })
}

fn looks_like_path(text: &str) -> bool {
    let is_file_name = [".tar", ".tgz", ".tar.gz", ".tar.zst"].iter().any(|end| text.ends_with(end));
    is_file_name || ["/", "./", "../", "~"].iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join("a.tar"), "x").unwrap();
        std::fs::write(folder.path().join("b:c.tar"), "x").unwrap();
        std::fs::create_dir(folder.path().join("layout")).unwrap();
        std::fs::write(folder.path().join("layout/oci-layout"), "{}").unwrap();
        let shown = |text: &str| match SourceSpec::parse(text) {
            Ok(SourceSpec::Archive { path, name }) => format!("archive {} {name:?}", path.display()),
            Ok(SourceSpec::Layout { path, name }) => format!("layout {} {name:?}", path.display()),
            Ok(SourceSpec::Registry(reference)) => format!("registry {reference}"),
            Err(error) => format!("error {error}"),
        };
        #[rustfmt::skip]
        let table = [
            ("ROOT/a.tar", "archive ROOT/a.tar None"), ("ROOT/a.tar:app:1", "archive ROOT/a.tar Some(\"app:1\")"),
            ("docker-archive:ROOT/a.tar:x/y:1", "archive ROOT/a.tar Some(\"x/y:1\")"), ("oci-archive:ROOT/b:c.tar", "archive ROOT/b:c.tar None"),
            ("ROOT/b:c.tar:tag", "archive ROOT/b:c.tar Some(\"tag\")"), ("oci:ROOT/layout:v1", "layout ROOT/layout Some(\"v1\")"),
            ("ROOT/layout", "layout ROOT/layout None"), ("oci:ROOT", "error the folder"), ("ROOT", "error the folder"),
            ("ROOT/none.tar", "error there is no file"), ("docker-archive:none", "error there is no file"), ("./none", "error there is no file"),
            ("alpine:3.18", "registry docker.io/library/alpine:3.18"), ("docker:27", "registry docker.io/library/docker:27"),
            ("registry:2", "registry docker.io/library/registry:2"), ("registry:ghcr.io/a/b", "registry ghcr.io/a/b"),
            ("docker:alpine:3", "registry docker.io/library/alpine:3"), ("docker://alpine", "registry docker.io/library/alpine"),
            ("localhost:5000/a", "registry localhost:5000/a"), ("UPPER", "error 'library/UPPER'"), ("", "error"),
        ];
        for (text, expected) in table {
            let (text, expected) = (text.replace("ROOT", root), expected.replace("ROOT", root));
            let shown = shown(&text);
            assert!(
                shown == expected || expected.starts_with("error") && shown.starts_with(&expected),
                "{text}: {shown}"
            );
        }
    }
}
