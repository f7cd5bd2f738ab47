//! Passwords and API keys: making, hashing and checking them. No I/O.
