//! The embedded advisory database of the offline scan: one SQLite file.
