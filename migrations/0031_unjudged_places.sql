-- Where a vulnerability may be is looked up by what could not be judged alone, however many versions of its packages were.
-- Both indexes are built anew, while what is matched waits: some seconds for ten million matches. They hold few of the rows.

CREATE INDEX package_version_unjudged ON package_version (ecosystem, advisory_name) WHERE unknown_reason IS NOT NULL;
CREATE INDEX match_investigated ON "match" (vulnerability_id) WHERE state = 'under_investigation';

-- How often each feed is asked is the feeds service's to know: it writes it down, so that people can be told when each document is asked for next.
CREATE TABLE feed_interval (
    feed text PRIMARY KEY,
    seconds bigint NOT NULL
);
COMMENT ON TABLE feed_interval IS
    'The time between two syncs of a document of the feed, as the feeds service has it. Of none that is not asked by itself, as all come with a bundle.';
GRANT SELECT ON feed_interval TO plimsoll_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_interval TO plimsoll_feeds;
