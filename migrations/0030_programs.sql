-- Programs without a package are judged by NVD now, in an ecosystem of their own. Those that were found before get it, under the key that
-- they would have from now on (libs/store/src/packages.rs), and NVD's documents are read anew with the next sync though they did not
-- change: what they say of programs was passed over. Then those programs are matched with all that changed.
-- Some rows for each image that has such a program; a handful of documents. A scanner of the release before may still write rows without the
-- ecosystem: they are as they were, not judged, until their image is scanned again.

UPDATE package_version p SET ecosystem = 'generic', key = k.key
FROM (SELECT id, sha256(convert_to((jsonb_build_array(type, 'generic'::text, name, version, source_name, source_version, architecture,
                                                     license, purl)
                                    || CASE WHEN module IS NULL THEN '[]' ELSE jsonb_build_array(module) END)::text, 'UTF8')) AS key
      FROM package_version WHERE type = 'generic' AND ecosystem IS NULL) k
WHERE p.id = k.id AND NOT EXISTS (SELECT FROM package_version o WHERE o.key = k.key);
COMMENT ON COLUMN package_version.ecosystem IS
    'OSV''s name with the release, generic of programs without a package; null where the operating system is unknown: never matched.';

UPDATE feed_document SET etag = NULL, last_modified = NULL WHERE feed = 'nvd';
