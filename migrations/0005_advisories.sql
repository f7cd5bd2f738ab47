-- The world's knowledge: advisories as their sources state them, merged into vulnerabilities. Shared by all tenants.

CREATE TABLE vulnerability (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    aliases text[] NOT NULL DEFAULT '{}',
    title text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    severity smallint NOT NULL DEFAULT 0,
    severity_source text NOT NULL DEFAULT '',
    cvss_vector text,
    cvss_score double precision,
    cvss jsonb NOT NULL DEFAULT '[]',
    cwes text[] NOT NULL DEFAULT '{}',
    "references" text[] NOT NULL DEFAULT '{}',
    published timestamptz,
    modified timestamptz,
    withdrawn timestamptz,
    merged_into bigint REFERENCES vulnerability
);
COMMENT ON TABLE vulnerability IS 'One vulnerability under its canonical id, merged of every advisory about it. Written by feeds.';
COMMENT ON COLUMN vulnerability.name IS 'The CVE where one exists.';
COMMENT ON COLUMN vulnerability.severity IS '0 unknown, 1 negligible, 2 low, 3 medium, 4 high, 5 critical; a match may know better.';
COMMENT ON COLUMN vulnerability.merged_into IS 'Set when two ids turned out to be one vulnerability: this row is then only history.';
COMMENT ON COLUMN vulnerability.cvss IS 'All vectors with their source: [{"vector", "source"}].';

CREATE TABLE vulnerability_alias (
    alias text PRIMARY KEY,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability
);
CREATE INDEX ON vulnerability_alias (vulnerability_id);
COMMENT ON TABLE vulnerability_alias IS 'Every id under which a vulnerability is known, its canonical one among them.';

CREATE TABLE advisory (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    key text NOT NULL,
    external_id text NOT NULL,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    content_hash bytea NOT NULL,
    document jsonb NOT NULL,
    withdrawn timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, key)
);
CREATE INDEX ON advisory (vulnerability_id);
COMMENT ON TABLE advisory IS 'One source''s statement. Stored again only when its content hash changes.';
COMMENT ON COLUMN advisory.document IS 'The advisory in our one form, without what it affects.';

CREATE TABLE affected (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    advisory_id bigint NOT NULL REFERENCES advisory ON DELETE CASCADE,
    ecosystem text NOT NULL,
    package text NOT NULL,
    state text NOT NULL,
    ranges jsonb NOT NULL,
    versions text[] NOT NULL,
    severity smallint
);
CREATE INDEX ON affected (ecosystem, package);
CREATE INDEX ON affected (advisory_id);
COMMENT ON TABLE affected IS 'One package that an advisory speaks of.';
COMMENT ON COLUMN affected.ranges IS '[{"events": [{"introduced": "0"}, {"fixed": "1.2"}]}]';
COMMENT ON COLUMN affected.severity IS 'The source''s own rating for this package; null where it has none.';

CREATE TABLE exploit_score (
    cve text PRIMARY KEY,
    score double precision NOT NULL,
    percentile double precision NOT NULL,
    scored_on date NOT NULL
);
COMMENT ON TABLE exploit_score IS 'EPSS: the likelihood of exploitation within 30 days, and its percentile, both 0 to 1.';

CREATE TABLE known_exploited (
    cve text PRIMARY KEY,
    added date NOT NULL,
    due date,
    ransomware boolean NOT NULL,
    name text NOT NULL
);
COMMENT ON TABLE known_exploited IS 'CISA''s catalogue of vulnerabilities known to be exploited.';

CREATE TABLE "match" (
    package_version_id bigint NOT NULL REFERENCES package_version,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    fixed_in text,
    state text NOT NULL,
    severity smallint,
    severity_source text NOT NULL DEFAULT '',
    sources text[] NOT NULL,
    advisories text[] NOT NULL,
    PRIMARY KEY (package_version_id, vulnerability_id)
);
CREATE INDEX ON "match" (vulnerability_id);
COMMENT ON TABLE "match" IS 'This package version has this vulnerability. Computed once, whoever has the package.';
COMMENT ON COLUMN "match".severity IS 'The distribution''s own rating for its package; null where it has none: the vulnerability''s counts.';

GRANT SELECT ON vulnerability, vulnerability_alias, advisory, affected, exploit_score, known_exploited, "match"
    TO plimsoll_api, plimsoll_worker;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON vulnerability, vulnerability_alias, advisory, affected, exploit_score, known_exploited, "match" TO plimsoll_feeds;
GRANT INSERT, UPDATE, DELETE ON "match" TO plimsoll_worker;
