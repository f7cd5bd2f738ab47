-- Where a vulnerability may be is looked up by what could not be judged alone, however many versions of its packages were.
-- Both indexes are built anew, while what is matched waits: some seconds for ten million matches. They hold few of the rows.

CREATE INDEX package_version_unjudged ON package_version (ecosystem, advisory_name) WHERE unknown_reason IS NOT NULL;
CREATE INDEX match_investigated ON "match" (vulnerability_id) WHERE state = 'under_investigation';
