-- How far a document was followed by the list of its changes, so that what changed is fetched alone. Instant.

ALTER TABLE feed_document ADD COLUMN followed jsonb;
COMMENT ON COLUMN feed_document.followed IS
    'The list''s address, its server''s validators, the latest change in it, and when the document itself was last had; null where it is read whole each time.';
