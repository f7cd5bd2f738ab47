//! How the packages of images were judged: by kind and ecosystem, so that what was not judged can be told.

use plimsoll_advisories::programs;
use plimsoll_model::{Ecosystem, ImageId, JudgedPackages, PackageType};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// For each of these images, its packages by kind, ecosystem and program that no source knows; those without any are left out.
#[tracing::instrument(skip_all)]
pub async fn judged_packages(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, JudgedPackages)>> {
    let programs_are = programs::ecosystem().to_string();
    let known: Vec<String> = programs::judged().map(str::to_owned).collect();
    let rows = sqlx::query!(
        r#"WITH counted AS (
               SELECT i.id, p.type, p.ecosystem, count(*) AS packages,
                      CASE WHEN p.ecosystem = $3 AND p.name <> ALL ($4) THEN p.name END AS program,
                      count(*) FILTER (WHERE p.unknown_reason IS NOT NULL OR u.reason IS NOT NULL) AS unordered
               FROM image i
               JOIN image_package ip ON ip.image_content_id = i.image_content_id
               JOIN package_version p ON p.id = ip.package_version_id
               LEFT JOIN own_unjudged u ON u.org_id = i.org_id AND u.package_version_id = p.id
               WHERE i.org_id = $1 AND i.id = ANY($2)
               GROUP BY i.id, p.type, p.ecosystem, program
           )
           SELECT id, type AS kind, ecosystem, program, packages AS "packages!", unordered AS "unordered!",
                  program IS NULL AND EXISTS (SELECT FROM affected a WHERE a.ecosystem = counted.ecosystem) AS "has_source!"
           FROM counted ORDER BY id, type, ecosystem, program"#,
        tx.org().0,
        images,
        &programs_are,
        &known
    )
    .fetch_all(tx.conn())
    .await?;
    let judged = rows.into_iter().filter_map(|row| {
        let judged = JudgedPackages {
            kind: PackageType::parse(&row.kind)?,
            ecosystem: row.ecosystem.and_then(|text| text.parse::<Ecosystem>().ok()),
            program: row.program,
            count: row.packages.unsigned_abs(),
            unordered: row.unordered.unsigned_abs(),
            has_source: row.has_source,
        };
        Some((ImageId(row.id), judged))
    });
    Ok(judged.collect())
}
