//! `GET /v2/NAME/tags/list`.

use actix_web::HttpResponse;
use plimsoll_store::tags;
use serde_json::json;

use super::call::{Call, Target};
use super::error::RegistryError;
use super::page::Page;

/// A repository's tags, in byte order.
pub(super) async fn list(call: &Call<'_>, target: &Target) -> Result<HttpResponse, RegistryError> {
    if !super::is_read(call.http.method()) {
        return Err(RegistryError::method_not_allowed());
    }
    call.require_pull(target)?;
    let page = Page::of(&call.query)?;
    let mut tx = call.tx().await?;
    let repository = target.get(&mut tx).await?;
    let tags = tags::list(&mut tx, repository, &page.last, page.limit()).await?;
    let mut response = HttpResponse::Ok();
    let tags = page.cut(tags, &mut response, &format!("/v2/{}/tags/list", target.full_name), None, String::clone);
    Ok(response.json(json!({ "name": target.full_name, "tags": tags })))
}
