-- A finding leads to a package version and to a vulnerability, as the match does that it comes from, and neither is ever deleted: no service may.
-- Each of half a million findings looked both up again, and locked what all organizations share. Instant.

ALTER TABLE finding DROP CONSTRAINT finding_package_version_id_fkey;
ALTER TABLE finding DROP CONSTRAINT finding_vulnerability_id_fkey;
REVOKE DELETE ON package_version FROM plimsoll_worker;
REVOKE DELETE ON vulnerability FROM plimsoll_feeds;
