//! Folders that a package manager other than the distribution's looks after.

use std::collections::BTreeSet;

use plimsoll_model::{Package, PackageType};

use crate::path;

/// The folders of Conda's environments and of Bitnami's components: whatever is in them came with their packages.
pub(super) struct ManagedFolders<'a>(BTreeSet<&'a str>);

impl<'a> ManagedFolders<'a> {
    /// By packages and the files that say so.
    pub(super) fn of(packages: impl Iterator<Item = (&'a Package, &'a str)>) -> Self {
        Self(packages.filter_map(|(package, path)| folder_of(package.kind, path)).collect())
    }

    /// Whether a path lies in one of them.
    pub(super) fn have(&self, path: &str) -> bool {
        !self.0.is_empty() && path::ancestors(path).any(|folder| self.0.contains(folder))
    }
}

/// `opt/conda` of `opt/conda/conda-meta/python-3.11.7-0.json`, `opt/bitnami/redis` of `opt/bitnami/redis/.spdx-redis.spdx`.
fn folder_of(kind: PackageType, path: &str) -> Option<&str> {
    let folder = path::parent(path)?;
    match kind {
        PackageType::Conda if path::file_name(folder) == "conda-meta" => path::parent(folder),
        PackageType::Bitnami if path.starts_with("opt/bitnami/") => Some(folder),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_components_look_after_their_folders() {
        let conda = Package::new(PackageType::Conda, "python", "3.11.7");
        let bitnami = Package::new(PackageType::Bitnami, "redis", "7.0.14");
        let packages = [
            (&conda, "opt/conda/conda-meta/python-3.11.7-0.json"),
            (&conda, "conda-meta/at-the-root.json"),
            (&conda, "srv/environment.yml"),
            (&bitnami, "opt/bitnami/redis/.spdx-redis.spdx"),
            (&bitnami, "srv/bom.json"),
        ];
        let managed = ManagedFolders::of(packages.into_iter());
        let cases = [
            ("opt/conda/bin/python3.11", true),
            ("opt/conda/envs/x/lib/libcrypto.so.3", true),
            ("opt/condaish/bin/python3.11", false),
            ("opt/bitnami/redis/bin/redis-server", true),
            ("opt/bitnami/node/bin/node", false),
            ("srv/node", false),
            ("bin/node", false),
        ];
        for (path, expected) in cases {
            assert_eq!(managed.have(path), expected, "{path}");
        }
    }
}
