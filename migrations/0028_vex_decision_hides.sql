-- Statements that decide and hide nothing (affected, under investigation) are decisions too, told with the findings. Instant: those there are hide.

ALTER TABLE vex_decision ADD COLUMN hides boolean NOT NULL DEFAULT true;
COMMENT ON TABLE vex_decision IS 'The statement that counts for a vulnerability in a package of an image.';
COMMENT ON COLUMN vex_decision.hides IS 'Whether it says that nothing needs to be done: the finding is hidden.';
