-- A document may be attached to an image: it then speaks of that image alone. Instant: the new columns are null or false. Code of before decides as if nothing
-- were attached, so that all services are upgraded before something is.

ALTER TABLE vex_document ADD COLUMN image_digest text, ADD COLUMN has_one_product boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN vex_document.image_digest IS
    'The image that it is attached to, or an index that names images; null: it speaks of every image. It stays so if the image is pushed again.';
COMMENT ON COLUMN vex_document.has_one_product IS
    'All its statements name the same product: attached to an image, it is that image, whatever it is called.';
