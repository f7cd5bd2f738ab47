-- Matches that are no findings: what is being looked into, and what does not run where it lies. They are shown apart, and not counted.

CREATE VIEW counted_match WITH (security_invoker = true) AS
    SELECT package_version_id, vulnerability_id FROM "match" WHERE state IN ('affected', 'wont_fix', 'end_of_life');
COMMENT ON VIEW counted_match IS 'What an image that has the package version has a finding of.';
COMMENT ON COLUMN "match".state IS
    'affected, wont_fix, end_of_life: counted; under_investigation, not_running: shown apart. See plimsoll_model::AffectedState.';
GRANT SELECT ON counted_match TO plimsoll_api, plimsoll_worker, plimsoll_feeds;

-- What distributions say is matched anew: some of it becomes such a match.
INSERT INTO outbox (topic, payload)
SELECT 'advisories.changed', jsonb_build_object('feed', 'states', 'keys', jsonb_agg(key))
FROM (SELECT key, (row_number() OVER () - 1) / 2000 AS part
      FROM (SELECT DISTINCT jsonb_build_object('ecosystem', ecosystem, 'package', advisory_name) AS key FROM package_version
            WHERE type IN ('apk', 'deb', 'rpm') AND ecosystem IS NOT NULL) k
     ) parts
GROUP BY part;
