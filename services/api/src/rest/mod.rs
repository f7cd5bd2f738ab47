//! The few routes that are not GraphQL: signing in and out, what this server is, and documents for other programs.

pub mod body;
pub mod image_vex;
pub mod server_facts;
pub mod sign_in;
pub mod vex_document;
