//! The few routes that are not GraphQL: signing in and out, and what this server is.

pub mod body;
pub mod server_facts;
pub mod sign_in;
