//! `GET /v1/images/{digest}/vex.json`: what an image's findings come to, and what is hidden and why, as a VEX document of our own.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use plimsoll_identity::Permission;
use plimsoll_model::{AffectedState, Digest};
use plimsoll_runtime::{Problem, clock};
use plimsoll_store::views::findings::{self, FindingFilter, FindingOrder};
use plimsoll_store::views::images::{self, Image};
use plimsoll_store::views::packages::{self, Package};
use plimsoll_store::views::vex::{self, VexStatement};
use plimsoll_store::views::vulnerabilities::{self, Vulnerability};
use plimsoll_store::views::{repositories, uncounted};
use plimsoll_store::{OrgTx, StoreError, orgs};
use plimsoll_vex::write::{About, Edition, Found, OwnStatement, write};
use plimsoll_vex::{Format, Justification, Repository, Status};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::body::ProblemDocument;
use crate::authentication::Credentials;
use crate::server::State;

/// Findings that are read at one time.
const AT_A_TIME: i64 = 1_000;
const UNDER_INVESTIGATION: &str = "under_investigation";

/// In which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Form {
    /// `openvex`, `csaf` or `cyclonedx`.
    #[serde(default = "openvex")]
    #[param(value_type = String, default = "openvex", example = "csaf")]
    format: Format,
}

const fn openvex() -> Format {
    Format::OpenVex
}

