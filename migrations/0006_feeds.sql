-- Where knowledge comes from and how each sync went.

CREATE TABLE feed_document (
    feed text NOT NULL,
    document text NOT NULL,
    url text NOT NULL,
    etag text,
    last_modified text,
    checked_at timestamptz,
    changed_at timestamptz,
    PRIMARY KEY (feed, document)
);
COMMENT ON TABLE feed_document IS 'One address of a feed and what its server said of the version we hold.';
COMMENT ON COLUMN feed_document.document IS 'The document''s name in the feed: PyPI, v3.18/main.';
COMMENT ON COLUMN feed_document.checked_at IS 'When the server last answered: the age of what we know.';

CREATE TABLE feed_record (
    feed text NOT NULL,
    document text NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (feed, document, key),
    FOREIGN KEY (feed, document) REFERENCES feed_document (feed, document)
);
CREATE INDEX ON feed_record (feed, key);
COMMENT ON TABLE feed_record IS 'Which records a document held when it last changed: one that no document holds any more is withdrawn.';

CREATE UNLOGGED TABLE feed_staging (
    run_id bigint NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    advisory jsonb NOT NULL,
    PRIMARY KEY (run_id, key)
);
COMMENT ON TABLE feed_staging IS
    'What a run has parsed so far. It is applied only once the whole document was read; a crash may lose it, the next run begins anew.';

CREATE TABLE feed_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed text NOT NULL,
    document text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text CHECK (outcome IN ('changed', 'unchanged', 'failed', 'refused')),
    size_bytes bigint NOT NULL DEFAULT 0,
    records bigint NOT NULL DEFAULT 0,
    added bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    withdrawn bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    problem_count bigint NOT NULL DEFAULT 0,
    problems jsonb NOT NULL DEFAULT '[]',
    error text
);
CREATE INDEX ON feed_run (feed, document, id DESC);
COMMENT ON TABLE feed_run IS 'Each sync of a document. A failed or refused one changed nothing of what we know.';
COMMENT ON COLUMN feed_run.outcome IS 'refused: it would have withdrawn more than the set share; the operator decides.';
COMMENT ON COLUMN feed_run.problems IS 'The first problems, each with its place.';

CREATE TABLE feed_request (
    id uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz
);
COMMENT ON TABLE feed_request IS 'An operator''s wish for a sync now, and how far it is: its runs are those of feed_run since started_at.';

GRANT SELECT ON feed_document, feed_run TO plimsoll_api, plimsoll_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_document, feed_record, feed_staging, feed_run, feed_request TO plimsoll_feeds;
