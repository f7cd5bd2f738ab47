-- A distribution's notice (ALSA-2022:0894) is about several vulnerabilities: what an advisory is about is rows of its own.
-- Some seconds for a million advisories, while feeds wait.

CREATE TABLE advisory_vulnerability (
    advisory_id bigint NOT NULL REFERENCES advisory ON DELETE CASCADE,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    PRIMARY KEY (advisory_id, vulnerability_id)
);
INSERT INTO advisory_vulnerability (advisory_id, vulnerability_id) SELECT id, vulnerability_id FROM advisory;
CREATE INDEX ON advisory_vulnerability (vulnerability_id);
COMMENT ON TABLE advisory_vulnerability IS 'What an advisory is about: one vulnerability, or of a notice several.';
ALTER TABLE advisory DROP COLUMN vulnerability_id;
GRANT SELECT ON advisory_vulnerability TO plimsoll_api, plimsoll_worker;
GRANT SELECT, INSERT, DELETE ON advisory_vulnerability TO plimsoll_feeds;
