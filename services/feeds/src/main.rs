//! Syncs advisory feeds and re-matches what a change touches.

fn main() {}
