-- What images hold. The content is shared by all who have shown that they have it; the image is an organization's own.

CREATE TABLE image_content (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    manifest_digest text NOT NULL UNIQUE,
    config_digest text NOT NULL,
    os text,
    architecture text,
    variant text,
    created timestamptz,
    labels jsonb NOT NULL DEFAULT '{}',
    size_bytes bigint NOT NULL DEFAULT 0,
    os_release jsonb,
    problems jsonb NOT NULL DEFAULT '[]',
    analysis_version text,
    analysed_at timestamptz
);
COMMENT ON TABLE image_content IS 'What a manifest digest holds. Written by scanners; reachable through an organization''s image alone.';
COMMENT ON COLUMN image_content.size_bytes IS 'Sum of the layers'' blobs.';
COMMENT ON COLUMN image_content.problems IS 'What could not be read: [{"code", "layer", "path", "detail"}].';
COMMENT ON COLUMN image_content.analysis_version IS 'The analysers that read it; null until the first analysis ends.';

CREATE TABLE layer_blob (
    digest text PRIMARY KEY,
    diff_id text NOT NULL,
    size_bytes bigint NOT NULL
);
COMMENT ON TABLE layer_blob IS 'The diffID of a layer blob, as computed from its bytes: a config''s claim is never believed.';

CREATE TABLE layer_analysis (
    diff_id text NOT NULL,
    analysis_version text NOT NULL,
    document_key text NOT NULL,
    package_count integer NOT NULL,
    problem_count integer NOT NULL,
    analysed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (diff_id, analysis_version)
);
COMMENT ON TABLE layer_analysis IS 'A layer that was read once and need not be read again; its observations are an object.';

CREATE TABLE image_layer (
    image_content_id bigint NOT NULL REFERENCES image_content ON DELETE CASCADE,
    position integer NOT NULL,
    digest text NOT NULL,
    diff_id text NOT NULL,
    size_bytes bigint NOT NULL,
    build_step integer,
    created_by text,
    created timestamptz,
    PRIMARY KEY (image_content_id, position)
);
COMMENT ON COLUMN image_layer.position IS 'From 0 at the bottom.';
COMMENT ON COLUMN image_layer.build_step IS 'Position among the config''s history entries.';

CREATE TABLE package_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    type text NOT NULL,
    ecosystem text,
    name text NOT NULL,
    version text NOT NULL,
    source_name text,
    source_version text,
    architecture text,
    license text,
    purl text,
    advisory_name text NOT NULL GENERATED ALWAYS AS (coalesce(source_name, name)) STORED,
    advisory_version text NOT NULL GENERATED ALWAYS AS (coalesce(source_version, version)) STORED,
    matched_at timestamptz,
    unknown_reason text
);
CREATE INDEX ON package_version (ecosystem, advisory_name);
COMMENT ON TABLE package_version IS 'A distinct package version seen anywhere: matched once for all who have it.';
COMMENT ON COLUMN package_version.key IS 'SHA-256 over type, ecosystem, name, version, source, architecture, licence and purl.';
COMMENT ON COLUMN package_version.ecosystem IS 'OSV''s name with the release; null where the operating system is unknown: never matched.';
COMMENT ON COLUMN package_version.matched_at IS 'Null until it was first matched.';
COMMENT ON COLUMN package_version.unknown_reason IS 'Why its version could not be ordered: such a package is unknown, not unaffected.';

CREATE TABLE image_package (
    image_content_id bigint NOT NULL REFERENCES image_content ON DELETE CASCADE,
    package_version_id bigint NOT NULL REFERENCES package_version,
    path text NOT NULL,
    layer integer NOT NULL,
    PRIMARY KEY (image_content_id, package_version_id, path)
);
CREATE INDEX ON image_package (package_version_id);

CREATE TABLE image (
    org_id uuid NOT NULL REFERENCES org,
    id uuid NOT NULL,
    manifest_digest text NOT NULL,
    image_content_id bigint NOT NULL REFERENCES image_content,
    source text NOT NULL CHECK (source IN ('push', 'archive')),
    scan_state text NOT NULL DEFAULT 'queued' CHECK (scan_state IN ('queued', 'running', 'retrying', 'done', 'failed')),
    scan_error text,
    scan_error_code text,
    scan_requested_at timestamptz NOT NULL DEFAULT now(),
    scan_started_at timestamptz,
    scan_finished_at timestamptz,
    layers_analysed integer,
    layers_reused integer,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, manifest_digest)
);
CREATE INDEX ON image (org_id, image_content_id);
CREATE INDEX ON image (org_id, first_seen, id);
COMMENT ON TABLE image IS 'An organization holds this image. Its last result stays in force while a new scan runs.';
COMMENT ON COLUMN image.layers_analysed IS 'Of the last scan: layers read from the blob.';
COMMENT ON COLUMN image.layers_reused IS 'Of the last scan: layers whose earlier analysis was used.';

ALTER TABLE image ENABLE ROW LEVEL SECURITY;
ALTER TABLE image FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON image USING (org_id = current_org());

GRANT SELECT ON image_content, image_layer, package_version, image_package TO plimsoll_api, plimsoll_feeds;
GRANT SELECT, INSERT ON image_content TO plimsoll_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON image_content, layer_blob, layer_analysis, image_layer, package_version, image_package
    TO plimsoll_worker;
GRANT UPDATE (matched_at, unknown_reason) ON package_version TO plimsoll_feeds;
GRANT SELECT ON image TO plimsoll_api, plimsoll_feeds;
GRANT UPDATE (scan_state, scan_error, scan_error_code, scan_requested_at) ON image TO plimsoll_api;
GRANT SELECT, INSERT, UPDATE ON image TO plimsoll_ingest;
GRANT SELECT, UPDATE ON image TO plimsoll_worker;
