//! Which paths of an image are leftovers of a package manager, and which hardly belong into an image at all.
//!
//! Cheap: it is asked for every entry of every layer.

use plimsoll_model::{LeftoverCache, SensitivePath};

/// What a path says by itself. It counts only for a regular file with content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathClass {
    /// It lies in a package manager's cache.
    Leftover(LeftoverCache),
    /// It hardly belongs into an image.
    Sensitive(SensitivePath),
}

/// The caches of the system, by their folders.
const SYSTEM_CACHES: &[(&str, LeftoverCache)] = &[
    ("var/lib/apt/lists", LeftoverCache::AptLists),
    ("var/cache/apt", LeftoverCache::AptArchives),
    ("var/cache/apk", LeftoverCache::Apk),
    ("etc/apk/cache", LeftoverCache::Apk),
    ("var/cache/yum", LeftoverCache::Yum),
    ("var/cache/dnf", LeftoverCache::Dnf),
    ("var/cache/libdnf5", LeftoverCache::Dnf),
    ("var/cache/zypp", LeftoverCache::Zypper),
    ("var/cache/pacman/pkg", LeftoverCache::Pacman),
];

/// The caches of a user, by their folders in the home folder.
const HOME_CACHES: &[(&str, LeftoverCache)] = &[
    (".cache/pip", LeftoverCache::Pip),
    (".npm", LeftoverCache::Npm),
    (".cache/yarn", LeftoverCache::Yarn),
    (".yarn/berry/cache", LeftoverCache::Yarn),
];

/// Folders of packages' own files, in which a file of these names is the package's and nobody's secret.
const FOREIGN_FOLDERS: &[&str] = &[
    "node_modules",
    "site-packages",
    "dist-packages",
    "vendor",
    "gems",
    "test",
    "tests",
    "testdata",
    "fixtures",
    "example",
    "examples",
    "samples",
    "doc",
    "docs",
    "proc",
    "sys",
];

/// What a path says by itself, or `None`. `path` has no leading slash.
pub fn classify_path(path: &str) -> Option<PathClass> {
    if let Some(cache) = leftover(path) {
        return Some(PathClass::Leftover(cache));
    }
    let what = sensitive(path)?;
    let foreign = path.split('/').any(|folder| FOREIGN_FOLDERS.contains(&folder));
    (!foreign).then_some(PathClass::Sensitive(what))
}

/// The folder of the cache that a path lies in, by which a leftover's bytes are summed: `var/lib/apt/lists`, `root/.cache/pip`.
pub fn leftover_folder(path: &str) -> Option<&str> {
    let (home, rest) = home(path).unwrap_or(("", ""));
    let in_home =
        HOME_CACHES.iter().find(|(folder, _)| within(rest, folder)).map(|(folder, _)| home.len() + folder.len());
    let in_system = SYSTEM_CACHES.iter().find(|(folder, _)| within(path, folder)).map(|(folder, _)| folder.len());
    path.get(..in_home.or(in_system)?)
}

fn leftover(path: &str) -> Option<LeftoverCache> {
    // Every cache lies in one of these: most paths end here.
    if !["var/", "root/", "home/", "etc/apk/"].iter().any(|prefix| path.starts_with(prefix)) {
        return None;
    }
    let name = path.rsplit('/').next()?;
    if matches!(name, "lock" | "CACHEDIR.TAG" | ".keep" | ".gitkeep") {
        return None;
    }
    let of_system = SYSTEM_CACHES.iter().find(|(folder, _)| within(path, folder));
    let of_user = || home(path).and_then(|(_, rest)| HOME_CACHES.iter().find(|(folder, _)| within(rest, folder)));
    of_system.or_else(of_user).map(|(_, cache)| *cache)
}

/// The home folder with its slash, and the path in it.
fn home(path: &str) -> Option<(&str, &str)> {
    let length = if path.starts_with("root/") {
        "root/".len()
    } else {
        let user = path.strip_prefix("home/")?;
        "home/".len() + user.find('/')? + 1
    };
    path.split_at_checked(length)
}

fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn sensitive(path: &str) -> Option<SensitivePath> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or_default();
    Some(match (folder, name) {
        // One file of it stands for the whole repository; every repository has it.
        (".git", "HEAD") => SensitivePath::GitRepository,
        (_, ".env") => SensitivePath::DotEnv,
        (_, ".npmrc") => SensitivePath::NpmConfig,
        (_, ".pypirc") => SensitivePath::PypiConfig,
        (".aws", "credentials") => SensitivePath::AwsCredentials,
        (".docker", "config.json") | (_, ".dockercfg") => SensitivePath::DockerConfig,
        (".kube", "config") => SensitivePath::KubeConfig,
        (_, ".netrc" | ".git-credentials") => SensitivePath::HostPasswords,
        (_, name) if is_history(name) => SensitivePath::ShellHistory,
        (folder, name) if is_private_key(folder, name) => SensitivePath::PrivateKey,
        (_, name) if name.starts_with(".env.") && !is_template(name) => SensitivePath::DotEnv,
        _ => return None,
    })
}

