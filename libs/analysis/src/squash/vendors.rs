//! Which packages of a distribution's kind are a third party's.
//!
//! What a package says of its maker depends on the distribution around it: Microsoft's RPMs are Azure Linux there and a third party's elsewhere,
//! and an unknown maintainer is usual in Debian and impossible in Ubuntu.

use plimsoll_model::{OsRelease, Package, PackageType, Vendor};

use super::view::View;
use crate::analysers::os_release::RANKED_PATHS;

/// Distributions whose makers publish packages for others too: `ID` of the release file, and how the RPM vendor begins, in lower case.
const OF_THEIR_OWN: [(&str, &str); 5] = [
    ("amzn", "amazon"),
    ("azurelinux", "microsoft"),
    ("mariner", "microsoft"),
    ("photon", "broadcom"),
    ("photon", "vmware"),
];
/// Every distribution of RPMs has this package first, and nobody else makes one.
const FIRST_RPM: &str = "filesystem";

/// The distribution that an image is made of, as far as it tells whose packages are.
pub(super) struct Distribution<'a> {
    /// The operating system.
    pub(super) os: Option<&'a OsRelease>,
    /// Who made its first RPM, if that is nobody who is known.
    rpm_vendor: Option<&'a Vendor>,
}

impl<'a> Distribution<'a> {
    /// By what is to be seen.
    pub(super) fn of(view: &View<'a>) -> Self {
        let is_first = |package: &Package| package.kind == PackageType::Rpm && package.name == FIRST_RPM;
        Self {
            os: RANKED_PATHS.iter().find_map(|path| view.os(path)),
            rpm_vendor: view.packages().find_map(|(package, ..)| package.vendor.as_ref().filter(|_| is_first(package))),
        }
    }

    /// The third party that made a package; none of a package that may be the distribution's.
    pub(super) fn third_party<'p>(&self, package: &'p Package) -> Option<&'p str> {
        let id = self.os.map_or("", |os| os.id.as_str());
        match package.vendor.as_ref()? {
            Vendor::ThirdParty(name) => Some(name),
            Vendor::Unrecognised(name) if package.kind == PackageType::Rpm => {
                let begins = |start: &str| name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start));
                let is_own = self.rpm_vendor == package.vendor.as_ref()
                    || OF_THEIR_OWN.iter().any(|(of, start)| *of == id && begins(start));
                (!is_own).then_some(name)
            }
            Vendor::Unrecognised(name) => (id == "ubuntu").then_some(name),
        }
    }
}
