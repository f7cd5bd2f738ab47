//! A client of the OCI Distribution protocol 1.1.
//!
//! The HTTP client comes from the caller ([`http_client`] finishes one), and with it name resolution and address rules; a literal address does not pass a
//! resolver, so [`ClientOptions::url_rule`] is asked about every URL: the registry's own, redirects, token realms, upload locations.
//! Redirects are followed here, credentials never to another origin, and never from https to http.

mod answer;
mod blob;
mod challenge;
mod client;
mod credentials;
mod error;
mod options;
mod pace;
mod request;
mod tags;
mod token;
mod upload;

mod manifests;

pub use blob::BlobStream;
pub use client::RegistryClient;
pub use credentials::{CredentialError, CredentialFiles, Credentials};
pub use error::RegistryError;
pub use manifests::ManifestHead;
pub use options::{ClientOptions, RetryPolicy, UrlRule, http_client};

#[cfg(test)]
mod tests;
