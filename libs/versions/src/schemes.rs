//! One file a scheme: each has a `Key` that reads a version (trimmed, printable ASCII, at most
//! [`MAX_LENGTH`](crate::MAX_LENGTH) bytes) or says why not, and whose `Ord` is the scheme's order.

pub(crate) mod apk;
pub(crate) mod composer;
pub(crate) mod conan;
pub(crate) mod cran;
pub(crate) mod dpkg;
pub(crate) mod generic;
pub(crate) mod hackage;
pub(crate) mod maven;
pub(crate) mod nuget;
pub(crate) mod pep440;
pub(crate) mod pub_dev;
pub(crate) mod rpm;
pub(crate) mod rubygems;
pub(crate) mod semver;
