-- A server that asks to be left alone is, from one round to the next. A column without a value: instant.

ALTER TABLE feed_run ADD COLUMN not_before timestamptz;
COMMENT ON COLUMN feed_run.not_before IS 'The server asked (Retry-After) not to be asked again before this, a day at most.';
