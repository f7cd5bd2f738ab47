//! Takes images in: the OCI Distribution endpoints and archive uploads.

fn main() {}
