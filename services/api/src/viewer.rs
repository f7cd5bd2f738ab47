//! Who asks: a signed-in person or an API key, and in which organizations they may do what.

use plimsoll_identity::{Actor, Permission, Role, Scope, allows};
use plimsoll_model::{AccountId, ApiKeyId, OrgId};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The person or the key.
    pub identity: Identity,
    /// The organizations that they belong to, the session's first. Never empty.
    pub accesses: Vec<Access>,
}

/// A person or a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A signed-in person.
    Account(AccountId),
    /// An API key.
    Key {
        /// Its id.
        id: ApiKeyId,
        /// Its name for people.
        name: String,
    },
}

/// An organization that somebody belongs to, with what they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The organization.
    pub org: OrgId,
    /// Its slug.
    pub slug: String,
    /// What they are there.
    pub standing: Standing,
}

/// What somebody is in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member(Role),
    /// A key with these scopes.
    Key(Vec<Scope>),
}

impl Access {
    /// Whether they may do this there.
    pub fn allows(&self, permission: Permission) -> bool {
        match &self.standing {
            Standing::Member(role) => allows(Actor::Member(*role), permission),
            Standing::Key(scopes) => allows(Actor::Key(scopes), permission),
        }
    }
}
