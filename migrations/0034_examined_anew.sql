-- What is learned of malware reaches images that were scanned before: an image's row says by which analysers and rules its last scan judged it,
-- and its content's row with which rules and hashes of feeds it was examined, so that their age can be told. Nullable columns: no row is
-- rewritten. The index is built at once; an organization has some thousands of images.

ALTER TABLE image_content ADD COLUMN malware_bundles jsonb;
COMMENT ON COLUMN image_content.malware_bundles IS
    'Rules and hashes of feeds that it was examined with: [{"feed", "path", "kind", "hash", "checked_at"}]; null: not known.';
COMMENT ON COLUMN image_content.analysis_version IS
    'The analysers that read it; null until the first analysis ends, and where one that ended has to be made anew as something that was asked did not answer.';

ALTER TABLE image ADD COLUMN analysed_by text, ADD COLUMN reconsidered_at timestamptz;
COMMENT ON COLUMN image.analysed_by IS 'image_content.analysis_version as it was when the image''s last scan ended.';
COMMENT ON COLUMN image.reconsidered_at IS 'When it was last looked at whether it is to be scanned again by itself.';
CREATE INDEX image_analysed_by ON image (org_id, analysed_by);

-- Scanners walk the organizations one by one; they see no more of them than that they exist.
CREATE POLICY across_tenants_read_by_workers ON org FOR SELECT TO plimsoll_worker USING (true);

-- Not what the bundles say.
GRANT SELECT (feed, path, kind, hash) ON malware_bundle TO plimsoll_api;
