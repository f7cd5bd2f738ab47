//! Toolchains that say in a text file what they are: JDKs and Go's.

use plimsoll_model::{Package, PackageType};

use crate::File;
use crate::analysers::go_binary::toolchain_version;

/// What they are called.
pub(super) const NAMES: [&str; 4] = [OPENJDK, ORACLE_JDK, GRAALVM, GO];
const OPENJDK: &str = "openjdk";
const ORACLE_JDK: &str = "oracle-jdk";
const GRAALVM: &str = "graalvm";
const GO: &str = "go";

/// Bytes that are read. A JDK's file is longest where it lists a hundred modules.
const MOST_BYTES: usize = 64 << 10;

fn text_of<'f>(file: &File<'f>) -> Option<&'f str> {
    std::str::from_utf8(file.bytes.get(..MOST_BYTES).unwrap_or(file.bytes)).ok()
}

/// A JDK or JRE by its `release`: lines of `KEY="value"`. Other files of that name say nothing.
///
/// Source: OpenJDK, `make/ReleaseFile.gmk`; GraalVM and Oracle add lines of their own.
pub(super) fn java(file: &File<'_>) -> Vec<Package> {
    let Some(text) = text_of(file) else { return Vec::new() };
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        let value = line.trim().trim_matches('"');
        let is_version = value.starts_with(|first: char| first.is_ascii_digit());
        (is_version && value.len() <= 64 && !value.contains(char::is_whitespace)).then_some(value)
    };
    let is_oracle = text.lines().any(|line| line.trim_end() == "BUILD_TYPE=\"commercial\"");
    let java = if is_oracle { ORACLE_JDK } else { OPENJDK };
    let found = [(java, value("JAVA_VERSION")), (GRAALVM, value("GRAALVM_VERSION"))];
    let package = |(name, version): (&str, Option<&str>)| Some(Package::new(PackageType::Generic, name, version?));
    found.into_iter().filter_map(package).collect()
}

/// Go's toolchain by the `VERSION` in its root: `go1.22.3`, since Go 1.21 with a line of the time.
pub(super) fn go(file: &File<'_>) -> Option<Package> {
    let version = toolchain_version(text_of(file)?.lines().next()?.trim())?;
    Some(Package::new(PackageType::Generic, GO, version))
}
