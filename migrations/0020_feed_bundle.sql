-- A platform without a network takes one signed file of knowledge instead of asking each feed's upstream. Which it took last. A new table: instant.

CREATE TABLE feed_bundle (
    is_last boolean PRIMARY KEY DEFAULT true CHECK (is_last),
    address text NOT NULL,
    etag text,
    last_modified text,
    signed_by text NOT NULL,
    built_at timestamptz NOT NULL,
    taken_at timestamptz NOT NULL
);
COMMENT ON TABLE feed_bundle IS 'The bundle that was taken last, one row: whether its server has another, and what is older than what we hold.';
COMMENT ON COLUMN feed_bundle.etag IS 'With last_modified, what its server said of it; neither where a document of it could not be taken: it is then fetched again.';
COMMENT ON COLUMN feed_bundle.signed_by IS 'The id of the key that signed for it.';
COMMENT ON COLUMN feed_bundle.built_at IS 'When its database was built: of two bundles, the one with the later time is the newer.';

COMMENT ON COLUMN feed_document.etag IS 'The server''s validator; of a document that came in a bundle, `bundle` and when its content last changed there.';

GRANT SELECT, INSERT, UPDATE ON feed_bundle TO plimsoll_feeds;
