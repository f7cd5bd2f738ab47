//! How the packages of images were judged: by kind and ecosystem, so that what was not judged can be told.

use std::collections::BTreeSet;

use plimsoll_advisories::{
    FeedDocuments, first_documents, left_aside, lists_only_fixes, packages_of_unread_repositories, programs,
};
use plimsoll_model::{Ecosystem, ImageId, JudgedPackages, PackageType};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// For each of these images, its packages by kind, ecosystem and program that no source knows; those without any are left out.
#[tracing::instrument(skip_all)]
pub async fn judged_packages(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, JudgedPackages)>> {
    let programs_are = programs::ecosystem().to_string();
    let known: Vec<String> = programs::judged().map(str::to_owned).collect();
    let (ecosystems, starts): (Vec<String>, Vec<String>) = packages_of_unread_repositories()
        .into_iter()
        .map(|(ecosystem, start)| (ecosystem.to_owned(), start.to_owned()))
        .unzip();
    let rows = sqlx::query!(
        r#"WITH counted AS (
               SELECT i.id, p.type, p.ecosystem, count(*) AS packages,
                      CASE WHEN p.ecosystem = $5 AND p.name <> ALL ($6) THEN p.name END AS program,
                      count(*) FILTER (WHERE p.unknown_reason IS NOT NULL OR u.reason IS NOT NULL) AS unordered,
                      count(*) FILTER (WHERE EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS r (ecosystem, start)
                                                     WHERE r.ecosystem = p.ecosystem AND starts_with(p.name, r.start))) AS left_aside
               FROM image i
               JOIN image_package ip ON ip.image_content_id = i.image_content_id
               JOIN package_version p ON p.id = ip.package_version_id
               LEFT JOIN own_unjudged u ON u.org_id = i.org_id AND u.package_version_id = p.id
               WHERE i.org_id = $1 AND i.id = ANY($2)
               GROUP BY i.id, p.type, p.ecosystem, program
           )
           SELECT id, type AS kind, ecosystem, program, packages AS "packages!", unordered AS "unordered!", left_aside AS "left_aside!",
                  program IS NULL AND EXISTS (SELECT FROM affected a WHERE a.ecosystem = counted.ecosystem) AS "has_source!"
           FROM counted ORDER BY id, type, ecosystem, program"#,
        tx.org().0,
        images,
        &ecosystems,
        &starts,
        &programs_are,
        &known
    )
    .fetch_all(tx.conn())
    .await?;
    let ecosystem = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Ecosystem>().ok());
    let first = |text: &Option<String>| first_documents(&ecosystem(text)?);
    let awaited = unanswered(tx, rows.iter().filter_map(|row| first(&row.ecosystem)).collect()).await?;
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(kind) = PackageType::parse(&row.kind) else { continue };
        let awaits = first(&row.ecosystem).filter(|first| awaited.contains(first));
        let ecosystem = ecosystem(&row.ecosystem);
        let packages = JudgedPackages {
            kind,
            program: row.program,
            count: row.packages.unsigned_abs(),
            unordered: row.unordered.unsigned_abs(),
            has_source: row.has_source,
            awaits: awaits.map(|first| first.feed.to_owned()),
            lists_only_fixes: ecosystem.as_ref().is_some_and(lists_only_fixes),
            left_aside: ecosystem.as_ref().and_then(|name| left_aside(name, row.left_aside.unsigned_abs())),
            ecosystem,
        };
        judged.push((ImageId(row.id), packages));
    }
    Ok(judged)
}

/// Those of these documents of which none was ever had: nothing is held of them before, not even that they are asked for.
async fn unanswered(tx: &mut OrgTx, wanted: BTreeSet<FeedDocuments>) -> Result<BTreeSet<FeedDocuments>> {
    let wanted: Vec<FeedDocuments> = wanted.into_iter().collect();
    let (feeds, starts): (Vec<String>, Vec<String>) =
        wanted.iter().map(|documents| (documents.feed.to_owned(), documents.start.clone())).unzip();
    let places = sqlx::query_scalar!(
        r#"SELECT w.place AS "place!" FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (feed, start, place)
           WHERE NOT EXISTS (SELECT FROM feed_document d
                             WHERE d.feed = w.feed AND starts_with(d.document, w.start) AND d.checked_at IS NOT NULL)"#,
        &feeds,
        &starts
    )
    .fetch_all(tx.conn())
    .await?;
    let at = |place: i64| usize::try_from(place.saturating_sub(1)).ok().and_then(|place| wanted.get(place)).cloned();
    Ok(places.into_iter().filter_map(at).collect())
}
