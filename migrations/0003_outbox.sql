-- Messages that became true in a transaction and wait to be published. The relay deletes a row once the broker has confirmed it.

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id uuid REFERENCES org,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    trace_context jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON outbox (org_id);
COMMENT ON COLUMN outbox.org_id IS 'The organization that it concerns; null where it concerns the catalogue.';
COMMENT ON COLUMN outbox.trace_context IS 'W3C trace context of the transaction: the trace goes on in the consumer.';

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox USING (org_id = current_org());
-- Relays run in services that write messages; they pass all of them on and read nothing else across tenants.
CREATE POLICY relay ON outbox TO plimsoll_ingest, plimsoll_worker, plimsoll_feeds, plimsoll_api, plimsoll_owner USING (true);
GRANT SELECT, INSERT, DELETE ON outbox TO plimsoll_ingest, plimsoll_worker, plimsoll_feeds;
GRANT INSERT ON outbox TO plimsoll_api;
GRANT UPDATE (trace_context) ON outbox TO plimsoll_ingest, plimsoll_worker, plimsoll_feeds;

CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY plimsoll_outbox;
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_inserted AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
