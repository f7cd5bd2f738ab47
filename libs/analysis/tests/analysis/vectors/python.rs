//! Python: requirement files, lock files.

use super::{Exception, exception};

const OWN: &str = "the root project itself";
const DEV: &str = "for developing: only the project's development group reaches it";
const PROGRAM: &str = "a setup.py is a program that says what it requires, not what is installed";

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("requirements.txt-1750926ba7", "pkg:pypi/pycrypto@1.2", "its version is 1.2-alpha"),
    exception("requirements.txt-5acd39050e", "pkg:pypi/pkg.dot.name@", "not normalised: it is pkg-dot-name"),
    exception("requirements.txt-5acd39050e", "pkg:pypi/yolo@=1.0", "its version is 1.0: the operator is ==="),
    exception("requirements.txt-b0402e1e8c", "pkg:pypi/-foo@", "an option, and no name"),
    exception("setup.py-4033e9c0bd", "", PROGRAM),
    exception("setup.py-51257fe773", "", PROGRAM),
    exception("uv.lock-01fa04f05a", "pkg:pypi/testpkg@", OWN),
    exception("uv.lock-2a799125ef", "pkg:pypi/uv-lockfiles@", OWN),
    exception("uv.lock-7aee23c5d5", "pkg:pypi/testpkg@", OWN),
    exception("uv.lock-d786f16dc9", "pkg:pypi/uv-lockfiles@", OWN),
    exception("uv.lock-f2b200cc04", "pkg:pypi/uv-lockfiles@", OWN),
    exception("uv.lock-fb6bb7c084", "pkg:pypi/uv-lockfiles@", OWN),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/normal@", OWN),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/colorama@", DEV),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/iniconfig@", DEV),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/packaging@", DEV),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/pluggy@", DEV),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/pytest@", DEV),
    exception("uv.lock-ea2c259cf3", "pkg:pypi/tomli@", DEV),
];

pub(super) const ONLY_HERE: &[Exception] =
    &[exception("requirements.txt-5acd39050e", "pkg:pypi/yolo@1.0", "pinned by ===, which one misreads")];
