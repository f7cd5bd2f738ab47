//! Python: requirement files, lock files.

use super::{Exception, exception};

const OWN: &str = "the root project itself";
const DEV: &str = "for developing: only the project's development group reaches it";
const PROGRAM: &str = "a setup.py is a program that says what it requires, not what is installed";
const FOR_DEVELOPING: &str = "in groups for developing only";

pub(super) const NOT_REPORTED: &[Exception] = &[
    // Both others agree on these: they do not look at the groups, which the file has for each package.
    exception("poetry.lock-3a241f332c", "pkg:pypi/atomicwrites@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/attrs@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/more-itertools@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/packaging@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/py@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/pytest@", FOR_DEVELOPING),
    exception("poetry.lock-3a241f332c", "pkg:pypi/wcwidth@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/atomicwrites@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/attrs@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/more-itertools@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/packaging@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/py@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/pytest@", FOR_DEVELOPING),
    exception("poetry.lock-9e7d94ec38", "pkg:pypi/wcwidth@", FOR_DEVELOPING),
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
