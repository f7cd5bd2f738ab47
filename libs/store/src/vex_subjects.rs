//! What statements may speak of: vulnerabilities in the packages of an organization's images, and by what these are known.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use plimsoll_vex::{
    Decisions, Document, ImageIdentity, Meaning, PackagePattern, Repository, Said, Subject, package_url,
};
use uuid::Uuid;

use crate::vex_decisions::Scope;
use crate::{OrgTx, Result};

/// A vulnerability that counts in a package of an image.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The image.
    pub image: Uuid,
    /// The package version's row.
    pub package: i64,
    /// The vulnerability's row.
    pub vulnerability: i64,
    purl: Option<String>,
    name: String,
    version: String,
}

/// The scope's images in which one of these vulnerabilities counts.
pub(crate) async fn images(tx: &mut OrgTx, scope: Scope<'_>, vulnerabilities: &[i64]) -> Result<Vec<Uuid>> {
    if let Scope::Image(image) = scope {
        return Ok(if vulnerabilities.is_empty() { Vec::new() } else { vec![image.0] });
    }
    // An image whose scan is still under way is decided when it ends.
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT i.id FROM counted_match m
         JOIN image_package p ON p.package_version_id = m.package_version_id
         JOIN image i ON i.image_content_id = p.image_content_id
         WHERE m.vulnerability_id = ANY($2) AND i.org_id = $1 AND i.layers_analysed IS NOT NULL
           AND ($3::bigint[] IS NULL OR m.package_version_id = ANY($3))
         ORDER BY i.id",
        tx.org().0,
        vulnerabilities,
        scope.packages()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// All that counts of these vulnerabilities in these package versions (in any, where that is `None`) of these images.
pub(crate) async fn candidates(
    tx: &mut OrgTx,
    images: &[Uuid],
    packages: Option<&[i64]>,
    vulnerabilities: &[i64],
) -> Result<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"SELECT DISTINCT i.id AS image, p.id AS package, m.vulnerability_id AS "vulnerability!", p.purl, p.name, p.version
           FROM image i
           JOIN image_package ip ON ip.image_content_id = i.image_content_id
           JOIN counted_match m ON m.package_version_id = ip.package_version_id
           JOIN package_version p ON p.id = ip.package_version_id
           WHERE i.org_id = $1 AND i.id = ANY($2) AND m.vulnerability_id = ANY($3)
             AND ($4::bigint[] IS NULL OR ip.package_version_id = ANY($4))"#,
        tx.org().0,
        images,
        vulnerabilities,
        packages
    )
    .fetch_all(tx.conn())
    .await?)
}

/// By what candidates are known.
pub(crate) struct Subjects {
    images: HashMap<Uuid, ImageIdentity>,
    packages: HashMap<i64, Option<PackagePattern>>,
    /// Where each package of an image lies, if a statement asks what lies beside it.
    files: HashMap<(Uuid, i64), Vec<String>>,
    /// What lies in each file of an image, as far as a statement names it.
    holders: HashMap<(Uuid, String), Vec<PackagePattern>>,
}

impl Subjects {
    /// Reads what the documents' statements need to know of candidates in these images.
    pub async fn read(
        tx: &mut OrgTx,
        images: &[Uuid],
        candidates: &[Candidate],
        documents: &[Document],
    ) -> Result<Self> {
        let pattern = |candidate: &Candidate| {
            let purl = package_url(candidate.purl.as_deref(), &candidate.name, &candidate.version);
            (candidate.package, PackagePattern::read(&purl))
        };
        let packages: HashMap<i64, Option<PackagePattern>> = candidates.iter().map(pattern).collect();
        let holding = Holding::of(documents);
        let (files, holders) = if holding.by_name.is_empty() {
            (HashMap::new(), HashMap::new())
        } else {
            let ids: Vec<i64> = packages.keys().copied().collect();
            let files = files(tx, images, &ids).await?;
            let holders = holders(tx, images, &files, &holding).await?;
            (files, holders)
        };
        Ok(Self { images: identities(tx, images).await?, packages, files, holders })
    }

    /// Which statement counts for a candidate. Of a package that lies in several files it hides nothing unless it is so in each: else one that does not
    /// hide counts, if there is any.
    pub fn deciding<'d>(&self, candidate: &Candidate, ids: &[String], decisions: &Decisions<'d>) -> Option<Said<'d>> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let deciding = |holders: &[PackagePattern]| {
            decisions.about(Subject {
                vulnerability: &ids,
                image: self.images.get(&candidate.image),
                package: self.packages.get(&candidate.package).and_then(Option::as_ref),
                holders,
            })
        };
        let Some(files) = self.files.get(&(candidate.image, candidate.package)) else { return deciding(&[]) };
        let of_each: Vec<Option<Said<'d>>> = files
            .iter()
            .map(|file| {
                let holders = self.holders.get(&(candidate.image, file.clone()));
                deciding(holders.map(Vec::as_slice).unwrap_or_default())
            })
            .collect();
        let shows = of_each.iter().flatten().find(|said| !said.statement.status.hides());
        let hides = || of_each.iter().copied().collect::<Option<Vec<_>>>()?.first().copied();
        shows.copied().or_else(hides)
    }
}

/// The packages of which statements say that a part is meant: only these are looked for beside a package.
struct Holding<'d> {
    by_name: HashMap<(&'d str, &'d str), Vec<&'d PackagePattern>>,
}

