//! Sessions of signed-in people. The token is kept nowhere: Redis knows its SHA-256, so that who reads Redis cannot sign in.
//!
//! A session ends after a time without use, and in any case some time after it began. Both by Redis' clock.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plimsoll_identity::Role;
use plimsoll_model::{AccountId, OrgId};
use rand::RngCore as _;
use redis::Script;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::connection::Volatile;
use crate::error::VolatileError;

/// The most sessions that an account has at once; the one that began first makes room.
const MAX_PER_ACCOUNT: usize = 100;

/// Who is signed in, and where. Its role is that of the moment of sign-in: on a change of role or membership call
/// [`Volatile::end_sessions_of`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The person.
    pub account: AccountId,
    /// The organization that the session works in.
    pub org: OrgId,
    /// The person's role there.
    pub role: Role,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without use.
    pub idle: Duration,
    /// In any case.
    pub absolute: Duration,
}

impl Default for Lifetime {
    /// 12 hours without use, 7 days in any case.
    fn default() -> Self {
        Self { idle: Duration::from_secs(12 * 3600), absolute: Duration::from_secs(7 * 24 * 3600) }
    }
}

/// The secret that the browser keeps: 256 random bits in 43 characters of base64url.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([REDACTED])")
    }
}

impl SessionToken {
    fn generate() -> Self {
        let mut secret = [0u8; 32];
        plimsoll_identity::rng().fill_bytes(&mut secret);
        Self(URL_SAFE_NO_PAD.encode(secret).into())
    }

    /// Takes a text, as a cookie brings it, for a token; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok();
        is_token.then(|| Self(text.to_owned().into()))
    }

    /// The token itself, for the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.expose()))
    }
}

// KEYS: the account's index. ARGV: prefix of session keys, hash, session, idle ms, absolute ms, most sessions.
static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local ends = now + ARGV[5]
        local key = ARGV[1] .. ARGV[2]
        redis.call('HSET', key, 'session', ARGV[3], 'ends', string.format('%.0f', ends), 'idle', ARGV[4])
        redis.call('PEXPIRE', key, math.min(ARGV[4], ARGV[5]))
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
        redis.call('ZADD', KEYS[1], string.format('%.0f', ends), ARGV[2])
        while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[6]) do
            redis.call('UNLINK', ARGV[1] .. redis.call('ZPOPMIN', KEYS[1])[1])
        end
        redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
        ",
    )
});

// KEYS: the session. Answers it, after moving its idle end on.
static TOUCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local found = redis.call('HMGET', KEYS[1], 'session', 'ends', 'idle')
        if not found[1] then return false end
        local time = redis.call('TIME')
        local left = found[2] - (time[1] * 1000 + math.floor(time[2] / 1000))
        if left <= 0 then redis.call('UNLINK', KEYS[1]) return false end
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(left, found[3])))
        return found[1]
        ",
    )
});

// KEYS: the account's index. ARGV: prefix of session keys. Answers how many there were.
static END_ALL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local ended = 0
        for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
            ended = ended + redis.call('UNLINK', ARGV[1] .. hash)
        end
        redis.call('UNLINK', KEYS[1])
        return ended
        ",
    )
});

impl Volatile {
    /// Begins a session and gives its token, always a new one: nobody can be signed in to a session that another knows.
    ///
    /// # Errors
    /// When Redis is away; nobody is then signed in.
    pub async fn create_session(&self, session: &Session, lifetime: Lifetime) -> Result<SessionToken, VolatileError> {
        let doing = "beginning a session";
        let json = serde_json::to_string(session).map_err(|source| VolatileError::Json { doing, source })?;
        let token = SessionToken::generate();
        let mut script = CREATE.prepare_invoke();
        script
            .key(self.key(&["sessions", &session.account.to_string()]))
            .arg(self.key(&["session", ""]))
            .arg(token.hash())
            .arg(json)
            .arg(milliseconds(lifetime.idle))
            .arg(milliseconds(lifetime.absolute))
            .arg(MAX_PER_ACCOUNT);
        self.invoke::<()>(doing, &script).await?;
        Ok(token)
    }

    /// The session with this token, unless it has ended. This is a use of it: its idle time begins again.
    ///
    /// # Errors
    /// When Redis is away: that nobody is signed in is then not said.
    pub async fn session(&self, token: &SessionToken) -> Result<Option<Session>, VolatileError> {
        let doing = "looking a session up";
        let mut script = TOUCH.prepare_invoke();
        script.key(self.key(&["session", &token.hash()]));
        let json: Option<String> = self.invoke(doing, &script).await?;
        json.map(|json| serde_json::from_str(&json).map_err(|source| VolatileError::Json { doing, source })).transpose()
    }

    /// Ends the session with this token. It need not be there.
    ///
    /// # Errors
    /// When Redis is away; the session may then go on.
    pub async fn end_session(&self, token: &SessionToken) -> Result<(), VolatileError> {
        let key = self.key(&["session", &token.hash()]);
        self.run("ending a session", redis::cmd("UNLINK").arg(key)).await
    }

    /// Ends every session of the account: after a change of password, role or membership. Answers how many there were.
    ///
    /// # Errors
    /// When Redis is away; the sessions may then go on.
    pub async fn end_sessions_of(&self, account: AccountId) -> Result<u64, VolatileError> {
        let mut script = END_ALL.prepare_invoke();
        script.key(self.key(&["sessions", &account.to_string()])).arg(self.key(&["session", ""]));
        self.invoke("ending an account's sessions", &script).await
    }
}

/// Whole milliseconds, at least one: Redis takes no shorter time.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 45)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_parsed_only_in_the_form_it_was_made() {
        let token = SessionToken::generate();
        assert_eq!(SessionToken::parse(token.expose()).unwrap().hash(), token.hash());
        for bad in
            ["", "x", &token.expose()[1..], &format!("{}A", token.expose()), &"/".repeat(43), &"x".repeat(1 << 20)]
        {
            assert!(SessionToken::parse(bad).is_none());
        }
        assert_eq!(format!("{token:?}"), "SessionToken([REDACTED])");
    }
}
