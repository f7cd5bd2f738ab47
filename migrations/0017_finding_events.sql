-- Each change of a finding is an event with the image's tags as they are then: who opens and closes findings reads tags.
-- Grants alone: nothing is rewritten.

GRANT SELECT ON repository, image_tag, manifest_child TO plimsoll_feeds;
-- Not what the manifest says.
GRANT SELECT (org_id, repository_id, digest) ON manifest TO plimsoll_feeds;
