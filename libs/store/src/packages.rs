//! Distinct package versions: each is stored and matched once, whoever has it.

use plimsoll_advisories::is_inert;
use plimsoll_model::{Ecosystem, InstalledPackage, OrgId, PackageKey, PackageType, module_stream};

use crate::{CatalogTx, Result};

/// A package version as matching sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVersion {
    /// Its row.
    pub id: i64,
    /// The ecosystem with its release; `None` is never matched.
    pub ecosystem: Option<Ecosystem>,
    /// The name that advisories use.
    pub name: String,
    /// The version that advisories speak of.
    pub version: String,
    /// The label of the module stream that it was built in.
    pub module: Option<String>,
    /// Whether nothing runs from it of what advisories speak of.
    pub is_inert: bool,
}

impl PackageVersion {
    /// What advisories are looked up by; `None` where it is never matched.
    pub fn key(&self) -> Option<PackageKey> {
        self.ecosystem.clone().map(|ecosystem| PackageKey { ecosystem, package: self.name.clone() })
    }

    /// As the matcher judges it; `None` where it is never matched.
    pub(crate) fn judged(&self) -> Option<plimsoll_advisories::PackageVersion> {
        Some(plimsoll_advisories::PackageVersion {
            ecosystem: self.ecosystem.clone()?,
            name: self.name.clone(),
            version: self.version.clone(),
            module: self.module.as_deref().map(|label| module_stream(label).to_owned()),
            is_inert: self.is_inert,
        })
    }
}

/// The rows of these packages, in the same order, made where they are missing.
pub async fn ensure(tx: &mut CatalogTx, packages: &[InstalledPackage]) -> Result<Vec<i64>> {
    let texts = |of: fn(&InstalledPackage) -> Option<String>| packages.iter().map(of).collect::<Vec<_>>();
    let types = texts(|p| Some(p.package.kind.as_str().to_owned()));
    let ecosystems = texts(|p| p.ecosystem.as_ref().map(ToString::to_string));
    let names = texts(|p| Some(p.package.name.clone()));
    let versions = texts(|p| Some(p.package.version.clone()));
    let source_names = texts(|p| p.package.source.as_ref().map(|source| source.name.clone()));
    let source_versions = texts(|p| p.package.source.as_ref().map(|source| source.version.clone()));
    let architectures = texts(|p| p.package.architecture.clone());
    let licenses = texts(|p| p.package.license.clone());
    let purls = texts(|p| p.purl.clone());
    let modules = texts(|p| p.package.module.clone());
    let (advisory_names, advisory_versions): (Vec<String>, Vec<String>) = packages
        .iter()
        .map(|p| p.package.advised_as(p.ecosystem.as_ref()))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .unzip();
    // jsonb_build_array keeps nulls and separators apart, which a joined text would not. Ordered by key, so that two
    // transactions that insert the same packages wait for each other and never in a circle. A module makes another package; none keeps the
    // key that packages had before there were modules.
    Ok(sqlx::query_scalar!(
        r#"WITH wanted AS MATERIALIZED (
               SELECT p.*, sha256(convert_to((jsonb_build_array(type, ecosystem, name, version, source_name, source_version,
                                                                architecture, license, purl)
                                              || CASE WHEN module IS NULL THEN '[]' ELSE jsonb_build_array(module) END)::text, 'UTF8')) AS key
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                           $10::text[], $11::text[], $12::text[])
                    WITH ORDINALITY AS p (type, ecosystem, name, version, source_name, source_version, architecture, license, purl,
                                          module, advisory_name, advisory_version, place)
           ), made AS (
               INSERT INTO package_version (key, type, ecosystem, name, version, source_name, source_version, architecture, license,
                                            purl, module, advisory_name, advisory_version)
               SELECT DISTINCT ON (key) key, type, ecosystem, name, version, source_name, source_version, architecture, license, purl,
                      module, advisory_name, advisory_version
               FROM wanted w WHERE NOT EXISTS (SELECT FROM package_version v WHERE v.key = w.key)
               ORDER BY key
               ON CONFLICT (key) DO UPDATE SET type = excluded.type
               RETURNING id, key
           )
           SELECT coalesce(m.id, v.id) AS "id!"
           FROM wanted w LEFT JOIN made m ON m.key = w.key LEFT JOIN package_version v ON v.key = w.key
           ORDER BY w.place"#,
        &types as &[Option<String>],
        &ecosystems as &[Option<String>],
        &names as &[Option<String>],
        &versions as &[Option<String>],
        &source_names as &[Option<String>],
        &source_versions as &[Option<String>],
        &architectures as &[Option<String>],
        &licenses as &[Option<String>],
        &purls as &[Option<String>],
        &modules as &[Option<String>],
        &advisory_names,
        &advisory_versions
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The package versions under these keys: those that a change of advisories touches.
pub async fn under_keys(tx: &mut CatalogTx, keys: &[PackageKey]) -> Result<Vec<i64>> {
    let ecosystems: Vec<String> = keys.iter().map(|key| key.ecosystem.to_string()).collect();
    let names: Vec<String> = keys.iter().map(|key| key.package.clone()).collect();
    Ok(sqlx::query_scalar!(
        "SELECT p.id FROM unnest($1::text[], $2::text[]) AS k (ecosystem, name)
         JOIN package_version p ON p.ecosystem = k.ecosystem AND p.advisory_name = k.name
         GROUP BY p.id ORDER BY p.id",
        &ecosystems,
        &names
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The organizations with images that have one of these package versions, each with those that it has. For the role that re-matches.
pub async fn by_org(tx: &mut CatalogTx, ids: &[i64]) -> Result<Vec<(OrgId, Vec<i64>)>> {
    let rows = sqlx::query!(
        r#"SELECT org_id AS "org!", package_versions AS "package_versions!" FROM orgs_having($1) ORDER BY org_id"#,
        ids
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (OrgId(row.org), row.package_versions)).collect())
}

/// Locks these package versions until the transaction ends and gives them. Whoever writes their matches holds this lock
/// *before* it reads what affects them, so that an older reading never overwrites a newer one.
pub async fn lock(tx: &mut CatalogTx, ids: &[i64]) -> Result<Vec<PackageVersion>> {
    let rows = sqlx::query_as!(
        PackageVersionRow,
        "SELECT id, ecosystem, advisory_name, advisory_version, module, type AS kind, name, source_name FROM package_version
         WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PackageVersion::from).collect())
}

/// A package version as it is read to be judged.
pub(crate) struct PackageVersionRow {
    pub(crate) id: i64,
    pub(crate) ecosystem: Option<String>,
    pub(crate) advisory_name: String,
    pub(crate) advisory_version: String,
    pub(crate) module: Option<String>,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) source_name: Option<String>,
}

impl From<PackageVersionRow> for PackageVersion {
    fn from(row: PackageVersionRow) -> Self {
        Self {
            id: row.id,
            is_inert: PackageType::parse(&row.kind)
                .is_some_and(|kind| is_inert(kind, &row.name, row.source_name.as_deref())),
            ecosystem: row.ecosystem.and_then(|text| text.parse::<Ecosystem>().ok()),
            name: row.advisory_name,
            version: row.advisory_version,
            module: row.module,
        }
    }
}
