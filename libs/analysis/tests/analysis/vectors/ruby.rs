//! Ruby: Bundler's lock file.

use super::{Exception, exception};

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception(
        "Gemfile.lock-a7183e5539",
        "pkg:gem/bad-entry@",
        "in a section that Bundler does not know, and so ignores",
    ),
    exception(
        "Gemfile.lock-b8f4cd37d2",
        "pkg:gem/nokogiri@1.13.3-x86_64-linux",
        "the platform is no part of the version",
    ),
];
