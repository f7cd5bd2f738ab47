-- An organization's own advisories: matched like any feed's, seen by that organization alone.
--
-- A vulnerability that only an organization knows is a row of its own in the catalogue's table, so that findings lead to it like to any other;
-- row-level security shows it to that organization alone. One that the world knows too stays the world's, and own advisories lead to that.
-- The unique index over names is built anew: some seconds for a million rows, while feeds wait.

ALTER TABLE vulnerability ADD COLUMN org_id uuid REFERENCES org;
COMMENT ON COLUMN vulnerability.org_id IS 'The organization that alone knows it; null: the world''s.';
ALTER TABLE vulnerability DROP CONSTRAINT vulnerability_name_key;
-- A name of the world's and the same of an organization's are two rows: neither is in the other's way.
ALTER TABLE vulnerability ADD CONSTRAINT vulnerability_name_key UNIQUE NULLS NOT DISTINCT (name, org_id);
CREATE INDEX ON vulnerability (org_id) WHERE org_id IS NOT NULL;

ALTER TABLE vulnerability ENABLE ROW LEVEL SECURITY;
ALTER TABLE vulnerability FORCE ROW LEVEL SECURITY;
CREATE POLICY known ON vulnerability FOR SELECT USING (org_id IS NULL OR org_id = current_org());
-- The world's rows are written by who works for no organization, an organization's by who works for it.
CREATE POLICY written ON vulnerability TO plimsoll_feeds USING (org_id IS NOT DISTINCT FROM current_org());
CREATE POLICY across_tenants ON vulnerability TO plimsoll_owner USING (true);

CREATE TABLE own_advisory (
    org_id uuid NOT NULL REFERENCES org,
    id uuid NOT NULL,
    name text NOT NULL,
    ids text[] NOT NULL,
    origin text NOT NULL CHECK (origin IN ('document', 'ban')),
    source text NOT NULL,
    document jsonb NOT NULL,
    content_hash bytea NOT NULL,
    withdrawn timestamptz,
    vulnerability_id bigint REFERENCES vulnerability,
    is_stale boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name)
);
CREATE INDEX ON own_advisory (org_id, vulnerability_id);
COMMENT ON TABLE own_advisory IS 'An advisory of an organization''s own, or a package that it banned.';
COMMENT ON COLUMN own_advisory.name IS 'Its id as the organization names it.';
COMMENT ON COLUMN own_advisory.ids IS 'Every id of the vulnerability that it knows, its own first.';
COMMENT ON COLUMN own_advisory.source IS 'The OSV document, as it was written.';
COMMENT ON COLUMN own_advisory.document IS 'The advisory in our one form, without what it affects.';
COMMENT ON COLUMN own_advisory.content_hash IS 'Of the document as it was saved; empty where it was withdrawn since, so that saving it again changes it.';
COMMENT ON COLUMN own_advisory.vulnerability_id IS 'The vulnerability that it is of: the world''s where that knows one of its ids. Null until it was first matched.';
COMMENT ON COLUMN own_advisory.is_stale IS 'It changed since its vulnerability was last told what it says.';

CREATE TABLE own_affected (
    org_id uuid NOT NULL,
    advisory_id uuid NOT NULL,
    position integer NOT NULL,
    ecosystem text NOT NULL,
    package text NOT NULL,
    module text,
    state text NOT NULL,
    ranges jsonb NOT NULL,
    versions text[] NOT NULL,
    severity smallint,
    PRIMARY KEY (org_id, advisory_id, position),
    FOREIGN KEY (org_id, advisory_id) REFERENCES own_advisory (org_id, id) ON DELETE CASCADE
);
CREATE INDEX ON own_affected (org_id, ecosystem, package);
COMMENT ON TABLE own_affected IS 'One package that an organization''s own advisory speaks of: as affected.';
COMMENT ON COLUMN own_affected.severity IS 'The organization''s rating for this package, of whichever part of the document; null where it has none.';

