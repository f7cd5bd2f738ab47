-- What an organization pushed: repositories, blobs, uploads under way, manifests and tags (OCI Distribution).

CREATE TABLE repository (
    org_id uuid NOT NULL REFERENCES org,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name)
);
COMMENT ON COLUMN repository.name IS 'Without the organization''s slug: demo/web/shop is repository web/shop of demo.';

CREATE TABLE repository_blob (
    org_id uuid NOT NULL,
    repository_id uuid NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, repository_id, digest),
    FOREIGN KEY (org_id, repository_id) REFERENCES repository (org_id, id)
);
CREATE INDEX ON repository_blob (org_id, digest);
COMMENT ON TABLE repository_blob IS
    'The organization has shown that it has these bytes, in this repository. The bytes themselves are stored once for all.';

CREATE TABLE blob_upload (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    repository_id uuid NOT NULL,
    parts jsonb NOT NULL DEFAULT '[]',
    size_bytes bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, repository_id) REFERENCES repository (org_id, id)
);
COMMENT ON TABLE blob_upload IS 'An upload session: it outlives the process that began it.';
COMMENT ON COLUMN blob_upload.parts IS 'Staged objects in order: [{"key", "size", "sha256"}].';

CREATE TABLE manifest (
    org_id uuid NOT NULL,
    repository_id uuid NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL CHECK (length(content) <= 4194304),
    artifact_type text,
    subject_digest text,
    annotations jsonb NOT NULL DEFAULT '{}',
    pushed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, repository_id, digest),
    FOREIGN KEY (org_id, repository_id) REFERENCES repository (org_id, id)
);
CREATE INDEX ON manifest (org_id, repository_id, subject_digest, digest) WHERE subject_digest IS NOT NULL;
CREATE INDEX ON manifest (org_id, digest);
COMMENT ON TABLE manifest IS 'A manifest or index, byte for byte as it was pushed.';
COMMENT ON COLUMN manifest.artifact_type IS 'artifactType, or the config''s media type where that is absent.';

CREATE TABLE manifest_child (
    org_id uuid NOT NULL,
    repository_id uuid NOT NULL,
    digest text NOT NULL,
    child_digest text NOT NULL,
    PRIMARY KEY (org_id, repository_id, digest, child_digest),
    FOREIGN KEY (org_id, repository_id, digest) REFERENCES manifest (org_id, repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX ON manifest_child (org_id, repository_id, child_digest);
COMMENT ON TABLE manifest_child IS 'What a manifest names: an index its manifests, an image its config and layers.';

CREATE TABLE image_tag (
    org_id uuid NOT NULL,
    repository_id uuid NOT NULL,
    tag text NOT NULL CHECK (length(tag) BETWEEN 1 AND 128),
    digest text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    until timestamptz,
    PRIMARY KEY (org_id, repository_id, tag, since),
    FOREIGN KEY (org_id, repository_id) REFERENCES repository (org_id, id)
);
CREATE UNIQUE INDEX image_tag_current ON image_tag (org_id, repository_id, tag) WHERE until IS NULL;
CREATE INDEX ON image_tag (org_id, repository_id, digest);
COMMENT ON TABLE image_tag IS 'Which manifest a tag meant, from since to until (null: now).';

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['repository', 'repository_blob', 'blob_upload', 'manifest', 'manifest_child', 'image_tag'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (org_id = current_org())', t);
        EXECUTE format('GRANT SELECT ON %I TO plimsoll_api, plimsoll_worker', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO plimsoll_ingest', t);
    END LOOP;
END $$;

-- Uploads that nobody goes on with are swept across organizations, by a transaction that works for none.
CREATE POLICY sweep ON blob_upload TO plimsoll_ingest USING (current_org() IS NULL);
