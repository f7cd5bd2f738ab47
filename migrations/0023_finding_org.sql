-- A finding's image is its organization's: that the organization is there need not be looked up again for each of a million rows. Instant.

ALTER TABLE finding DROP CONSTRAINT finding_org_id_fkey;
