//! Images as statements name them, and as they are.
//!
//! Source: the purl type definitions of `oci` and `docker`; Docker's rules for references (`distribution/reference`).

use packageurl::PackageUrl;
use plimsoll_model::Digest;

use crate::package::architecture_spelled;

/// Longer ones name nothing.
const LONGEST: usize = 2_000;
const DOCKER_HUB: &str = "docker.io";

/// Images, by a package URL or a digest. What it leaves out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImagePattern {
    name: Option<String>,
    digest: Option<Digest>,
    /// In any of these: a `repository_url` is written with and without the image's name.
    repositories: Vec<Repository>,
    tag: Option<String>,
    architecture: Option<String>,
}

/// All by which an image is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageIdentity {
    /// Of its manifest, and of the indexes that name it.
    pub digests: Vec<Digest>,
    /// Where it lies.
    pub repositories: Vec<Repository>,
    /// The tags that it has there.
    pub tags: Vec<String>,
    /// What it runs on, if that is known.
    pub architecture: Option<String>,
}

/// A repository in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// `docker.io`, `localhost:5000`; none where only the path is known: it is then the same in every registry.
    pub registry: Option<String>,
    /// `library/debian`.
    pub path: String,
}

impl Repository {
    /// Reads a reference, also with a scheme, a tag or a digest, which are left out. `None` for what names no repository.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let text = text.split_once('@').map_or(text, |(name, _)| name).trim_matches('/');
        let text = match text.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            _ => text,
        };
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (registry, path) = match text.split_once('/') {
            Some((host, path)) if is_host(host) => (host.to_lowercase(), path),
            // An address may be a registry's alone.
            None if is_host(text) => return None,
            _ => (DOCKER_HUB.to_owned(), text),
        };
        let is_hub = matches!(
            registry.as_str(),
            DOCKER_HUB | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" | "hub.docker.com"
        );
        let path = path.trim_matches('/').to_lowercase();
        // A colon is of a host or a tag.
        match (is_hub, path.is_empty() || path.contains(':')) {
            (_, true) => None,
            (true, _) if !path.contains('/') => {
                Some(Self { registry: Some(DOCKER_HUB.into()), path: format!("library/{path}") })
            }
            (true, _) => Some(Self { registry: Some(DOCKER_HUB.into()), path }),
            (false, _) => Some(Self { registry: Some(registry), path }),
        }
    }

    /// A repository of this path, whichever the registry.
    pub fn of_any_registry(path: &str) -> Self {
        Self { registry: None, path: path.to_lowercase() }
    }

    /// The package URL of an image in it.
    pub fn purl(&self, digest: Option<Digest>, architecture: Option<&str>) -> Option<String> {
        let mut purl = PackageUrl::new("oci", self.name().to_owned()).ok()?;
        if let Some(digest) = digest {
            purl.with_version(digest.to_string()).ok()?;
        }
        if let Some(architecture) = architecture {
            purl.add_qualifier("arch", architecture.to_owned()).ok()?;
        }
        if let Some(registry) = &self.registry {
            purl.add_qualifier("repository_url", format!("{registry}/{}", self.path)).ok()?;
        }
        Some(purl.to_string())
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.registry, &other.registry) {
            (Some(a), Some(b)) => a == b && self.path == other.path,
            // People leave `library/` out.
            _ => unofficial(&self.path) == unofficial(&other.path),
        }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

fn unofficial(path: &str) -> &str {
    path.strip_prefix("library/").unwrap_or(path)
}

impl ImagePattern {
    /// The image of this digest.
    pub fn of_digest(digest: Digest) -> Self {
        Self { digest: Some(digest), ..Self::default() }
    }

