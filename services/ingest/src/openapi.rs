//! The description of the REST routes, for `api-schema/openapi.json`. The registry protocol has a specification of its own.

use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::archive::{UploadedImage, UploadedImages};

#[derive(OpenApi)]
#[openapi(
    paths(crate::archive::upload),
    components(schemas(UploadedImages, UploadedImage)),
    modifiers(&ApiKey),
    tags((name = "images", description = "Bringing images"))
)]
struct Description;

struct ApiKey;

impl utoipa::Modify for ApiKey {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key, `plim_...`")).build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// The description of the REST routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_of_the_archive_upload_is_described() {
        let text = serde_json::to_value(openapi()).unwrap();
        let upload = &text["paths"]["/v1/images"]["post"];
        let answers: Vec<_> = upload["responses"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(answers, ["200", "201", "400", "401", "403", "413", "429"]);
        assert!(text["components"]["schemas"]["UploadedImage"]["properties"]["digest"].is_object());
        assert!(text["components"]["securitySchemes"]["api_key"].is_object());
    }
}
