//! What can be changed. Each answer holds the object and, where nothing was done, what the person can mend.

mod api_keys;
mod own_advisories;
mod scans;
mod vex_documents;
mod yara_rule_sets;

use std::sync::Arc;

use async_graphql::{MergedObject, Result, SimpleObject};

use super::complaint::complaint;
use super::tenant::{Asking, Tenant};

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    api_keys::ApiKeyMutation,
    own_advisories::OwnAdvisoryMutation,
    scans::ScanMutation,
    vex_documents::VexDocumentMutation,
    yara_rule_sets::YaraRuleSetMutation,
);

/// Something that the person who asked can mend; nothing was done.
#[derive(SimpleObject)]
pub struct UserError {
    /// For programs: `NOT_FOUND`, `NAME_INVALID`, ...
    code: &'static str,
    /// The argument that it is about.
    field: &'static str,
    /// For people.
    message: String,
}

fn wrong_kind(what: &str) -> async_graphql::Error {
    complaint("BAD_ID", format!("id is not the id of {what}."))
}

fn not_found(field: &'static str) -> UserError {
    UserError { code: "NOT_FOUND", field, message: format!("There is nothing with this {field} that you may see.") }
}

/// The organization of this slug, the one that they signed in to where none is given; `None` where they belong to no such.
fn tenant_named<'a>(asking: &'a Asking, slug: Option<&str>) -> Result<Option<&'a Arc<Tenant>>> {
    match slug {
        None => asking.current().map(Some),
        Some(slug) => Ok(asking.tenant(slug)),
    }
}
