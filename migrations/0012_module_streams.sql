-- Module streams: which builds of a package an advisory means, where its source tells. A column without a default, so nothing is rewritten.

ALTER TABLE affected ADD COLUMN module text;
COMMENT ON COLUMN affected.module IS 'The module and stream whose builds are meant, nodejs:18; null where the source tells none.';
