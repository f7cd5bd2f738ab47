-- What advisories call a package depends on whose they are: written with the row, no longer derived from its columns.

ALTER TABLE package_version
    ALTER COLUMN advisory_name DROP EXPRESSION,
    ALTER COLUMN advisory_version DROP EXPRESSION;
COMMENT ON COLUMN package_version.advisory_name IS
    'The name that the ecosystem''s advisories use: mostly the source package''s for distributions (Package::advised_as).';
COMMENT ON COLUMN package_version.advisory_version IS 'The version that they speak of.';

-- These three name the packages that are installed. What was matched by the sources' names is matched anew.
UPDATE package_version SET advisory_name = name, advisory_version = version, matched_at = NULL
WHERE split_part(ecosystem, ':', 1) IN ('AlmaLinux', 'Amazon Linux', 'Oracle Linux') AND source_name IS NOT NULL;
INSERT INTO outbox (topic, payload)
SELECT 'advisories.changed', jsonb_build_object('feed', 'osv', 'keys', jsonb_agg(key))
FROM (SELECT key, (row_number() OVER () - 1) / 2000 AS part
      FROM (SELECT DISTINCT jsonb_build_object('ecosystem', ecosystem, 'package', advisory_name) AS key FROM package_version
            WHERE split_part(ecosystem, ':', 1) IN ('AlmaLinux', 'Amazon Linux', 'Oracle Linux') AND source_name IS NOT NULL) k
     ) parts
GROUP BY part;