    /// The images that a package URL of type `oci` or `docker` names; `None` for any other text.
    pub fn of_purl(text: &str) -> Option<Self> {
        let is_image = |kind: &&str| text.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
        if text.len() > LONGEST || !["pkg:oci/", "pkg:docker/"].iter().any(is_image) {
            return None;
        }
        let purl: PackageUrl<'_> = text.parse().ok()?;
        let qualifier =
            |key: &str| purl.qualifiers().get(key).map(|value| value.as_ref()).filter(|value| !value.is_empty());
        let name = purl.name().to_lowercase();
        let url = qualifier("repository_url");
        // `docker` has the path as namespace and name; `oci` has it in the address.
        let path = purl.namespace().map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}"));
        let repositories: Vec<Repository> = match url {
            Some(url) => {
                let whole = Repository::read(url).filter(|repository| repository.name() == name);
                let with_name = Repository::read(&format!("{}/{path}", url.trim_end_matches('/')));
                whole.into_iter().chain(with_name).collect()
            }
            None if purl.ty().eq_ignore_ascii_case("docker") => Repository::read(&path).into_iter().collect(),
            None => Vec::new(),
        };
        let version = purl.version().filter(|version| !version.is_empty());
        let digest = version.and_then(|version| version.parse().ok());
        let tag = version.filter(|_| digest.is_none()).or_else(|| qualifier("tag"));
        Some(Self {
            name: Some(name),
            digest,
            repositories,
            tag: tag.map(str::to_owned),
            architecture: qualifier("arch").map(|word| architecture_spelled(word).to_owned()),
        })
    }

    /// Whether an image is among them. A digest is enough: the same bytes are the same image wherever they lie.
    pub fn names(&self, image: &ImageIdentity) -> bool {
        if let Some(digest) = &self.digest {
            return image.digests.contains(digest);
        }
        let is_named = |there: &Repository| {
            let has_name = self.name.as_deref().is_none_or(|name| there.name() == name);
            has_name && (self.repositories.is_empty() || self.repositories.iter().any(|named| named.is_same(there)))
        };
        image.repositories.iter().any(is_named)
            && self.tag.as_ref().is_none_or(|tag| image.tags.contains(tag))
            && self.is_for_architecture_of(image)
    }

    /// Whether it gives a digest or an architecture that the image does not have: it is another, whatever it is called.
    pub fn is_another(&self, image: &ImageIdentity) -> bool {
        self.digest.is_some_and(|digest| !image.digests.contains(&digest)) || !self.is_for_architecture_of(image)
    }

    fn is_for_architecture_of(&self, image: &ImageIdentity) -> bool {
        let there = image.architecture.as_deref().map(architecture_spelled);
        self.architecture.is_none() || self.architecture.as_deref() == there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_spellings_of_a_repository_are_equal() {
        let debian = Repository { registry: Some("docker.io".into()), path: "library/debian".into() };
        for text in [
            "debian",
            "debian:12",
            "docker.io/debian",
            "index.docker.io/library/debian",
            "https://registry-1.docker.io/library/debian/",
            "docker.io/library/debian@sha256:1",
        ] {
            assert_eq!(Repository::read(text), Some(debian.clone()), "{text}");
        }
        for text in ["", "/", "ghcr.io", "https://ghcr.io/", "localhost"] {
            assert_eq!(Repository::read(text), None, "{text}");
        }
        assert!(Repository::of_any_registry("debian").is_same(&debian));
        assert!(!Repository::of_any_registry("team/debian").is_same(&debian));
    }

    #[test]
    fn an_image_is_named_by_digest_repository_or_name() {
        let digest = Digest::from_sha256([1; 32]);
        let image = ImageIdentity {
            digests: vec![digest],
            repositories: vec![Repository::read("ghcr.io/aquasecurity/trivy").unwrap()],
            tags: vec!["0.50".into()],
            architecture: Some("amd64".into()),
        };
        let other = Digest::from_sha256([2; 32]);
        let cases = [
            ("pkg:oci/trivy".to_owned(), true),
            ("pkg:OCI/Trivy".to_owned(), true),
            ("pkg:oci/grype".to_owned(), false),
            ("pkg:oci/trivy?repository_url=ghcr.io/aquasecurity/trivy".to_owned(), true),
            ("pkg:oci/trivy?repository_url=ghcr.io%2Faquasecurity%2Ftrivy".to_owned(), true),
            ("pkg:oci/trivy?repository_url=GHCR.io/aquasecurity".to_owned(), true),
            ("pkg:oci/trivy?repository_url=https://ghcr.io/aquasecurity/".to_owned(), true),
            ("pkg:oci/trivy?repository_url=ghcr.io".to_owned(), false),
            ("pkg:oci/trivy?repository_url=docker.io/aquasecurity/trivy".to_owned(), false),
            ("pkg:docker/aquasecurity/trivy".to_owned(), false),
            ("pkg:docker/aquasecurity/trivy@0.50?repository_url=ghcr.io".to_owned(), true),
            ("pkg:oci/trivy?repository_url=ghcr.io/aquasecurity/trivy&tag=0.50".to_owned(), true),
            ("pkg:oci/trivy?repository_url=ghcr.io/aquasecurity/trivy&tag=0.51".to_owned(), false),
            ("pkg:oci/trivy?arch=x86_64".to_owned(), true),
            ("pkg:oci/trivy?arch=arm64".to_owned(), false),
            (format!("pkg:oci/anything@{digest}?repository_url=elsewhere.org/x"), true),
            (format!("pkg:oci/trivy@sha256%3A{}", digest.hex()), true),
            (format!("pkg:oci/trivy@{other}"), false),
        ];
        for (purl, expected) in cases {
            assert_eq!(ImagePattern::of_purl(&purl).unwrap().names(&image), expected, "{purl}");
        }
        for (purl, expected) in [
            ("pkg:oci/grype?repository_url=quay.io/x".to_owned(), false),
            ("pkg:oci/grype?tag=1&arch=x86_64".to_owned(), false),
            ("pkg:oci/grype?arch=arm64".to_owned(), true),
            (format!("pkg:oci/grype@{digest}"), false),
            (format!("pkg:oci/trivy@{other}"), true),
        ] {
            assert_eq!(ImagePattern::of_purl(&purl).unwrap().is_another(&image), expected, "{purl}");
        }
        for text in ["pkg:ocix/a", "pkg:oci/", "pkg:oci", "pkg:npm/oci", "pkg:öci/a", ""] {
            assert_eq!(ImagePattern::of_purl(text), None, "{text}");
        }
        assert!(ImagePattern::of_digest(digest).names(&image) && !ImagePattern::of_digest(other).names(&image));
    }
}
