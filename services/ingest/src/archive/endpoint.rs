//! The HTTP side of archive uploads.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use plimsoll_identity::Action;
use plimsoll_model::OrgId;
use plimsoll_oci::archive::{ArchiveLimits, read_archive};
use plimsoll_runtime::Problem;
use serde::Deserialize;
use tracing::Instrument as _;

use super::answer::UploadedImages;
use super::keep::{keep_blobs, record};
use super::places::{Wanted, places};
use super::problem::UploadError;
use super::sink::StagingSink;
use crate::caller::{Caller, NotAccepted, authenticate};
use crate::ingest::Ingest;
use crate::pace;

/// Registers `/v1/images`.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/v1/images")
            .app_data(
                web::QueryConfig::default()
                    .error_handler(|error, _| Problem::bad_request("query_invalid", error.to_string()).into()),
            )
            .route(web::post().to(upload))
            .default_service(web::to(|| async {
                Err::<HttpResponse, _>(Problem::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "Send an image archive by POST, as in: curl --data-binary @image.tar",
                ))
            })),
    );
}

/// Where the images go, if not where the archive says.
#[derive(Debug, Deserialize)]
pub(crate) struct Destination {
    repository: Option<String>,
    tag: Option<String>,
}

/// Takes an image archive in and has its images scanned.
///
/// The body is the archive itself: what `docker save`, `podman save` or `skopeo copy` to an archive writes, plain or compressed with
/// gzip or zstd. Sending the same archive again changes nothing.
#[utoipa::path(
    post, path = "/v1/images", tag = "images",
    params(
        ("repository" = Option<String>, Query, description = "Where the images go, as `web` or `acme/web`; else the archive's own names count."),
        ("tag" = Option<String>, Query, description = "The tag; else the archive's own, else `latest`. Only for an archive with one image."),
    ),
    request_body(content = Vec<u8>, content_type = "application/x-tar", description = "The archive."),
    responses(
        (status = 200, description = "The images, all of which were known.", body = UploadedImages),
        (status = 201, description = "The images, some of which wait for a scan.", body = UploadedImages),
        (status = 400, description = "Not an archive that is understood, or it does not say where its images go.", content_type = "application/problem+json"),
        (status = 401, description = "No API key, or one that does not work.", content_type = "application/problem+json"),
        (status = 403, description = "An API key without the scope `push`.", content_type = "application/problem+json"),
        (status = 413, description = "Larger than is accepted.", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests with this key.", content_type = "application/problem+json"),
    ),
    security(("api_key" = []))
)]
pub(crate) async fn upload(
    ingest: Data<Ingest>,
    http: HttpRequest,
    destination: web::Query<Destination>,
    payload: Payload,
) -> HttpResponse {
    let taken = answer(ingest, http, destination.into_inner(), payload).await;
    taken.unwrap_or_else(|problem| problem.error_response())
}

async fn answer(
    ingest: Data<Ingest>,
    http: HttpRequest,
    destination: Destination,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let caller = caller(&ingest, &http).await?;
    let wanted = Wanted::parse(&caller.org_slug, destination.repository.as_deref(), destination.tag.as_deref())
        .map_err(UploadError::from)?;
    // In a task of its own: when the sender goes away, what was staged is still dropped.
    let taking = take(ingest, caller.org, caller.org_slug, wanted, payload).in_current_span();
    let images = actix_web::rt::spawn(taking).await.map_err(|error| Problem::internal(&error))??;
    let is_new = images.images.iter().any(|image| image.queued);
    Ok(if is_new { HttpResponse::Created() } else { HttpResponse::Ok() }.json(images))
}

/// Who sends, if they may.
async fn caller(ingest: &Ingest, http: &HttpRequest) -> Result<Caller, Problem> {
    let caller = authenticate(ingest, http.headers()).await.map_err(|why| match why {
        NotAccepted::Store(error) => Problem::from(UploadError::from(error)),
        NotAccepted::Missing | NotAccepted::Key | NotAccepted::Token => Problem::unauthorized(),
    })?;
    tracing::Span::current().record("org", tracing::field::display(&caller.org_slug));
    if let Some(seconds) = pace::seconds_to_wait(ingest, &caller).await {
        let detail = format!("Too many requests with this API key. Try again in {seconds} s.");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds));
    }
    // A registry token opens single repositories, and an archive may name any.
    if caller.has_token() {
        return Err(Problem::unauthorized());
    }
    if !caller.key_may(Action::Push) {
        let detail = "This API key may not bring images. Make one with the scope 'push'.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    Ok(caller)
}

#[tracing::instrument(skip_all, fields(%org))]
async fn take(
    ingest: Data<Ingest>,
    org: OrgId,
    org_slug: String,
    wanted: Wanted,
    payload: Payload,
) -> Result<UploadedImages, UploadError> {
    let mut sink = StagingSink::new(&ingest.staging, ingest.max_blob_bytes);
    let taken = read_and_record(&ingest, org, &org_slug, &wanted, payload, &mut sink).await;
    sink.discard().await;
    taken
}

async fn read_and_record(
    ingest: &Ingest,
    org: OrgId,
    org_slug: &str,
    wanted: &Wanted,
    payload: Payload,
    sink: &mut StagingSink<'_>,
) -> Result<UploadedImages, UploadError> {
    let limits = ArchiveLimits { total_bytes: ingest.max_archive_bytes, ..ArchiveLimits::default() };
    let payload = crate::staging::patient(payload);
    let contents = read_archive(payload, sink, limits).await?;
    let places = places(&contents, wanted, org_slug)?;
    keep_blobs(ingest, &contents, sink).await?;
    let images = record(ingest, org, org_slug, &contents, &places).await?;
    tracing::info!(images = images.len(), "an archive was taken in");
    Ok(UploadedImages { images })
}
