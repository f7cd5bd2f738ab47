//! What the lock files of yarn, pnpm and bun have in common: how they refer to a package.

use std::borrow::Cow;

use plimsoll_model::{Package, PackageType};

/// The parts of `name@version`, `@scope/name@version`: the name, and all that follows it.
pub(super) fn split(reference: &str) -> Option<(&str, &str)> {
    let scope = usize::from(reference.starts_with('@'));
    let (scoped, version) = reference.get(scope..)?.split_once('@')?;
    let name = reference.get(..scope + scoped.len())?;
    (!scoped.is_empty() && !version.is_empty()).then_some((name, version))
}

/// Whether a version is a place in the project itself, which has no version that anybody else would know.
pub(super) fn is_own(version: &str) -> bool {
    ["workspace:", "link:", "portal:", "root:"].iter().any(|protocol| version.starts_with(protocol))
}

/// How a package is asked for, the same in a manifest and in a lock file: yarn's later versions say where a range is from, `npm:^1.0.0`.
pub(super) fn asked_for(name: &str, range: &str) -> String {
    format!("{name}@{}", range.strip_prefix("npm:").unwrap_or(range))
}

/// A package. Its version is as written, also where it is the address of a repository or an archive, but without credentials.
pub(super) fn package(name: &str, version: &str) -> Package {
    Package::new(PackageType::Npm, name, without_credentials(version))
}

/// An address without what identifies its user. `git@` is everybody's, and stays.
fn without_credentials(address: &str) -> Cow<'_, str> {
    let parts = address.split_once("://").and_then(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, _) = authority.rsplit_once('@').filter(|(user, _)| *user != "git")?;
        Some((scheme, rest.get(user.len() + 1..)?))
    });
    parts.map_or(Cow::Borrowed(address), |(scheme, rest)| format!("{scheme}://{rest}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        let cases = [
            ("a@1.0.0", Some(("a", "1.0.0"))),
            ("@s/a@1.0.0", Some(("@s/a", "1.0.0"))),
            ("a@npm:@s/b@^1", Some(("a", "npm:@s/b@^1"))),
            ("a@git+ssh://git@host/a#1", Some(("a", "git+ssh://git@host/a#1"))),
            ("@s/a", None),
            ("a", None),
            ("a@", None),
            ("@@1", None),
            ("@", None),
            ("", None),
        ];
        for (reference, expected) in cases {
            assert_eq!(split(reference), expected, "{reference}");
        }
    }

    #[test]
    fn credentials_are_left_out_of_addresses() {
        for (address, expected) in [
            ("https://token@host/a.git#b@c", "https://host/a.git#b@c"),
            ("git+https://user:pass@word@host:8080/a", "git+https://host:8080/a"),
            ("https://token@host", "https://host"),
            ("git+ssh://git@host/a", "git+ssh://git@host/a"),
            ("https://host/@s/a", "https://host/@s/a"),
            ("github:a/b#1", "github:a/b#1"),
            ("1.0.0", "1.0.0"),
        ] {
            assert_eq!(without_credentials(address), expected, "{address}");
        }
    }
}
