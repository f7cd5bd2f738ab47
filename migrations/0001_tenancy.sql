-- Organizations, the people who belong to them and the keys of their machines.
--
-- Row-level security is FORCEd on every tenant table. A transaction names its organization with
-- set_config('plimsoll.org_id', ..., true); after it ends the setting reads '' and not null, hence nullif.

CREATE FUNCTION current_org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('plimsoll.org_id', true), '')::uuid $$;
COMMENT ON FUNCTION current_org() IS 'The organization that this transaction works for, or null.';

CREATE TABLE org (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 63),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE org IS 'A tenant.';
COMMENT ON COLUMN org.slug IS 'First part of every repository name of the organization in the registry, and its name in addresses.';

CREATE TABLE account (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (email)
);
COMMENT ON TABLE account IS 'A person. No tenant: one person may belong to several organizations.';
COMMENT ON COLUMN account.password_hash IS 'argon2id, in PHC string format.';

CREATE TABLE membership (
    org_id uuid NOT NULL REFERENCES org,
    account_id uuid NOT NULL REFERENCES account,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'security', 'developer', 'auditor')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, account_id)
);
CREATE INDEX ON membership (account_id);
COMMENT ON TABLE membership IS 'An account''s role in an organization.';

CREATE TABLE api_key (
    org_id uuid NOT NULL REFERENCES org,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE api_key IS 'A machine''s key. The key itself is shown once and never stored.';
COMMENT ON COLUMN api_key.hash IS 'SHA-256 of the key, which has 256 random bits: a slow hash would add nothing.';
COMMENT ON COLUMN api_key.scopes IS 'Of read, push: what the key may do.';
COMMENT ON COLUMN api_key.last_used_at IS 'Written by whoever checks the key, at most once a minute.';

ALTER TABLE org ENABLE ROW LEVEL SECURITY;
ALTER TABLE org FORCE ROW LEVEL SECURITY;
ALTER TABLE membership ENABLE ROW LEVEL SECURITY;
ALTER TABLE membership FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON org USING (id = current_org());
CREATE POLICY tenant ON membership USING (org_id = current_org());
CREATE POLICY tenant ON api_key USING (org_id = current_org());
-- The owner runs migrations and the functions below, which look across tenants on purpose.
CREATE POLICY across_tenants ON org TO plimsoll_owner USING (true);
CREATE POLICY across_tenants ON membership TO plimsoll_owner USING (true);
CREATE POLICY across_tenants ON api_key TO plimsoll_owner USING (true);
-- Re-matching walks the organizations one by one; it sees no more of them than that they exist.
CREATE POLICY across_tenants_read ON org FOR SELECT TO plimsoll_feeds USING (true);

-- Who a key belongs to is asked before any organization is known.
CREATE FUNCTION api_key_by_hash(key_hash bytea)
    RETURNS TABLE (org_id uuid, org_slug text, id uuid, name text, scopes text[], expires_at timestamptz,
                   revoked_at timestamptz, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT k.org_id, o.slug, k.id, k.name, k.scopes, k.expires_at, k.revoked_at, k.last_used_at
          FROM api_key k JOIN org o ON o.id = k.org_id WHERE k.hash = key_hash $$;

-- Where a person belongs is asked before they choose.
CREATE FUNCTION memberships_of(account uuid)
    RETURNS TABLE (org_id uuid, slug text, name text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT o.id, o.slug, o.name, m.role FROM membership m JOIN org o ON o.id = m.org_id
          WHERE m.account_id = account ORDER BY o.slug $$;

REVOKE ALL ON FUNCTION api_key_by_hash(bytea), memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_by_hash(bytea) TO plimsoll_api, plimsoll_ingest;
GRANT EXECUTE ON FUNCTION memberships_of(uuid) TO plimsoll_api;
GRANT SELECT ON org TO plimsoll_api, plimsoll_ingest, plimsoll_worker, plimsoll_feeds;
GRANT SELECT ON account, membership, api_key TO plimsoll_api;
GRANT INSERT ON api_key TO plimsoll_api;
GRANT SELECT ON api_key TO plimsoll_ingest;
GRANT UPDATE (last_used_at) ON api_key TO plimsoll_api, plimsoll_ingest;
GRANT UPDATE (revoked_at) ON api_key TO plimsoll_api;
