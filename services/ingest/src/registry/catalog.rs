//! `GET /v2/_catalog`: the repositories of the key's organization.

use actix_web::HttpResponse;
use plimsoll_identity::Action;
use plimsoll_store::repositories;
use serde_json::json;

use super::call::Call;
use super::error::RegistryError;
use super::page::Page;

/// The organization's repositories, in byte order.
pub(super) async fn list(call: &Call<'_>) -> Result<HttpResponse, RegistryError> {
    if !call.caller.key_may(Action::Pull) {
        return Err(RegistryError::denied(
            "not allowed to list repositories: this takes an API key with the scope 'read'",
        ));
    }
    let page = Page::of(&call.query)?;
    let prefix = format!("{}/", call.caller.org_slug);
    let names = match page.last.strip_prefix(&prefix) {
        Some(after) => names(call, after, &page).await?,
        None if page.last < prefix => names(call, "", &page).await?,
        None => Vec::new(),
    };
    let names = names.into_iter().map(|name| prefix.clone() + &name).collect();
    let mut response = HttpResponse::Ok();
    let names: Vec<String> = page.cut(names, &mut response, "/v2/_catalog", None, String::clone);
    Ok(response.json(json!({ "repositories": names })))
}

async fn names(call: &Call<'_>, after: &str, page: &Page) -> Result<Vec<String>, RegistryError> {
    let mut tx = call.tx().await?;
    Ok(repositories::names(&mut tx, after, page.limit()).await?)
}
