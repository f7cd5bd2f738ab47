-- VEX documents of an organization, and which of its findings they hide.
--
-- A hidden finding is a row of its own: hiding closes the open finding and opens a hidden one, showing it again closes that and opens another.
-- So the exposure as of any moment stays what it was. Findings are read once for the new reference, and aliases for an index: some seconds for a
-- million rows, while feeds and scans wait.

CREATE TABLE vex_document (
    org_id uuid NOT NULL REFERENCES org,
    id uuid NOT NULL,
    name text NOT NULL,
    format text NOT NULL CHECK (format IN ('openvex', 'csaf', 'cyclonedx')),
    author text NOT NULL,
    said_at timestamptz,
    source text NOT NULL,
    content_hash bytea NOT NULL,
    statement_count integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX vex_document_standing ON vex_document (org_id, name) WHERE deleted_at IS NULL;
COMMENT ON TABLE vex_document IS 'A VEX document that an organization saved: OpenVEX, CSAF or CycloneDX.';
COMMENT ON COLUMN vex_document.name IS 'Its own id, or what the organization calls it.';
COMMENT ON COLUMN vex_document.author IS 'Who says it, as it says itself; empty where it does not.';
COMMENT ON COLUMN vex_document.said_at IS 'When it was last changed, as it says itself.';
COMMENT ON COLUMN vex_document.source IS 'The document as it was saved; empty once it is deleted.';
COMMENT ON COLUMN vex_document.deleted_at IS 'Kept while findings that it hid are shown.';

CREATE TABLE vex_statement (
    org_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    document_id uuid NOT NULL,
    position integer NOT NULL,
    vulnerabilities text[] NOT NULL,
    claims jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('not_affected', 'affected', 'fixed', 'under_investigation')),
    justification text,
    impact text NOT NULL,
    action text NOT NULL,
    at timestamptz,
    content_hash bytea NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, document_id) REFERENCES vex_document (org_id, id)
);
CREATE INDEX ON vex_statement (org_id, document_id, position);
COMMENT ON TABLE vex_statement IS 'What a document says of a vulnerability in products.';
COMMENT ON COLUMN vex_statement.claims IS '[{"product": "pkg:oci/app", "subcomponents": ["pkg:npm/a@1"]}]';
COMMENT ON COLUMN vex_statement.at IS 'Since when it is known to be so; of several the latest counts.';
COMMENT ON COLUMN vex_statement.content_hash IS 'Of all that it says: what a newer document says the same stays the same row.';
COMMENT ON COLUMN vex_statement.retired_at IS 'Its document says it no longer. Kept while findings that it hid are shown.';

CREATE TABLE vex_about (
    org_id uuid NOT NULL,
    alias text NOT NULL,
    statement_id uuid NOT NULL,
    PRIMARY KEY (org_id, alias, statement_id),
    FOREIGN KEY (org_id, statement_id) REFERENCES vex_statement (org_id, id) ON DELETE CASCADE
);
CREATE INDEX ON vex_about (org_id, statement_id);
COMMENT ON TABLE vex_about IS 'The ids of vulnerabilities, in upper case, that statements which stand speak of.';

CREATE TABLE vex_decision (
    org_id uuid NOT NULL,
    image_id uuid NOT NULL,
    package_version_id bigint NOT NULL REFERENCES package_version,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    statement_id uuid NOT NULL,
    PRIMARY KEY (org_id, image_id, package_version_id, vulnerability_id),
    FOREIGN KEY (org_id, image_id) REFERENCES image (org_id, id),
    FOREIGN KEY (org_id, statement_id) REFERENCES vex_statement (org_id, id)
);
CREATE INDEX ON vex_decision (org_id, package_version_id);
CREATE INDEX ON vex_decision (org_id, vulnerability_id);
CREATE INDEX ON vex_decision (org_id, statement_id);
COMMENT ON TABLE vex_decision IS 'The statement that counts for a vulnerability in a package of an image, where it says that nothing needs to be done.';

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['vex_document', 'vex_statement', 'vex_about', 'vex_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (org_id = current_org())', t);
        EXECUTE format('GRANT SELECT ON %I TO plimsoll_api, plimsoll_worker, plimsoll_feeds', t);
    END LOOP;
END $$;
GRANT INSERT, UPDATE ON vex_document, vex_statement TO plimsoll_api;
GRANT INSERT, DELETE ON vex_about TO plimsoll_api;
GRANT INSERT, UPDATE, DELETE ON vex_decision TO plimsoll_worker, plimsoll_feeds;
-- Who takes images in has it decided again where one gets another name, if there is anything to decide.
GRANT SELECT (org_id) ON vex_statement TO plimsoll_ingest;
-- What nothing leads to any more is swept.
GRANT DELETE ON vex_document, vex_statement TO plimsoll_feeds;

ALTER TABLE finding ADD COLUMN hidden_by uuid;
ALTER TABLE finding ADD FOREIGN KEY (org_id, hidden_by) REFERENCES vex_statement (org_id, id);
CREATE INDEX ON finding (org_id, hidden_by) WHERE hidden_by IS NOT NULL;
COMMENT ON COLUMN finding.hidden_by IS
    'The VEX statement that hides it. A hidden finding is not counted, and never becomes one that is: that is another row.';
ALTER TABLE finding DROP CONSTRAINT finding_close_reason_check;
ALTER TABLE finding ADD CONSTRAINT finding_close_reason_check
    CHECK (close_reason IN ('fixed', 'advisory_changed', 'advisory_withdrawn', 'image_gone', 'merged', 'vex'));
COMMENT ON COLUMN finding.close_reason IS
    'fixed: the package left the image''s analysis; advisory_changed: its version is no longer in range; merged: two ids became one; '
    'vex: a statement hides it from then on, or no longer does.';

-- Statements spell ids as they like.
CREATE INDEX ON vulnerability_alias (upper(alias));
CREATE INDEX ON own_alias (org_id, upper(alias));
CREATE INDEX ON own_alias (org_id, vulnerability_id);
