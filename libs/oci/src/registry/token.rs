//! Bearer tokens: the registry's challenge names a realm, which gives one.
//!
//! Source: CNCF distribution, "Token Authentication Specification" and "OAuth2 Token Authentication". The realm is a URL that the
//! registry chose: it is held to the same rules as any other. That it gets the credentials is the protocol; the registry could have asked for them itself.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::answer::{read_within, shown, status_error, transport};
use super::challenge::Challenge;
use super::request::{Scope, no_own_redirect};
use super::{Credentials, RegistryClient, RegistryError};

/// Real tokens have a few KiB.
const TOKEN_ANSWER_BYTES: u64 = 64 << 10;
const CLIENT_ID: &str = "plimsoll";

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
}

impl RegistryClient {
    /// The `Authorization` for a scope.
    pub(super) async fn fetch_token(&self, challenge: &Challenge, scope: &Scope) -> Result<HeaderValue, RegistryError> {
        let realm_text = challenge.parameter("realm").unwrap_or_default();
        let protocol = |why: &str| RegistryError::Protocol { what: shown(&self.shared.base), why: why.to_owned() };
        let mut realm = Url::parse(realm_text).map_err(|_| protocol("the challenge's realm is not a URL"))?;
        self.check(&realm)?;
        if realm.scheme() == "http" && realm.host() != self.shared.base.host() {
            // Credentials would cross to another host in the clear.
            return Err(RegistryError::Downgrade { from: shown(&self.shared.base), to: shown(&realm) });
        }
        let scopes = if scope.0.is_empty() { challenge.parameter("scope").unwrap_or_default() } else { &scope.0 };
        let service = challenge.parameter("service");
        let request = match &self.shared.credentials {
            Credentials::IdentityToken(refresh_token) => {
                let form = refresh_form(service, scopes, refresh_token);
                self.shared
                    .http
                    .request(Method::POST, realm.clone())
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
            credentials => {
                add_query(&mut realm, service, scopes);
                let request = self.shared.http.request(Method::GET, realm.clone());
                match credentials.basic_header() {
                    Some(basic) => request.header(AUTHORIZATION, basic),
                    None => request,
                }
            }
        };
        let what = format!("token from {}", shown(&realm));
        let after = self.shared.options.answer_timeout;
        let timed_out = |_| RegistryError::Timeout { what: what.clone(), after };
        let response = tokio::time::timeout(after, request.send())
            .await
            .map_err(timed_out)?
            .map_err(|error| transport(&what, error))?;
        no_own_redirect(&response, &realm, &what)?;
        if !response.status().is_success() {
            return Err(status_error(response, &what, after).await);
        }
        let body = read_within(response, &what, TOKEN_ANSWER_BYTES, after).await?;
        bearer_header(&body).ok_or(RegistryError::Protocol { what, why: "the answer holds no token".into() })
    }
}

fn add_query(realm: &mut Url, service: Option<&str>, scopes: &str) {
    let mut query = realm.query_pairs_mut();
    if let Some(service) = service {
        query.append_pair("service", service);
    }
    for scope in scopes.split_ascii_whitespace() {
        query.append_pair("scope", scope);
    }
    query.append_pair("client_id", CLIENT_ID);
}

fn refresh_form(service: Option<&str>, scopes: &str, refresh_token: &SecretString) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    form.append_pair("client_id", CLIENT_ID);
    if let Some(service) = service {
        form.append_pair("service", service);
    }
    form.append_pair("scope", scopes);
    form.append_pair("refresh_token", refresh_token.expose_secret());
    form.finish()
}

fn bearer_header(body: &Bytes) -> Option<HeaderValue> {
    let answer: TokenAnswer = serde_json::from_slice(body).ok()?;
    let is_filled = |token: &SecretString| !token.expose_secret().is_empty();
    let token = answer.token.filter(is_filled).or(answer.access_token.filter(is_filled))?;
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
    header.set_sensitive(true);
    Some(header)
}
