//! Who may do what, in one table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Makes an enum whose variants have one written name each: in the database, in JSON and in messages.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The written name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| UnknownName {
                    what: $what,
                    name: text.chars().take(40).collect(),
                    known: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

/// A text that names no role or scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' is not a {what} (one of {known})")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: String,
}

named! {
    /// A person's role in an organization.
    Role, "role", {
        /// May do everything, and is the last who can give ownership away.
        Owner = "owner",
        /// Runs the organization: people, keys, registries.
        Admin = "admin",
        /// Works on what was found: policies, waivers, triage.
        Security = "security",
        /// Brings images and reads what was found in them.
        Developer = "developer",
        /// Reads everything and changes nothing.
        Auditor = "auditor",
    }
}

named! {
    /// What an API key may be used for.
    Scope, "scope", {
        /// Read images, findings and verdicts.
        Read = "read",
        /// Push images and documents.
        Push = "push",
        /// Write the organization's own advisories, bans and VEX documents.
        Advise = "advise",
    }
}

/// Something that may or may not be done in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read images, their inventories, findings and verdicts.
    ReadFindings,
    /// Bring images, archives and SBOMs.
    PushImages,
    /// Change the organization's own rules.
    ManageRules,
    /// Write the organization's own advisories and VEX documents, and ban packages.
    ManageAdvisories,
    /// Make and revoke API keys.
    ManageKeys,
    /// Change the organization: its name, its members and their roles.
    ManageOrganization,
}

/// Who asks, in one organization: a signed-in member by role, or an API key by its scopes.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    /// A member.
    Member(Role),
    /// An API key with these scopes.
    Key(&'a [Scope]),
}

impl Permission {
    /// The table: the roles, and the one scope if any, that have this permission.
    ///
    /// No scope manages rules, keys or people: a leaked key must not be able to make itself another.
    const fn holders(self) -> (&'static [Role], Option<Scope>) {
        use Role::{Admin, Auditor, Developer, Owner, Security};
        match self {
            Self::ReadFindings => (&[Owner, Admin, Security, Developer, Auditor], Some(Scope::Read)),
            Self::PushImages => (&[Owner, Admin, Security, Developer], Some(Scope::Push)),
            Self::ManageRules => (&[Owner, Admin, Security], None),
            // A pipeline keeps them as files beside its code.
            Self::ManageAdvisories => (&[Owner, Admin, Security], Some(Scope::Advise)),
            Self::ManageKeys => (&[Owner, Admin], None),
            Self::ManageOrganization => (&[Owner], None),
        }
    }
}

impl Permission {
    /// The scope that lets a key do it; `None` for what no key may.
    pub const fn scope(self) -> Option<Scope> {
        self.holders().1
    }
}

/// Whether the actor has the permission, in the organization that the role or the key belongs to.
pub fn allows(actor: Actor<'_>, permission: Permission) -> bool {
    let (roles, scope) = permission.holders();
    match actor {
        Actor::Member(role) => roles.contains(&role),
        Actor::Key(scopes) => scope.is_some_and(|scope| scopes.contains(&scope)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_may_do_exactly_what_the_table_says() {
        use Permission::{ManageAdvisories, ManageKeys, ManageOrganization, ManageRules, PushImages, ReadFindings};
        let columns = [ReadFindings, PushImages, ManageRules, ManageAdvisories, ManageKeys, ManageOrganization];
        let rows: &[(Actor<'_>, [bool; 6])] = &[
            (Actor::Member(Role::Owner), [true, true, true, true, true, true]),
            (Actor::Member(Role::Admin), [true, true, true, true, true, false]),
            (Actor::Member(Role::Security), [true, true, true, true, false, false]),
            (Actor::Member(Role::Developer), [true, true, false, false, false, false]),
            (Actor::Member(Role::Auditor), [true, false, false, false, false, false]),
            (Actor::Key(&[]), [false, false, false, false, false, false]),
            (Actor::Key(&[Scope::Read]), [true, false, false, false, false, false]),
            (Actor::Key(&[Scope::Push]), [false, true, false, false, false, false]),
            (Actor::Key(&[Scope::Advise]), [false, false, false, true, false, false]),
            (Actor::Key(&[Scope::Read, Scope::Push]), [true, true, false, false, false, false]),
        ];
        for (actor, expected) in rows {
            assert_eq!(columns.map(|permission| allows(*actor, permission)), *expected, "{actor:?}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written_and_no_others() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>(), Ok(*role));
            assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        }
        assert_eq!("push".parse::<Scope>(), Ok(Scope::Push));
        assert_eq!(
            "Push".parse::<Scope>().unwrap_err().to_string(),
            "'Push' is not a scope (one of read, push, advise)"
        );
        assert!("".parse::<Role>().is_err());
    }
}
