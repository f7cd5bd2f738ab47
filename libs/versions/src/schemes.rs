//! One file a scheme: each has a `Key` that reads a version (trimmed, printable ASCII, at most
//! [`MAX_LENGTH`](crate::MAX_LENGTH) bytes) or says why not, and whose `Ord` is the scheme's order.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod pep440;
pub(crate) mod semver;
