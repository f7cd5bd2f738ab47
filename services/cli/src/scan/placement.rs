//! Where a server keeps an image: its repository and tag.

use plimsoll_oci::source::SourceImage;
use plimsoll_oci::{ManifestReference, Reference, RepositoryName};

use crate::arguments::ServerArguments;
use crate::exit::Failure;

/// Where an image is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// With the organization: `acme/shop/cart`.
    pub repository: RepositoryName,
    /// Under which tag, or its digest.
    pub reference: ManifestReference,
}

/// As the user says, else as the image is called: `registry.example.org/shop/cart:1.4` goes to `<slug>/shop/cart:1.4`, and an image without a
/// name goes by its file's.
pub fn placement(
    slug: &str,
    image: &SourceImage,
    source: &str,
    arguments: &ServerArguments,
) -> Result<Placement, Failure> {
    let named = image.names.iter().find_map(|name| name.parse::<Reference>().ok());
    let repository = match (&arguments.repository, &named) {
        (Some(repository), _) => repository.clone(),
        (None, Some(reference)) => {
            let path = reference.repository().as_str();
            // Docker Hub's one-word names, as people write them.
            path.strip_prefix("library/").filter(|_| reference.registry() == "docker.io").unwrap_or(path).to_owned()
        }
        (None, None) => of_file(source),
    };
    let wrong = |what: &str, why: String| {
        Failure::Usage(format!("{what} for the image: {why}; say --repository NAME or --tag TAG"))
    };
    let repository = format!("{slug}/{repository}")
        .parse()
        .map_err(|error: plimsoll_oci::ReferenceError| wrong("no repository", error.to_string()))?;
    let tag = match (&arguments.tag, &named) {
        (Some(tag), _) => Some(tag.clone()),
        (None, Some(reference)) if reference.tag().is_none() && reference.digest().is_some() => None,
        (None, Some(reference)) => Some(reference.tag().map_or("latest", |tag| tag.as_str()).to_owned()),
        (None, None) => Some("latest".to_owned()),
    };
    let reference = match tag {
        Some(tag) => ManifestReference::Tag(
            tag.parse().map_err(|error: plimsoll_oci::ReferenceError| wrong("no tag", error.to_string()))?,
        ),
        None => ManifestReference::Digest(image.manifest.digest),
    };
    Ok(Placement { repository, reference })
}

/// Ends of archives' names.
const ARCHIVE_ENDS: [&str; 5] = [".tar.gz", ".tar.zst", ".tar.bz2", ".tgz", ".tar"];

/// A repository name of a file's or folder's: `build/My App.tar.gz` is `my-app`, whatever `docker-archive:` or `:NAME` stands around it.
fn of_file(source: &str) -> String {
    let is_path = |part: &&str| part.contains('/') || ARCHIVE_ENDS.iter().any(|end| part.ends_with(end));
    let path = source.split(':').find(is_path).or_else(|| source.split(':').next_back()).unwrap_or_default();
    let file = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = ARCHIVE_ENDS.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let words: Vec<String> = stem
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() { "image".into() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Digest;
    use plimsoll_oci::RawManifest;

    use super::*;
    use crate::arguments::AccessArguments;

    fn image(names: &[&str]) -> SourceImage {
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[],
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,
                      "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}"#;
        SourceImage {
            name: "x".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            platform: None,
            manifest: RawManifest::new(manifest.into(), None).unwrap().0,
            is_container_image: true,
            index: None,
            other_platforms: vec![],
            blobs: vec![],
        }
    }

    fn arguments(repository: Option<&str>, tag: Option<&str>) -> ServerArguments {
        ServerArguments {
            access: AccessArguments::default(),
            repository: repository.map(Into::into),
            tag: tag.map(Into::into),
        }
    }

    /// Names, source, `--repository`, `--tag`, and where it goes.
    type Case<'a> = (&'a [&'a str], &'a str, Option<&'a str>, Option<&'a str>, &'a str);

    #[test]
    fn an_image_goes_by_its_own_name_unless_another_is_asked_for() {
        let digest = Digest::from_sha256([7; 32]);
        let by_digest = format!("ghcr.io/a/b@{digest}");
        let cases: [Case<'_>; 9] = [
            (&["docker.io/library/debian:12"], "debian:12", None, None, "acme/debian:12"),
            (&["registry.example.org:5000/shop/cart:1.4"], "cart.tar", None, None, "acme/shop/cart:1.4"),
            (&["ghcr.io/a/b:1"], "x", Some("other/name"), Some("v2"), "acme/other/name:v2"),
            (&["ghcr.io/a/b"], "x", None, None, "acme/a/b:latest"),
            (&[], "build/My App_1.tar.gz", None, None, "acme/my-app-1:latest"),
            (&[], "oci:build/layout/", None, None, "acme/layout:latest"),
            (&[], "docker-archive:cart.tar", None, Some("3"), "acme/cart:3"),
            (&[], "build/cart.tar:1.4", None, None, "acme/cart:latest"),
            (&[], "---", None, None, "acme/image:latest"),
        ];
        for (names, source, repository, tag, expected) in cases {
            let placed = placement("acme", &image(names), source, &arguments(repository, tag)).unwrap();
            assert_eq!(format!("{}:{}", placed.repository, placed.reference), expected, "{names:?} {source}");
        }
        let placed = placement("acme", &image(&[&by_digest]), "x", &arguments(None, None)).unwrap();
        assert!(matches!(placed.reference, ManifestReference::Digest(_)));
        for (repository, tag) in [(Some("UPPER"), None), (None, Some("no tag"))] {
            let error = placement("acme", &image(&[]), "x", &arguments(repository, tag)).unwrap_err();
            assert!(matches!(error, Failure::Usage(_)));
        }
    }
}