/// What an image's findings come to, as a VEX document: each is affected, with what to do; what a VEX document of the organization says otherwise,
/// or hides, is as that says. Needs a key with the scope `read`, or a session.
#[utoipa::path(get, path = "/v1/images/{digest}/vex.json", tag = "images",
    params(("digest" = String, Path, description = "The digest of the image's manifest: `sha256:...`"), Form), responses(
    (status = 200, description = "The document", body = Value),
    (status = 400, description = "Not the query expected", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 401, description = "No credentials, or nobody's", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "Credentials that may not read, or a cookie that came with another site's page", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "There is no such image that you may see", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "No scan of the image has ended yet", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[tracing::instrument(skip_all)]
pub async fn image_vex(
    request: HttpRequest,
    state: Data<State>,
    digest: Path<String>,
) -> Result<HttpResponse, Problem> {
    let credentials = Credentials::of(&request, &state.public_url)?.ok_or_else(Problem::unauthorized)?;
    let viewer = credentials.viewer(&state).await?;
    let form = Query::<Form>::from_query(request.query_string())
        .map_err(|error| Problem::bad_request("query_invalid", format!("The query of the address: {error}")))?;
    let mut readable = viewer.accesses.iter().filter(|access| access.allows(Permission::ReadFindings)).peekable();
    if readable.peek().is_none() {
        let detail = "You may not read here: a key needs the scope `read`.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let internal = |error: StoreError| Problem::internal(&error);
    for access in readable {
        let mut tx = state.store.org_tx(access.org).await.map_err(internal)?;
        let found = images::by_digests(&mut tx, std::slice::from_ref(&*digest)).await.map_err(internal)?;
        let Some(image) = found.into_iter().next() else { continue };
        if image.layers_analysed.is_none() {
            let detail = "No scan of this image has ended yet: what is wrong with it is not known.";
            return Err(Problem::new(StatusCode::CONFLICT, "not_scanned", detail));
        }
        let host = state.ingest_url.as_str();
        let document = document(&mut tx, &image, form.format, host).await.map_err(internal)?;
        return Ok(HttpResponse::Ok().json(document));
    }
    Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no image of this digest that you may see."))
}

async fn document(tx: &mut OrgTx, image: &Image, format: Format, registry: &str) -> Result<Value, StoreError> {
    let org = orgs::current(tx).await?;
    let (slug, author) = org.map(|org| (org.slug, org.name)).unwrap_or_default();
    let held = repositories::of_images(tx, &[image.id.0]).await?.into_iter().next();
    let repository = held
        .and_then(|(_, held)| Repository::read(&format!("{}/{slug}/{}", registry.trim_end_matches('/'), held.name)));
    let name = match &repository {
        Some(Repository { registry: Some(registry), path }) => format!("{registry}/{path}@{}", image.digest),
        _ => image.digest.clone(),
    };
    let mut statements = statements_of(tx, image, false).await?;
    statements.extend(statements_of(tx, image, true).await?);
    statements.extend(looked_into(tx, image).await?);
    let digest: Option<Digest> = image.digest.parse().ok();
    let about = About { name: &name, digest, repository, architecture: image.architecture.as_deref() };
    let edition = Edition {
        id: clock::new_id(),
        author: &author,
        timestamp: clock::now(),
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    Ok(write(format, &about, &statements, &edition))
}

/// What is said of the image's open findings: of those that are hidden, or of the others.
async fn statements_of(tx: &mut OrgTx, image: &Image, is_hidden: bool) -> Result<Vec<OwnStatement>, StoreError> {
    let filter = FindingFilter { is_hidden: Some(is_hidden), ..FindingFilter::default() };
    let (mut statements, mut after) = (Vec::new(), None);
    loop {
        let order = FindingOrder::Package;
        let rows = findings::pages_of_images(tx, &[image.id.0], &filter, order, after.as_ref(), AT_A_TIME).await?;
        let known = Known::read(tx, rows.iter().map(|row| (row.package, row.vulnerability))).await?;
        let remarks: HashMap<Place, Uuid> = vex::remarks(tx, &shown(&rows)).await?.into_iter().collect();
        let said = said(tx, rows.iter().filter_map(|row| row.hidden_by).chain(remarks.values().copied())).await?;
        statements.extend(rows.iter().filter_map(|row| {
            let state = row.state.as_deref().and_then(AffectedState::parse).unwrap_or_default();
            let own = known.statement(row.package, row.vulnerability, state, row.fixed_in.as_deref(), row.opened_at)?;
            let remark = remarks.get(&place(row)).and_then(|by| said.get(by));
            Some(match (row.hidden_by.and_then(|by| said.get(&by)), remark) {
                (Some(said), _) => as_said(own, said),
                (None, Some(said)) => remarked(own, said),
                (None, None) => own,
            })
        }));
        after = rows.last().map(findings::Finding::place);
        if after.is_none() {
            return Ok(statements);
        }
    }
}

/// What is said of matches that no source is sure of yet.
async fn looked_into(tx: &mut OrgTx, image: &Image) -> Result<Vec<OwnStatement>, StoreError> {
    let at = image.scan_finished_at.unwrap_or(image.last_seen);
    let (mut statements, mut after) = (Vec::new(), None);
    loop {
        let images = [image.id.0];
        let rows = uncounted::pages(tx, &images, Some(UNDER_INVESTIGATION), after.as_ref(), AT_A_TIME).await?;
        let known = Known::read(tx, rows.iter().map(|row| (row.package, row.vulnerability))).await?;
        statements.extend(rows.iter().filter_map(|row| {
            let state = AffectedState::UnderInvestigation;
            known.statement(row.package, row.vulnerability, state, row.fixed_in.as_deref(), at)
        }));
        after = rows.last().map(uncounted::Uncounted::place);
        if after.is_none() {
            return Ok(statements);
        }
    }
}

/// A finding by its image, package version and vulnerability.
type Place = (Uuid, i64, i64);

const fn place(row: &findings::Finding) -> Place {
    (row.image.0, row.package, row.vulnerability)
}

fn shown(rows: &[findings::Finding]) -> Vec<Place> {
    rows.iter().filter(|row| row.hidden_by.is_none()).map(place).collect()
}

/// These statements.
async fn said(tx: &mut OrgTx, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, VexStatement>, StoreError> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(vex::statements(tx, &ids).await?.into_iter().map(|said| (said.id, said)).collect())
}

/// What is said of a finding that stays: what to do is ours where it does not tell.
fn remarked(own: OwnStatement, said: &VexStatement) -> OwnStatement {
    let action = if said.action.is_empty() { own.action } else { said.action.clone() };
    OwnStatement { status: Status::parse(&said.status).unwrap_or(own.status), action, ..own }
}

fn as_said(own: OwnStatement, said: &VexStatement) -> OwnStatement {
    OwnStatement {
        status: Status::parse(&said.status).unwrap_or(own.status),
        justification: said.justification.as_deref().and_then(Justification::parse),
        impact: said.impact.clone(),
        action: said.action.clone(),
        at: said.at.unwrap_or(own.at),
        ..own
    }
}

/// The packages and vulnerabilities of some findings.
struct Known {
    packages: HashMap<i64, Package>,
    vulnerabilities: HashMap<i64, Vulnerability>,
}

impl Known {
    async fn read(tx: &mut OrgTx, of: impl Iterator<Item = (i64, i64)>) -> Result<Self, StoreError> {
        let (packages, vulnerabilities): (Vec<i64>, Vec<i64>) = of.unzip();
        Ok(Self {
            packages: packages::by_ids(tx, &packages).await?.into_iter().map(|row| (row.id, row)).collect(),
            vulnerabilities: vulnerabilities::by_ids(tx, &vulnerabilities)
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect(),
        })
    }

    fn statement(
        &self,
        package: i64,
        vulnerability: i64,
        state: AffectedState,
        fixed_in: Option<&str>,
        at: DateTime<Utc>,
    ) -> Option<OwnStatement> {
        let package = self.packages.get(&package)?;
        let vulnerability = self.vulnerabilities.get(&vulnerability)?;
        let found = Found {
            vulnerability: &vulnerability.name,
            aliases: &vulnerability.aliases,
            title: &vulnerability.title,
            package: &package.name,
            version: &package.version,
            purl: package.purl.as_deref(),
            state,
            fixed_in,
        };
        Some(found.statement(at))
    }
}
