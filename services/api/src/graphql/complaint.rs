//! Errors as a client sees them: a code for programs, a text for people, and nothing of what is inside.

use async_graphql::{Error, ErrorExtensions as _};
use plimsoll_identity::Permission;
use plimsoll_store::StoreError;

/// An error with a code in its extensions.
pub fn complaint(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// Something of ours failed: the cause goes to the log.
pub fn internal(cause: &dyn std::fmt::Display) -> Error {
    tracing::error!(%cause, "a field failed");
    complaint("INTERNAL", "The service failed. Try again; if it lasts, ask the operator.")
}

/// The database failed.
pub fn of_store(error: StoreError) -> Error {
    internal(&error)
}

/// Who asks may not do this.
pub fn forbidden(what: &str, permission: Permission) -> Error {
    let cure = match permission.scope() {
        Some(scope) => format!("a key needs the scope `{scope}`, a member a role that allows it"),
        None => "no key may, and a member needs a role that allows it".to_owned(),
    };
    complaint("FORBIDDEN", format!("You may not {what} in this organization: {cure}."))
}
