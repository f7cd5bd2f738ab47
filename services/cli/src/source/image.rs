//! The image that the user means.

use std::sync::Arc;

use plimsoll_oci::registry::{ClientOptions, CredentialFiles, RegistryClient, http_client};
use plimsoll_oci::source::{
    ArchiveOptions, ImageSource, PlatformChoice, Selection, SourceError, SourceImage, SourceSpec, SpecError,
};

use crate::arguments::ImageArguments;
use crate::exit::Failure;
use crate::progress::Progress;

/// An image where it lies.
pub struct OpenedImage {
    pub source: ImageSource,
    pub image: SourceImage,
}

/// Opens what the user wrote, and picks the one image that is meant.
pub async fn open(text: &str, arguments: &ImageArguments, progress: &Progress) -> Result<OpenedImage, Failure> {
    let spec = SourceSpec::parse(text).map_err(|error| match error {
        SpecError::Reference(_) => Failure::Usage(error.to_string()),
        SpecError::NoSuchPath(_) => Failure::undone(error),
        SpecError::NotALayout(_) => Failure::curable(
            error,
            format!("dir:{text} says that a folder is to be read as it is: inventory does so, and scan with --offline"),
        ),
    })?;
    progress.step(format!("opening {text}"), 0);
    let mut selection = Selection { name: None, platform: PlatformChoice::Host };
    if let Some(platform) = &arguments.platform {
        selection.platform = PlatformChoice::Exactly(platform.clone());
    }
    let source = match spec {
        SourceSpec::Archive { path, name } => {
            selection.name = name;
            let told = progress.clone();
            let on_inflate = Arc::new(move |size| told.step("inflating the archive", size));
            let options = ArchiveOptions { on_inflate: Some(on_inflate), ..ArchiveOptions::default() };
            ImageSource::from_archive(&path, options).await.map_err(Failure::undone)?
        }
        SourceSpec::Layout { path, name } => {
            selection.name = name;
            ImageSource::from_layout(&path).await.map_err(Failure::undone)?
        }
        SourceSpec::Registry(reference) => {
            let files = CredentialFiles::from_environment(|name| std::env::var_os(name));
            let credentials = files.credentials_for(&reference).await.map_err(Failure::undone)?;
            let options = ClientOptions { is_plain_http: arguments.plain_http, ..ClientOptions::default() };
            let http = http_client(reqwest::Client::builder()).map_err(Failure::undone)?;
            let client =
                RegistryClient::for_reference(http, &reference, credentials, options).map_err(Failure::undone)?;
            ImageSource::from_registry(client, reference)
        }
    };
    let mut images = source.images(&selection).await.map_err(told)?;
    match images.len() {
        1 => {}
        0 => return Err(Failure::undone(format!("{text} holds no image"))),
        _ => {
            let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).take(20).collect();
            let cure = format!("{text}:NAME, where NAME is one of {}", names.join(", "));
            return Err(Failure::curable(format!("{text} holds {} images", images.len()), cure));
        }
    }
    match images.pop() {
        Some(image) if image.is_container_image => Ok(OpenedImage { source, image }),
        Some(image) => Err(Failure::undone(format!("{} is an artifact, not a container image", image.name))),
        None => Err(Failure::undone(format!("{text} holds no image"))),
    }
}

fn told(error: SourceError) -> Failure {
    match &error {
        SourceError::NoSuchPlatform { .. } => Failure::curable(error, "--platform OS/ARCH picks another"),
        _ => Failure::undone(error),
    }
}
