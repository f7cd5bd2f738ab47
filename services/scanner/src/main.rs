//! Workers: layers to inventory to findings.

fn main() {}