fn is_history(name: &str) -> bool {
    matches!(
        name,
        ".bash_history"
            | ".zsh_history"
            | ".sh_history"
            | ".ash_history"
            | ".history"
            | ".python_history"
            | ".node_repl_history"
            | ".mysql_history"
            | ".psql_history"
            | ".rediscli_history"
            | ".sqlite_history"
            | "fish_history"
    )
}

/// By name: contents are looked at by the rules for secrets. `.pem` and `.key` alone say nothing: most are certificates and public keys.
fn is_private_key(folder: &str, name: &str) -> bool {
    let by_ssh = matches!(name, "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" | "id_ecdsa_sk" | "id_ed25519_sk");
    let of_ssh_host = folder == "ssh" && name.starts_with("ssh_host_") && name.ends_with("_key");
    let in_private = folder == "private" && (name.ends_with(".key") || name.ends_with(".pem"));
    let named =
        matches!(name, "privkey.pem" | "private.pem" | "private.key" | "privatekey.pem" | "server.key" | "tls.key");
    by_ssh || of_ssh_host || in_private || named || name.ends_with(".ppk")
}

/// `.env.example` is what a repository shows in place of the real one.
fn is_template(name: &str) -> bool {
    ["example", "sample", "template", "dist", "defaults", "schema"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_known_by_their_folder() {
        let table = [
            (
                "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease",
                Some((LeftoverCache::AptLists, "var/lib/apt/lists")),
            ),
            ("var/lib/apt/lists/partial/x", Some((LeftoverCache::AptLists, "var/lib/apt/lists"))),
            ("var/cache/apt/archives/x.deb", Some((LeftoverCache::AptArchives, "var/cache/apt"))),
            ("var/cache/apk/APKINDEX.00740ba1.tar.gz", Some((LeftoverCache::Apk, "var/cache/apk"))),
            ("var/cache/dnf/x/y.rpm", Some((LeftoverCache::Dnf, "var/cache/dnf"))),
            ("var/cache/yum/x", Some((LeftoverCache::Yum, "var/cache/yum"))),
            ("root/.cache/pip/http/a/b", Some((LeftoverCache::Pip, "root/.cache/pip"))),
            ("home/app/.cache/pip/wheels/x", Some((LeftoverCache::Pip, "home/app/.cache/pip"))),
            ("root/.npm/_cacache/index-v5/x", Some((LeftoverCache::Npm, "root/.npm"))),
            ("var/lib/apt/lists/lock", None),
            ("var/lib/apt/listsx/y", None),
            ("var/lib/apt/lists", None),
            ("home/.npm", None),
            ("usr/var/cache/apk/x", None),
            ("", None),
        ];
        for (path, expected) in table {
            let found = classify_path(path);
            assert_eq!(found, expected.map(|(cache, _)| PathClass::Leftover(cache)), "{path}");
            if let Some((_, folder)) = expected {
                assert_eq!(leftover_folder(path), Some(folder), "{path}");
            }
        }
        assert_eq!(leftover_folder("etc/passwd"), None);
    }

    #[test]
    fn what_does_not_belong_into_an_image_is_known_by_its_name() {
        use SensitivePath as S;
        #[rustfmt::skip]
        let table = [
            ("root/.ssh/id_rsa", Some(S::PrivateKey)), ("root/.ssh/id_rsa.pub", None), ("etc/ssh/ssh_host_rsa_key", Some(S::PrivateKey)),
            ("etc/ssh/ssh_host_rsa_key.pub", None), ("etc/ssl/private/ssl-cert-snakeoil.key", Some(S::PrivateKey)),
            ("etc/ssl/certs/ca.pem", None), ("app/server.key", Some(S::PrivateKey)), ("app/i18n.key", None),
            ("app/.git/HEAD", Some(S::GitRepository)), ("app/.git/objects/ab/cd", None), (".git/HEAD", Some(S::GitRepository)),
            ("app/.env", Some(S::DotEnv)), ("app/.env.production", Some(S::DotEnv)), ("app/.env.example", None), ("app/x.env", None),
            ("root/.npmrc", Some(S::NpmConfig)), ("app/node_modules/x/.npmrc", None), ("root/.pypirc", Some(S::PypiConfig)),
            ("root/.aws/credentials", Some(S::AwsCredentials)), ("usr/lib/aws/credentials", None),
            ("root/.docker/config.json", Some(S::DockerConfig)), ("app/config.json", None), ("root/.kube/config", Some(S::KubeConfig)),
            ("root/.netrc", Some(S::HostPasswords)), ("root/.bash_history", Some(S::ShellHistory)), ("root/bash_history", None),
            ("usr/lib/python3/dist-packages/x/tests/server.key", None), ("srv/.env/bin/python", None),
        ];
        for (path, expected) in table {
            assert_eq!(classify_path(path), expected.map(PathClass::Sensitive), "{path}");
        }
    }
}
