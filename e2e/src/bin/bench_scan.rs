//! Placeholder until the platform runs end to end in this session.
fn main() {}
