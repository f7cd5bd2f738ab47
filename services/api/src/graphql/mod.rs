//! The GraphQL API: its types mirror the domain, lists are connections by keyset, and every reference is loaded for many at once.

mod complaint;
pub mod document;
pub mod endpoint;
pub mod finding_changes;
mod global_id;
pub mod limits;
mod loaders;
mod mutation;
mod paging;
mod query;
mod subscription;
mod tenant;
mod types;
pub mod websocket;

use async_graphql::Schema;

use crate::configuration::Limits;
use crate::server::State;

/// The schema with its resolvers.
pub type ApiSchema = Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// The schema over the service's engines. Who asks comes with a request, as a [`crate::viewer::Viewer`] in its data.
pub fn schema(state: State, limits: &Limits) -> ApiSchema {
    let builder = Schema::build(query::Query, mutation::Mutation::default(), subscription::Subscription)
        .extension(limits::LimitsOf(limits.clone()))
        .extension(tenant::AskingOfViewer)
        // The parser's own bound, on the stack: ours, in words, comes first for whatever passes it.
        .limit_recursive_depth(64)
        .limit_directives(10)
        .data(state);
    if limits.graphql_introspection { builder.finish() } else { builder.disable_introspection().finish() }
}

/// The schema in the schema definition language, with descriptions.
pub fn sdl() -> String {
    Schema::build(query::Query, mutation::Mutation::default(), subscription::Subscription).finish().sdl()
}
