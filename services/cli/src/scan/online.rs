//! `plimsoll scan` by a server: push the image, wait for the scan, fetch what it found.

use std::time::Duration;

use plimsoll_oci::push::{PushEvent, PushProgress, push};
use plimsoll_oci::registry::{ClientOptions, Credentials, RegistryClient, RegistryError, http_client};
use secrecy::{ExposeSecret as _, SecretString};

use crate::arguments::{AccessArguments, ScanArguments};
use crate::exit::Failure;
use crate::progress::Progress;
use crate::report::{ScanReport, ScannedImage};
use crate::scan::placement::{Placement, placement};
use crate::server::{ScanState, Server, ServerFacts};
use crate::source::image::{self, OpenedImage};

/// How often the scan is asked about at first, and at last.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// Scans what the user names.
pub async fn scan(arguments: &ScanArguments, progress: &Progress) -> Result<ScanReport, Failure> {
    let address = arguments.server.access.server.clone().ok_or_else(|| {
        Failure::Usage("no server: say --server URL or set PLIMSOLL_SERVER, or scan with --offline".into())
    })?;
    if arguments.source.starts_with("dir:") {
        return Err(Failure::Usage("a folder is scanned with --offline".into()));
    }
    let key = api_key(&arguments.server.access)?;
    let opened = image::open(&arguments.source, &arguments.image, progress).await?;
    progress.step(format!("asking {address}"), 0);
    let server = Server::connect(address, key.clone()).await?;
    let slug = server.organization().await?;
    let place = placement(&slug, &opened.image, &arguments.source, &arguments.server)?;
    send(&opened, &place, server.facts(), key, progress).await?;
    let digest = opened.image.manifest.digest.to_string();
    wait(&server, &slug, &digest, progress).await?;
    progress.step("fetching the findings", 0);
    let found = server.report(&slug, &digest).await?;
    let image = ScannedImage { platform: found.image.platform, ..ScannedImage::from(opened.image) };
    Ok(ScanReport { image, ..found })
}

/// The key that the user names.
pub fn api_key(arguments: &AccessArguments) -> Result<SecretString, Failure> {
    let key = match &arguments.api_key_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::undone(format!("the API key in {}: {error}", path.display())))?,
        None => std::env::var("PLIMSOLL_API_KEY").unwrap_or_default(),
    };
    if key.trim().is_empty() {
        return Err(Failure::Usage("no API key: set PLIMSOLL_API_KEY or say --api-key-file FILE".into()));
    }
    Ok(SecretString::from(key.trim()))
}

async fn send(
    opened: &OpenedImage,
    place: &Placement,
    facts: &ServerFacts,
    key: SecretString,
    progress: &Progress,
) -> Result<(), Failure> {
    let url = &facts.registry;
    let host = url.host_str().map(|host| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
    let host = host.ok_or_else(|| Failure::undone(format!("the server names no registry: {url}")))?;
    let options = ClientOptions { is_plain_http: url.scheme() == "http", ..ClientOptions::default() };
    let http = http_client(reqwest::Client::builder()).map_err(Failure::undone)?;
    let credentials = Credentials::Basic { username: "plimsoll".into(), password: key.expose_secret().into() };
    let client = RegistryClient::new(http, &host, credentials, options).map_err(Failure::undone)?;
    let bytes = opened.image.blobs.iter().map(|blob| blob.size).sum();
    progress.step(format!("sending {} to {host}/{}", opened.image.name, place.repository), bytes);
    let told = progress.clone();
    let events: PushProgress = std::sync::Arc::new(move |event| match event {
        PushEvent::BlobPresent { size, .. } => told.add(i64::try_from(size).unwrap_or(i64::MAX)),
        PushEvent::BlobBytes { bytes, .. } => told.add(bytes),
        PushEvent::BlobStarted { .. } | PushEvent::BlobDone { .. } | PushEvent::ManifestDone { .. } => {}
    });
    let pushed = push(&opened.source, &opened.image, &client, &place.repository, &place.reference, events).await;
    pushed.map_err(|error| match &error {
        RegistryError::Unauthorized { .. } | RegistryError::Denied { .. } => {
            Failure::curable(error, "is the API key right, not expired, and allowed to push?")
        }
        _ => Failure::undone(error),
    })
}

/// Until the scan has ended, however long that takes: the caller has a deadline.
async fn wait(server: &Server, slug: &str, digest: &str, progress: &Progress) -> Result<(), Failure> {
    let (mut pause, most) = POLL;
    let mut told = None;
    progress.step("waiting for the scan", 0);
    loop {
        let scan = server.scan(slug, digest).await?;
        let state = scan.as_ref().map(|scan| scan.state);
        match state {
            Some(ScanState::Done) => return Ok(()),
            Some(ScanState::Failed) => {
                let error = scan.and_then(|scan| scan.error);
                let why = error.map_or_else(
                    || "the server does not say why".to_owned(),
                    |error| format!("{} ({})", error.message, error.code),
                );
                return Err(Failure::undone(format!("the scan failed: {why}")));
            }
            _ if state != told => {
                progress.step(state.map_or("waiting for the scan", ScanState::words), 0);
                told = state;
            }
            _ => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(most);
    }
}
