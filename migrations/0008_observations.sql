-- What images show beside packages: malware, secrets, misconfiguration, and what was read of them and what was not.
-- New columns have constants as defaults, so that no row of a large table is rewritten.

CREATE TABLE image_observation (
    image_content_id bigint NOT NULL REFERENCES image_content ON DELETE CASCADE,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('malware', 'secret', 'misconfiguration', 'end_of_life')),
    rule text NOT NULL,
    rule_references text[] NOT NULL DEFAULT '{}',
    title text NOT NULL,
    severity smallint NOT NULL,
    family text,
    place jsonb NOT NULL,
    layer integer,
    removed_in integer,
    evidence text NOT NULL,
    advice text NOT NULL,
    PRIMARY KEY (image_content_id, position)
);
COMMENT ON TABLE image_observation IS
    'What is wrong in an image without an advisory. Written whole by scanners; reachable through an organization''s image alone.';
COMMENT ON COLUMN image_observation.position IS 'Most severe first: the order in which they are listed.';
COMMENT ON COLUMN image_observation.severity IS '0 unknown to 5 critical.';
COMMENT ON COLUMN image_observation.place IS 'Where: {"in": "file", "path", "line", "offset"} and the like; never a secret.';
COMMENT ON COLUMN image_observation.removed_in IS 'The layer that deletes the file again; those who pull the image still have it.';
COMMENT ON COLUMN image_observation.evidence IS 'What was seen, redacted.';

ALTER TABLE image_content
    ADD COLUMN sources jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN unjudged_checks jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN chain_id text;
CREATE INDEX ON image_content (chain_id);
ALTER TABLE image_layer ADD COLUMN chain_id text;
COMMENT ON COLUMN image_content.sources IS 'What packages were read from: [{"analyser", "files", "packages"}].';
COMMENT ON COLUMN image_content.unjudged_checks IS 'Checks of the configuration that could not be judged: [{"check", "reason"}].';
COMMENT ON COLUMN image_content.chain_id IS 'Names its layers as a whole (OCI image specification, ChainID): what is built on it begins with it.';
COMMENT ON COLUMN image_layer.chain_id IS 'Names the layers up to this one. Null where the image was analysed before there was this column.';

ALTER TABLE package_version ADD COLUMN module text;
COMMENT ON COLUMN package_version.module IS 'RPM''s module stream, within which its version is compared.';

GRANT SELECT ON image_observation TO plimsoll_api, plimsoll_feeds;
GRANT SELECT, INSERT, UPDATE, DELETE ON image_observation TO plimsoll_worker;
