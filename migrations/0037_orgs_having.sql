-- Which organizations a change of few package versions concerns is asked once, of all of them; each then looks at its own alone. Instant but for the
-- index, which is built while images wait to be written: seconds for a million.

CREATE INDEX ON image (image_content_id);

-- Images are seen across organizations: what is told is which organizations have a package version, to the service that brings their findings in line.
CREATE POLICY across_tenants ON image FOR SELECT TO plimsoll_owner USING (true);
CREATE FUNCTION orgs_having(versions bigint[]) RETURNS TABLE (org_id uuid, package_versions bigint[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT i.org_id, array_agg(DISTINCT p.package_version_id)
          FROM image_package p JOIN image i ON i.image_content_id = p.image_content_id
          WHERE p.package_version_id = ANY(versions) GROUP BY i.org_id $$;
COMMENT ON FUNCTION orgs_having(bigint[]) IS 'The organizations with an image that has one of these package versions, each with those that it has.';
REVOKE ALL ON FUNCTION orgs_having(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orgs_having(bigint[]) TO plimsoll_feeds;
