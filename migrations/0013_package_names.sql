-- Where a package is, is asked by its name or its source's, whatever the ecosystem. Both indexes are built while scans that bring new
-- packages wait: some seconds for a million package versions. Hashes, as names are only ever compared whole and an image may
-- name a package by more bytes than an entry of a B-tree holds.

CREATE INDEX ON package_version USING hash (name);
CREATE INDEX ON package_version USING hash (source_name);
