//! The operator's tool: migrations, organizations, keys, dead letters.

fn main() {}
