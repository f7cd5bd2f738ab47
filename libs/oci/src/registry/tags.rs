//! The list of a repository's tags, page by page.

use std::collections::BTreeSet;

use reqwest::header::LINK;
use reqwest::{Method, Response};
use serde::Deserialize;
use url::Url;

use super::answer::{read_within, status_error};
use super::request::{Request, Scope};
use super::{RegistryClient, RegistryError};
use crate::{RepositoryName, Tag};

/// Tags in all. Nightly builds over ten years make some ten thousand.
const MAX_TAGS: usize = 100_000;
const MAX_PAGES: usize = 2_000;
/// A page; registries without pages send all tags at once.
const PAGE_BYTES: u64 = 16 << 20;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl RegistryClient {
    /// Every tag of a repository, in lexical order, each once. Texts that are no tags are left out.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; [`RegistryError::Protocol`] for more than 100,000 tags or pages that lead to another host or never end.
    pub async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>, RegistryError> {
        let mut url = self.url(repository, format_args!("tags/list"))?;
        let mut tags = BTreeSet::new();
        let mut seen = BTreeSet::new();
        loop {
            let request = Request::new(Method::GET, url.clone(), Scope::pull(repository));
            let what = request.what();
            let response = self.send(&request).await?;
            let timeout = self.shared.options.answer_timeout;
            if !response.status().is_success() {
                return Err(status_error(response, &what, timeout).await);
            }
            let protocol = |why: &str| RegistryError::Protocol { what: what.clone(), why: why.to_owned() };
            let next = next_page(&response, &url);
            let body = read_within(response, &what, PAGE_BYTES, timeout).await?;
            let page: Page = serde_json::from_slice(&body).map_err(|_| protocol("the answer is no list of tags"))?;
            tags.extend(page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse::<Tag>().ok()));
            seen.insert(url.to_string());
            let Some(next) = next else { return Ok(tags.into_iter().collect()) };
            if !self.is_own(&next) {
                return Err(protocol("the next page is on another host"));
            }
            if tags.len() > MAX_TAGS || seen.len() > MAX_PAGES || seen.contains(next.as_str()) {
                return Err(protocol("the list of tags does not end"));
            }
            url = next;
        }
    }
}

/// `Link: </v2/a/tags/list?n=2&last=b>; rel="next"`.
fn next_page(response: &Response, base: &Url) -> Option<Url> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.contains("rel=\"next\"") || parameters.contains("rel=next");
    base.join(target).ok().filter(|_| is_next)
}
