//! What the lock files of yarn, pnpm and bun have in common: how they refer to a package, and how what is needed for developing only
//! is told from what is needed for running.

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

/// Packages by number, and the numbers of what each needs.
pub(super) struct Graph(pub(super) Vec<Vec<usize>>);

impl Graph {
    /// Of each package, whether it is needed for developing only: reached from `developing` and not from `running`. What is reached
    /// from neither counts as needed, as nothing is known of it.
    pub(super) fn only_for_developing(&self, running: Vec<usize>, developing: Vec<usize>) -> Vec<bool> {
        let needed = self.reached(running);
        self.reached(developing).into_iter().zip(needed).map(|(develops, runs)| develops && !runs).collect()
    }

    /// Every edge is followed once, in circles too.
    fn reached(&self, mut pending: Vec<usize>) -> Vec<bool> {
        let mut reached = vec![false; self.0.len()];
        while let Some(number) = pending.pop() {
            if let (Some(is_reached @ false), Some(needs)) = (reached.get_mut(number), self.0.get(number)) {
                *is_reached = true;
                pending.extend(needs);
            }
        }
        reached
    }
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

    #[test]
    fn only_what_nothing_else_needs_is_for_developing() {
        // 0 and 1 need each other; 2 needs 1 and 3; nobody needs 4; 9 is nowhere.
        let graph = Graph(vec![vec![1], vec![0, 9], vec![1, 3], vec![], vec![]]);
        assert_eq!(graph.only_for_developing(vec![0, 9], vec![2]), [false, false, true, true, false]);
    }
}
