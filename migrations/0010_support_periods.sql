-- Until when releases of operating systems are mended, as a feed tells. Shared by all tenants.

CREATE TABLE support_period (
    product text NOT NULL,
    release text NOT NULL,
    codename text,
    standard date,
    extended date,
    PRIMARY KEY (product, release)
);
COMMENT ON TABLE support_period IS 'What endoflife.date tells; it comes before the table that the programs bring. Some thousand rows, written by feeds.';
COMMENT ON COLUMN support_period.standard IS 'The last day on which everybody gets fixes; null where no end is known.';
COMMENT ON COLUMN support_period.extended IS 'The last day on which those get fixes who ask or pay for it; null where there is no such support.';

GRANT SELECT ON support_period TO plimsoll_api, plimsoll_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON support_period TO plimsoll_feeds;

-- An operating system's end is told of images that nobody scans again.
GRANT INSERT, DELETE ON image_observation TO plimsoll_feeds;
COMMENT ON TABLE image_observation IS
    'What is wrong in an image without an advisory. Written whole by scanners, an operating system''s end also by feeds; reachable through an organization''s image alone.';
