//! Distributions' databases.

use super::{Exception, exception};

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("status-1fbff4e47b", "pkg:deb/debian/acl", "the paragraph has no version"),
    exception(
        "status-7da5a7d079",
        "pkg:deb/debian/wantdeinstall_configfiles@",
        "removed: only its configuration is left",
    ),
    exception("status-7da5a7d079", "pkg:deb/debian/wantnostatus@", "without a status dpkg holds it not installed"),
    exception("status-7da5a7d079", "pkg:deb/debian/wantpurge_notinstalled@", "not installed"),
    exception(
        "status-f892df9a3b",
        "pkg:deb/debian/wantdeinstall_configfiles@",
        "removed: only its configuration is left",
    ),
    exception("status-f892df9a3b", "pkg:deb/debian/wantinstall_halfinstalled@", "its unpacking was not finished"),
    exception("status-f892df9a3b", "pkg:deb/debian/wantnostatus@", "without a status dpkg holds it not installed"),
];
