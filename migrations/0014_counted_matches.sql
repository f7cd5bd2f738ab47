-- Matches that are no findings: what is being looked into, and what does not run where it lies. They are shown apart, and not counted.

CREATE VIEW counted_match WITH (security_invoker = true) AS
    SELECT package_version_id, vulnerability_id FROM "match" WHERE state IN ('affected', 'wont_fix', 'end_of_life');
COMMENT ON VIEW counted_match IS 'What an image that has the package version has a finding of.';
COMMENT ON COLUMN "match".state IS
    'affected, wont_fix, end_of_life: counted; under_investigation, not_running: shown apart. See plimsoll_model::AffectedState.';
GRANT SELECT ON counted_match TO plimsoll_api, plimsoll_worker, plimsoll_feeds;
