-- A finding leads to an image, a package version and a vulnerability, as the rows do that it comes from, and none of them is ever deleted: no service
-- may. To look each up again, under its row-level security and with a lock on what all organizations share, took most of the time that opening
-- half a million findings takes. Instant.

ALTER TABLE finding DROP CONSTRAINT finding_org_id_image_id_fkey;
ALTER TABLE finding DROP CONSTRAINT finding_package_version_id_fkey;
ALTER TABLE finding DROP CONSTRAINT finding_vulnerability_id_fkey;
REVOKE DELETE ON package_version FROM plimsoll_worker;
REVOKE DELETE ON vulnerability FROM plimsoll_feeds;
