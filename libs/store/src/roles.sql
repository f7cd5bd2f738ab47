-- The cluster's roles, before the first migration. None but the owner owns a table; none bypasses row-level security.
-- Two databases of one cluster may do this at once, hence the exceptions.
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['plimsoll_owner', 'plimsoll_api', 'plimsoll_ingest', 'plimsoll_worker', 'plimsoll_feeds'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS NOSUPERUSER', r);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', r);
        END IF;
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), r);
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO plimsoll_owner', current_database());
    GRANT CREATE, USAGE ON SCHEMA public TO plimsoll_owner;
    GRANT USAGE ON SCHEMA public TO plimsoll_api, plimsoll_ingest, plimsoll_worker, plimsoll_feeds;
END $$;