impl<'d> Holding<'d> {
    fn of(documents: &'d [Document]) -> Self {
        let claims = documents.iter().flat_map(|document| &document.statements).flat_map(|said| &said.claims);
        let mut by_name: HashMap<(&str, &str), Vec<&PackagePattern>> = HashMap::new();
        for claim in claims.filter(|claim| !claim.subcomponents.is_empty()) {
            if let Meaning::Package(package) = &claim.product.meaning {
                by_name.entry(package.kind_and_name()).or_default().push(package);
            }
        }
        Self { by_name }
    }

    fn names(&self, installed: &PackagePattern) -> bool {
        let same_name = self.by_name.get(&installed.kind_and_name());
        same_name.is_some_and(|patterns| patterns.iter().any(|pattern| pattern.names(installed)))
    }
}

/// All by which these images are known: the repositories of this platform have no fixed host, and their names begin with the
/// organization's.
async fn identities(tx: &mut OrgTx, images: &[Uuid]) -> Result<HashMap<Uuid, ImageIdentity>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.manifest_digest, c.architecture,
                  ARRAY(SELECT DISTINCT p.digest FROM manifest m
                        JOIN manifest_child p ON p.org_id = m.org_id AND p.repository_id = m.repository_id AND p.child_digest = m.digest
                        WHERE m.org_id = i.org_id AND m.digest = i.manifest_digest) AS "indexes!",
                  ARRAY(SELECT DISTINCT o.slug || '/' || r.name FROM manifest m
                        JOIN repository r ON r.org_id = m.org_id AND r.id = m.repository_id
                        WHERE m.org_id = i.org_id AND m.digest = i.manifest_digest) AS "repositories!",
                  ARRAY(SELECT DISTINCT t.tag FROM manifest m
                        CROSS JOIN LATERAL (
                            SELECT m.digest UNION SELECT p.digest FROM manifest_child p
                            WHERE p.org_id = m.org_id AND p.repository_id = m.repository_id AND p.child_digest = m.digest
                        ) named
                        JOIN image_tag t ON t.org_id = m.org_id AND t.repository_id = m.repository_id AND t.digest = named.digest
                                        AND t.until IS NULL
                        WHERE m.org_id = i.org_id AND m.digest = i.manifest_digest) AS "tags!"
           FROM image i
           JOIN org o ON o.id = i.org_id
           JOIN image_content c ON c.id = i.image_content_id
           WHERE i.org_id = $1 AND i.id = ANY($2)"#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    let identity =
        |digest: String, indexes: Vec<String>, repositories: Vec<String>, tags, architecture| ImageIdentity {
            digests: [digest].iter().chain(&indexes).filter_map(|digest| digest.parse().ok()).collect(),
            repositories: repositories.iter().map(|path| Repository::of_any_registry(path)).collect(),
            tags,
            architecture,
        };
    Ok(rows
        .into_iter()
        .map(|row| (row.id, identity(row.manifest_digest, row.indexes, row.repositories, row.tags, row.architecture)))
        .collect())
}

/// The files in which these package versions lie in these images, by path: the archive of `app.jar!/META-INF/MANIFEST.MF`.
async fn files(tx: &mut OrgTx, images: &[Uuid], packages: &[i64]) -> Result<HashMap<(Uuid, i64), Vec<String>>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT i.id AS image, p.package_version_id AS package, split_part(p.path, '!/', 1) AS "file!"
           FROM image i JOIN image_package p ON p.image_content_id = i.image_content_id
           WHERE i.org_id = $1 AND i.id = ANY($2) AND p.package_version_id = ANY($3) ORDER BY 1, 2, 3"#,
        tx.org().0,
        images,
        packages
    )
    .fetch_all(tx.conn())
    .await?;
    let mut files: HashMap<(Uuid, i64), Vec<String>> = HashMap::new();
    for row in rows {
        files.entry((row.image, row.package)).or_default().push(row.file);
    }
    Ok(files)
}

/// Of what lies in these files, what statements name.
async fn holders(
    tx: &mut OrgTx,
    images: &[Uuid],
    files: &HashMap<(Uuid, i64), Vec<String>>,
    holding: &Holding<'_>,
) -> Result<HashMap<(Uuid, String), Vec<PackagePattern>>> {
    let mut paths: Vec<String> = files.values().flatten().cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    let mut rows = sqlx::query!(
        r#"SELECT DISTINCT i.id AS image, split_part(h.path, '!/', 1) AS "file!", p.purl AS "purl!"
           FROM image i
           JOIN image_package h ON h.image_content_id = i.image_content_id
           JOIN package_version p ON p.id = h.package_version_id
           WHERE i.org_id = $1 AND i.id = ANY($2) AND split_part(h.path, '!/', 1) = ANY($3) AND p.purl IS NOT NULL"#,
        tx.org().0,
        images,
        &paths
    )
    .fetch(tx.conn());
    let mut holders: HashMap<(Uuid, String), Vec<PackagePattern>> = HashMap::new();
    while let Some(row) = rows.try_next().await? {
        if let Some(package) = PackagePattern::read(&row.purl).filter(|package| holding.names(package)) {
            holders.entry((row.image, row.file)).or_default().push(package);
        }
    }
    Ok(holders)
}
