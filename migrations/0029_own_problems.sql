-- What an organization's own rules did not examine of its image: the gaps are its own, too.

ALTER TABLE image ADD COLUMN own_problems jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN image.own_problems IS 'Files that the organization''s own rules did not examine, as image_content.problems.';
