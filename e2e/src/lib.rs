//! Tests and benchmarks against the running platform, through public doors only.