CREATE TABLE own_alias (
    org_id uuid NOT NULL REFERENCES org,
    alias text NOT NULL,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    PRIMARY KEY (org_id, alias)
);
COMMENT ON TABLE own_alias IS
    'Ids that an organization''s own advisories name and the world did not know when they were last matched, each with its vulnerability.';

CREATE TABLE own_match (
    org_id uuid NOT NULL REFERENCES org,
    package_version_id bigint NOT NULL REFERENCES package_version,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    fixed_in text,
    state text NOT NULL,
    severity smallint,
    severity_source text NOT NULL DEFAULT '',
    sources text[] NOT NULL,
    advisories text[] NOT NULL,
    PRIMARY KEY (org_id, package_version_id, vulnerability_id)
);
CREATE INDEX ON own_match (org_id, vulnerability_id);
COMMENT ON TABLE own_match IS 'By an organization''s own advisories this package version has this vulnerability: beside what "match" says for all.';

CREATE TABLE own_unjudged (
    org_id uuid NOT NULL REFERENCES org,
    package_version_id bigint NOT NULL REFERENCES package_version,
    reason text NOT NULL,
    PRIMARY KEY (org_id, package_version_id)
);
COMMENT ON TABLE own_unjudged IS
    'Why a package version cannot be judged by an own advisory: as package_version.unknown_reason, which all share who have the package.';

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['own_advisory', 'own_affected', 'own_alias', 'own_match', 'own_unjudged'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (org_id = current_org())', t);
        EXECUTE format('GRANT SELECT ON %I TO plimsoll_api, plimsoll_worker', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO plimsoll_feeds', t);
    END LOOP;
END $$;
GRANT INSERT, UPDATE, DELETE ON own_advisory, own_affected TO plimsoll_api;
GRANT INSERT, UPDATE, DELETE ON own_match, own_unjudged TO plimsoll_worker;

-- The condition is on both together: PostgreSQL joins by the indexes of what a view unites only where the parts have no conditions of their own.
CREATE OR REPLACE VIEW counted_match WITH (security_invoker = true) AS
    SELECT package_version_id, vulnerability_id
    FROM (SELECT package_version_id, vulnerability_id, state FROM "match"
          UNION ALL
          SELECT package_version_id, vulnerability_id, state FROM own_match) m
    WHERE state IN ('affected', 'wont_fix', 'end_of_life');

CREATE VIEW known_alias WITH (security_invoker = true) AS
    SELECT alias, vulnerability_id FROM vulnerability_alias
    UNION ALL
    SELECT alias, vulnerability_id FROM own_alias;
COMMENT ON VIEW known_alias IS 'Every id under which the transaction''s organization knows a vulnerability.';
GRANT SELECT ON known_alias TO plimsoll_api, plimsoll_worker, plimsoll_feeds;

-- That the world learned of a vulnerability which an organization knew alone is looked for across organizations; it tells which, and no more.
CREATE POLICY across_tenants ON own_advisory FOR SELECT TO plimsoll_owner USING (true);
CREATE POLICY across_tenants ON own_alias FOR SELECT TO plimsoll_owner USING (true);
CREATE FUNCTION orgs_overtaken_by_feeds() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT o.org_id FROM own_alias o WHERE EXISTS (SELECT FROM vulnerability_alias a WHERE a.alias = o.alias)
          UNION
          SELECT o.org_id FROM own_advisory o JOIN vulnerability v ON v.id = o.vulnerability_id
          WHERE v.org_id IS NULL AND v.merged_into IS NOT NULL $$;
COMMENT ON FUNCTION orgs_overtaken_by_feeds() IS 'The organizations with own advisories of which a vulnerability became another by what feeds brought.';
REVOKE ALL ON FUNCTION orgs_overtaken_by_feeds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orgs_overtaken_by_feeds() TO plimsoll_feeds;
