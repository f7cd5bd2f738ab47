-- A run counts what its source withdrew, and what it keeps that no version can be matched with. What a staged record says is needed before it is
-- applied, for all of a document at once: it stands beside the record, so that none has to be unpacked for it. Constant defaults: instant.

ALTER TABLE feed_run ADD COLUMN unmatchable bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN feed_run.unmatchable IS 'Affected packages that are kept but that no version can be matched with: no scheme for the ecosystem, no range.';
COMMENT ON COLUMN feed_run.withdrawn IS
    'Records that are gone, that their source withdrew, or that speak of no package any more. With added, changed and unchanged each record counts once.';

ALTER TABLE feed_staging
    ADD COLUMN is_withdrawn boolean NOT NULL DEFAULT false,
    ADD COLUMN has_packages boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN feed_staging.is_withdrawn IS 'Its source took it back.';
COMMENT ON COLUMN feed_staging.has_packages IS 'It speaks of a package.';

COMMENT ON COLUMN feed_document.followed IS
    'Of a document whose changes a list tells: the list''s address, its server''s validators, the latest change in it, and when the document itself was last had; null where it is read whole each time. Of an index, and of a document in a repository: the validators of the files that were read for it, by address; null where they are to be read whatever their servers say.';

-- Oracle's statements on builds of modules are of their stream alone now: they are read anew with the next sync, though they did not change. One row.
UPDATE feed_document SET etag = NULL, last_modified = NULL WHERE feed = 'oracle';
