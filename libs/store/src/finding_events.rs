//! What became of findings, told to whoever listens: written to the outbox by the statement that opens or closes them, so an event
//! is there if and only if its change is.
//!
//! In: a statement that changes findings. Out: how many it changed; one outbox row for each [`MOST_CHANGES`] of them, of the shape
//! that `plimsoll_broker::contracts::FindingsChangedV1` reads. Changes of one image stand together, and its tags are read once a row.
//! What VEX statements hide is not told: who listens hears of exposure.

/// The outbox's topic of such rows.
pub const TOPIC: &str = "findings.changed";

/// How many changes one row tells: some 300 KB of JSON.
pub const MOST_CHANGES: i64 = 500;

/// How many tags of an image are told.
pub const MOST_TAGS: i64 = 50;

/// Runs `$changing`, a statement that changes rows of `finding f` with the organization as its first parameter and the moment as its third;
/// gives how many. Constant memory here, however many: all is done by the server, each image, package and vulnerability of a row read once.
macro_rules! tell {
    ($tx:expr, [$($changing:literal)+], $subject:expr, $at:expr) => {
        sqlx::query_scalar!(
            "WITH changed AS (" $(+ $changing)+ + r#"
                 RETURNING f.id, f.image_id, f.package_version_id, f.vulnerability_id, f.close_reason, f.hidden_by
             ), batch AS (
                 SELECT array_agg(id) AS findings, array_agg(image_id) AS images, array_agg(package_version_id) AS packages,
                        array_agg(vulnerability_id) AS vulnerabilities, array_agg(close_reason) AS reasons
                 FROM (SELECT *, (row_number() OVER (ORDER BY image_id) - 1) / $5 AS number FROM changed
                       WHERE hidden_by IS NULL) numbered
                 GROUP BY number
             ), told AS (
                 INSERT INTO outbox (org_id, topic, payload)
                 SELECT $1, $4, json_build_object('org', $1, 'at', $3::timestamptz, 'changes', event.all_of_them)
                 FROM batch CROSS JOIN LATERAL (
                     WITH change AS MATERIALIZED (
                         SELECT * FROM unnest(batch.findings, batch.images, batch.packages, batch.vulnerabilities, batch.reasons)
                             AS change (finding, image, package, vulnerability, reason)
                     ), told_image AS MATERIALIZED (
                         SELECT i.id, json_build_object(
                                    'id', i.id, 'digest', i.manifest_digest,
                                    'platform', json_build_object('os', c.os, 'architecture', c.architecture, 'variant', c.variant),
                                    'tags', to_json(ARRAY(
                                        SELECT DISTINCT (r.name || ':' || t.tag) COLLATE "C"
                                        FROM manifest m
                                        CROSS JOIN LATERAL (
                                            SELECT m.digest UNION SELECT p.digest FROM manifest_child p
                                            WHERE p.org_id = m.org_id AND p.repository_id = m.repository_id
                                              AND p.child_digest = m.digest
                                        ) named
                                        JOIN image_tag t ON t.org_id = m.org_id AND t.repository_id = m.repository_id
                                                        AND t.digest = named.digest AND t.until IS NULL
                                        JOIN repository r ON r.org_id = m.org_id AND r.id = m.repository_id
                                        WHERE m.org_id = i.org_id AND m.digest = i.manifest_digest
                                        ORDER BY 1 LIMIT $6))) AS told
                         FROM (SELECT DISTINCT image FROM change) w
                         JOIN image i ON i.org_id = $1 AND i.id = w.image
                         JOIN image_content c ON c.id = i.image_content_id
                     ), told_match AS MATERIALIZED (
                         SELECT w.package, w.vulnerability, v.name AS vulnerability_name,
                                (ARRAY['UNKNOWN', 'NEGLIGIBLE', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])
                                    [coalesce(nullif(o.severity, 0), nullif(m.severity, 0), v.severity) + 1] AS severity,
                                json_build_object('name', p.name, 'version', p.version, 'purl', p.purl) AS told,
                                coalesce(o.fixed_in, m.fixed_in) AS fixed_in
                         FROM (SELECT DISTINCT package, vulnerability FROM change) w
                         JOIN package_version p ON p.id = w.package
                         JOIN vulnerability v ON v.id = w.vulnerability
                         LEFT JOIN "match" m ON m.package_version_id = w.package AND m.vulnerability_id = w.vulnerability
                         LEFT JOIN own_match o ON o.org_id = $1 AND o.package_version_id = w.package
                                              AND o.vulnerability_id = w.vulnerability
                     )
                     SELECT json_agg(json_build_object(
                         'event', CASE WHEN c.reason IS NULL THEN 'finding.opened' ELSE 'finding.closed' END,
                         'finding', c.finding, 'image', i.told, 'vulnerability', m.vulnerability_name, 'severity', m.severity,
                         'package', m.told, 'fixed_in', m.fixed_in, 'close_reason', c.reason)) AS all_of_them
                     FROM change c
                     JOIN told_image i ON i.id = c.image
                     JOIN told_match m ON m.package = c.package AND m.vulnerability = c.vulnerability
                 ) event
             )
             SELECT count(*) AS "count!" FROM changed"#,
            $tx.org().0,
            $subject,
            $at,
            crate::finding_events::TOPIC,
            crate::finding_events::MOST_CHANGES,
            crate::finding_events::MOST_TAGS
        )
        .fetch_one($tx.conn())
        .await
    };
}

pub(crate) use tell;
