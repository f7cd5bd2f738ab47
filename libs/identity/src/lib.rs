//! Who may do what: passwords, API keys, registry tokens, roles and permissions. No I/O and no clock.
//!
//! Whatever makes a secret takes the source of its randomness as an argument. Services pass [`rng`], the one place
//! where this process draws randomness for secrets; tests pass a seeded one.

mod api_key;
mod password;
mod permission;
mod registry_token;

pub use api_key::{ApiKey, ApiKeyError};
pub use password::{HashError, MAX_CHARS, MIN_CHARS, Password, PasswordRefused, hash_password, verify_password};
pub use permission::{Actor, Permission, Role, Scope, UnknownName, allows};
pub use registry_token::{Access, AccessError, Action, Claims, RegistryTokenKey, TokenError};

/// The cryptographic random source of this process: seeded by the operating system, not `Send`, so make it where it is used.
pub fn rng() -> impl rand::CryptoRng {
    rand::rng()
}
