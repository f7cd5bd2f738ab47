//! Image references, `[registry/]repository[:tag][@digest]`, read by Docker's rules.
//!
//! Source: `distribution/reference`, `normalize.go` and `regexp.go`: what precedes the first `/` is a registry only if it holds a `.`
//! or a `:`, is `localhost`, or has an upper-case letter; everything else is Docker Hub's, where one-word names live
//! under `library/`.

use std::fmt;
use std::str::FromStr;

use plimsoll_model::Digest;

use crate::{RepositoryName, Tag};

/// Docker Hub, as references name it.
const DOCKER_HUB: &str = "docker.io";
/// The host that speaks the distribution protocol for Docker Hub.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// Why a text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The part before the first `/` looks like a registry and is not one.
    #[error("'{0}' is not a registry host (expected host or host:port)")]
    InvalidRegistry(String),
    /// The repository name does not follow the grammar.
    #[error("'{0}' is not a repository name (lower-case letters and digits, separated by . _ __ - and /)")]
    InvalidName(String),
    /// The repository name, with its registry, is longer than 255 bytes.
    #[error("a repository name of {0} bytes is too long (at most 255 with its registry)")]
    NameTooLong(usize),
    /// The tag does not follow the grammar.
    #[error("'{0}' is not a tag (letters, digits and _ . -, at most 128, not beginning with . or -)")]
    InvalidTag(String),
    /// What follows `@` is not a digest that we accept.
    #[error(transparent)]
    InvalidDigest(#[from] plimsoll_model::DigestError),
}

/// The beginning of a hostile text, without control characters, for an error.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

/// An image reference, complete: its registry and repository are always there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: String,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// A manifest within its repository: the last part of `/v2/<name>/manifests/<reference>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ManifestReference {
    /// By tag.
    Tag(Tag),
    /// By digest.
    Digest(Digest),
}

impl FromStr for ManifestReference {
    type Err = ReferenceError;

    /// What has a colon is a digest: no tag has one.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.contains(':') { Ok(Self::Digest(text.parse()?)) } else { Ok(Self::Tag(text.parse()?)) }
    }
}

impl fmt::Display for ManifestReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl Reference {
    /// The registry as references name it: `docker.io`, `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host, with its port where it has one, that serves this registry's `/v2/`.
    pub fn registry_host(&self) -> &str {
        if self.registry == DOCKER_HUB { DOCKER_HUB_HOST } else { &self.registry }
    }

    /// The repository, `library/` included.
    pub fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The tag, if one was written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if one was written. It goes before the tag.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What to ask a registry for: the digest, else the tag, else `latest`.
    pub fn manifest_reference(&self) -> ManifestReference {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => ManifestReference::Digest(*digest),
            (None, Some(tag)) => ManifestReference::Tag(tag.clone()),
            (None, None) => ManifestReference::Tag(Tag::latest()),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (registry, path) = split_registry(rest)?;
        // A colon after the last slash begins a tag; one before it was the registry's port.
        let (name, tag) = match path.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.parse()?)),
            _ => (path, None),
        };
        if registry.is_none() && name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            // Docker takes such a name for an image id, never for a repository.
            return Err(ReferenceError::InvalidName(excerpt(name)));
        }
        let registry = match registry {
            None | Some("index.docker.io") => DOCKER_HUB,
            Some(registry) => registry,
        };
        let repository: RepositoryName = if registry == DOCKER_HUB && !name.contains('/') && !name.is_empty() {
            format!("library/{name}").parse()?
        } else {
            name.parse()?
        };
        let length = registry.len() + 1 + repository.as_str().len();
        if length > 255 {
            return Err(ReferenceError::NameTooLong(length));
        }
        Ok(Self { registry: registry.to_owned(), repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn split_registry(text: &str) -> Result<(Option<&str>, &str), ReferenceError> {
    let Some((first, rest)) = text.split_once('/') else { return Ok((None, text)) };
    let names_host =
        first.contains(['.', ':']) || first == "localhost" || first.chars().any(|c| c.is_ascii_uppercase());
    if !names_host {
        return Ok((None, text));
    }
    if is_authority(first) { Ok((Some(first), rest)) } else { Err(ReferenceError::InvalidRegistry(excerpt(first))) }
}

/// `host[:port]` where the host is a name, an IPv4 address, or an IPv6 address in brackets.
fn is_authority(text: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return address.parse::<std::net::Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_by_dockers_rules() {
        let hex = "0".repeat(64);
        let digest = format!("sha256:{hex}");
        let pinned = format!("docker.io/library/alpine:3@{digest}");
        #[rustfmt::skip]
        let table = [
            ("alpine", "docker.io/library/alpine", "registry-1.docker.io"),
            ("alpine:3.18", "docker.io/library/alpine:3.18", "registry-1.docker.io"),
            ("library/alpine", "docker.io/library/alpine", "registry-1.docker.io"),
            ("docker.io/alpine", "docker.io/library/alpine", "registry-1.docker.io"),
            ("index.docker.io/alpine", "docker.io/library/alpine", "registry-1.docker.io"),
            ("docker.io/team/app:x", "docker.io/team/app:x", "registry-1.docker.io"),
            ("team/app/part", "docker.io/team/app/part", "registry-1.docker.io"),
            ("localhost/app", "localhost/app", "localhost"),
            ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000"),
            ("ghcr.io/team/app", "ghcr.io/team/app", "ghcr.io"),
            ("127.0.0.1:80/a", "127.0.0.1:80/a", "127.0.0.1:80"),
            ("[::1]:5000/a:b", "[::1]:5000/a:b", "[::1]:5000"),
            ("registry:5000/a", "registry:5000/a", "registry:5000"),
            ("Host/app", "Host/app", "Host"),
            ("localhost:5000", "docker.io/library/localhost:5000", "registry-1.docker.io"),
            (pinned.as_str(), pinned.as_str(), "registry-1.docker.io"),
        ];
        for (text, full, host) in table {
            let reference: Reference = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(reference.to_string(), full, "{text}");
            assert_eq!(reference.registry_host(), host, "{text}");
            assert_eq!(full.parse::<Reference>().unwrap(), reference, "{text} read again");
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_part_that_is_wrong() {
        let hex = "0".repeat(64);
        let long = format!("example.com/{}", "a/".repeat(125) + "a");
        #[rustfmt::skip]
        let table = [
            ("", "repository name"), (":tag", "repository name"), ("Alpine", "repository name"), ("a:", "not a tag"),
            ("a:b:c", "repository name"), ("a//b", "repository name"), ("https://ghcr.io/a", "not a registry host"),
            ("-bad.com/a", "not a registry host"), ("a.b:99999/x", "not a registry host"), ("[::1/x", "not a registry host"),
            ("a@sha256:abc", "not a digest"), ("a@", "not a digest"), (&hex, "repository name"), (&long, "too long"),
            ("../../etc/passwd", "not a registry host"), ("a b", "repository name"), ("ghcr.io/", "repository name"),
        ];
        for (text, part) in table {
            let error = text.parse::<Reference>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_digest_goes_before_a_tag_and_latest_comes_last() {
        let digest = format!("sha256:{}", "1".repeat(64));
        let table = [("a".to_owned(), "latest"), ("a:b".to_owned(), "b"), (format!("a:b@{digest}"), digest.as_str())];
        for (text, asked) in table {
            assert_eq!(text.parse::<Reference>().unwrap().manifest_reference().to_string(), asked);
            assert_eq!(asked.parse::<ManifestReference>().unwrap().to_string(), asked);
        }
    }
}
