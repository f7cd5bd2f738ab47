//! Sign-in and the GraphQL API.

fn main() {}
