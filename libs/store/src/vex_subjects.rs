//! What statements may speak of: vulnerabilities in the packages of an organization's images, and by what these are known.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt as _;
use plimsoll_model::Digest;
use plimsoll_vex::{Decisions, Document, ImageIdentity, PackagePattern, Repository, Said, Subject, package_url};
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
    /// What lies anywhere in an image that a document is attached to, likewise.
    beside: HashMap<Uuid, Vec<PackagePattern>>,
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
        let mut subjects = Self {
            images: identities(tx, images).await?,
            packages,
            files: HashMap::new(),
            holders: HashMap::new(),
            beside: HashMap::new(),
        };
        let holding = Holding::of(documents);
        if !holding.by_name.is_empty() {
            let ids: Vec<i64> = subjects.packages.keys().copied().collect();
            subjects.files = files(tx, images, &ids).await?;
            subjects.read_holders(tx, &holding).await?;
        }
        Ok(subjects)
    }

    /// Reads of what lies in the candidates' files, and anywhere in images that such a document is attached to, what statements name.
    async fn read_holders(&mut self, tx: &mut OrgTx, holding: &Holding<'_>) -> Result<()> {
        let images: Vec<Uuid> = self.images.keys().copied().collect();
        let is_attached = |identity: &ImageIdentity| identity.digests.iter().any(|of| holding.attached.contains(of));
        let whole: Vec<Uuid> =
            self.images.iter().filter(|(_, identity)| is_attached(identity)).map(|(image, _)| *image).collect();
        let mut paths: Vec<String> = self.files.values().flatten().cloned().collect();
        paths.sort_unstable();
        paths.dedup();
        let mut rows = sqlx::query!(
            r#"SELECT DISTINCT i.id AS image, split_part(h.path, '!/', 1) AS "file!", p.purl AS "purl!"
               FROM image i
               JOIN image_package h ON h.image_content_id = i.image_content_id
               JOIN package_version p ON p.id = h.package_version_id
               WHERE i.org_id = $1 AND i.id = ANY($2) AND (split_part(h.path, '!/', 1) = ANY($3) OR i.id = ANY($4))
                 AND p.purl IS NOT NULL"#,
            tx.org().0,
            &images,
            &paths,
            &whole
        )
        .fetch(tx.conn());
        while let Some(row) = rows.try_next().await? {
            let Some(package) = PackagePattern::read(&row.purl).filter(|package| holding.has_name_of(package)) else {
                continue;
            };
            if whole.contains(&row.image) {
                self.beside.entry(row.image).or_default().push(package.clone());
            }
            self.holders.entry((row.image, row.file)).or_default().push(package);
        }
        Ok(())
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
                beside: self.beside.get(&candidate.image).map(Vec::as_slice).unwrap_or_default(),
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
    by_name: HashSet<(&'d str, &'d str)>,
    /// What documents that name such a package are attached to.
    attached: HashSet<Digest>,
}

impl<'d> Holding<'d> {
    fn of(documents: &'d [Document]) -> Self {
        let (mut by_name, mut attached) = (HashSet::new(), HashSet::new());
        for document in documents {
            let claims = document.statements.iter().flat_map(|said| &said.claims);
            let of_parts = claims.filter(|claim| !claim.subcomponents.is_empty());
            let packages: Vec<_> = of_parts.filter_map(|claim| claim.product.package()).collect();
            if !packages.is_empty() {
                attached.extend(document.attached.map(|attached| attached.image));
            }
            by_name.extend(packages.into_iter().map(PackagePattern::kind_and_name));
        }
        Self { by_name, attached }
    }

    fn has_name_of(&self, installed: &PackagePattern) -> bool {
        self.by_name.contains(&installed.kind_and_name())
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
