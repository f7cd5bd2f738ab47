//! Manifests: get, head, push; and whether the registry answers at all.

use plimsoll_model::Digest;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use super::answer::{read_within, status_error};
use super::request::{Request, Scope};
use super::{RegistryClient, RegistryError};
use crate::{ManifestReference, RawManifest, RepositoryName, limits, media_type};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// What a registry says of a manifest without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHead {
    /// Its digest, where the registry says it.
    pub digest: Option<Digest>,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes, where the registry says it.
    pub size: Option<u64>,
}

impl RegistryClient {
    /// Asks for `/v2/`: whether the registry is there and takes the credentials.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn ping(&self) -> Result<(), RegistryError> {
        let request = Request::new(Method::GET, self.shared.base.clone(), Scope::none());
        let response = self.send(&request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(status_error(response, &request.what(), self.shared.options.answer_timeout).await)
    }

    /// Gets a manifest. One asked for by digest has that digest; one asked for by tag has the digest that the registry says, if it says one.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; [`RegistryError::TooLarge`] past [`limits::MANIFEST_BYTES`]; [`RegistryError::DigestMismatch`];
    /// [`RegistryError::Manifest`]; others as the connection has it.
    pub async fn get_manifest(
        &self,
        repository: &RepositoryName,
        reference: &ManifestReference,
    ) -> Result<RawManifest, RegistryError> {
        let request = self.manifest_request(Method::GET, repository, reference)?;
        let what = request.what();
        let response = self.send(&request).await?;
        if response.status() != StatusCode::OK {
            return Err(status_error(response, &what, self.shared.options.answer_timeout).await);
        }
        let said = content_digest(response.headers());
        let content_type = specific_content_type(response.headers());
        let bytes = read_within(response, &what, limits::MANIFEST_BYTES, self.shared.options.answer_timeout).await?;
        // The digest first: what is not what was asked for is not even parsed.
        let computed = crate::manifest::digest_of(&bytes);
        let expected = match reference {
            ManifestReference::Digest(digest) => Some(*digest),
            ManifestReference::Tag(_) => said,
        };
        if let Some(expected) = expected.filter(|expected| *expected != computed) {
            return Err(RegistryError::DigestMismatch { what, expected, computed });
        }
        let parsed = RawManifest::new(bytes, content_type.as_deref());
        Ok(parsed.map_err(|source| RegistryError::Manifest { what, source })?.0)
    }

    /// Asks for a manifest's digest and type; `None` where there is no such manifest.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn head_manifest(
        &self,
        repository: &RepositoryName,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, RegistryError> {
        let request = self.manifest_request(Method::HEAD, repository, reference)?;
        let response = self.send(&request).await?;
        match response.status() {
            StatusCode::OK => {
                let headers = response.headers();
                let size = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
                let media_type = specific_content_type(headers).unwrap_or_default();
                Ok(Some(ManifestHead { digest: content_digest(headers), media_type, size }))
            }
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(status_error(response, &request.what(), self.shared.options.answer_timeout).await),
        }
    }

    /// Puts a manifest under a tag or its digest. Its blobs must be there already.
    ///
    /// # Errors
    /// [`RegistryError::DigestMismatch`] if the registry stored it under another digest; others as the registry has it.
    pub async fn push_manifest(
        &self,
        repository: &RepositoryName,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<(), RegistryError> {
        let url = self.url(repository, format_args!("manifests/{reference}"))?;
        let mut request = Request::new(Method::PUT, url, Scope::push(repository));
        let what = request.what();
        let content_type = HeaderValue::from_str(&manifest.media_type).map_err(|_| RegistryError::Protocol {
            what: what.clone(),
            why: "its media type is no header value".into(),
        })?;
        request.body = Some((manifest.bytes.clone(), content_type));
        let response = self.send(&request).await?;
        if !response.status().is_success() {
            return Err(status_error(response, &what, self.shared.options.answer_timeout).await);
        }
        match content_digest(response.headers()) {
            Some(computed) if computed != manifest.digest => {
                Err(RegistryError::DigestMismatch { what, expected: manifest.digest, computed })
            }
            _ => Ok(()),
        }
    }

    fn manifest_request(
        &self,
        method: Method,
        repository: &RepositoryName,
        reference: &ManifestReference,
    ) -> Result<Request, RegistryError> {
        let url = self.url(repository, format_args!("manifests/{reference}"))?;
        let mut request = Request::new(method, url, Scope::pull(repository));
        request.accept = HeaderValue::from_str(&media_type::MANIFESTS.join(", ")).ok();
        Ok(request)
    }
}

fn content_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}

/// The Content-Type, unless it says nothing: some registries send the general types of their file server.
fn specific_content_type(headers: &HeaderMap) -> Option<String> {
    let essence = media_type::essence(headers.get(CONTENT_TYPE)?.to_str().ok()?);
    (!matches!(essence.as_str(), "" | "application/json" | "text/plain" | "application/octet-stream"))
        .then_some(essence)
}
