//! Which files are looked into, and how closely: by their paths alone.

mod tables;

use std::collections::HashSet;
use std::sync::LazyLock;

use self::tables::{INSTALLED, LOCK_FILES, SYSTEM, UNREAD};

/// Files are looked into up to here. Configuration, keys and sources are far below, and the largest scripts in packages that many have
/// (TypeScript's, 11 MiB) are; what is above is data: logs, dumps, tables.
pub const MAX_FILE_BYTES: u64 = 16 << 20;

/// Programs are looked into up to here: Go's have all that they use in them.
pub const MAX_PROGRAM_BYTES: u64 = 96 << 20;

/// What kind of place a file is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ground {
    /// Documentation and samples of what is published: nothing.
    Nothing,
    /// Published for all to see, or meant as a sample: only tokens that a vendor issues are looked for.
    Published,
    /// The image's own: all but bare names with values.
    Own,
    /// Configures something: everything.
    Configuration,
}

/// Whether a file is worth opening, up to [`MAX_FILE_BYTES`]. `path` is that inside the image, with or without a leading slash.
///
/// Not opened: folders of the system such as `usr/share/{doc,man,locale,zoneinfo}`; what its extension says is no text; source maps;
/// lock files; git's object store.
pub fn wants_path(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    if SYSTEM.iter().any(|folder| path.starts_with(folder)) {
        return false;
    }
    let name = file_name(path);
    let extension = extension(name);
    static UNREAD_EXTENSIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| UNREAD.into_iter().collect());
    let is_unread = |extension: &str| UNREAD_EXTENSIONS.contains(extension);
    let is_unread = is_unread(extension)
        || (extension.bytes().any(|byte| byte.is_ascii_uppercase()) && is_unread(&extension.to_ascii_lowercase()));
    !is_unread && !name.contains(".so.") && !LOCK_FILES.contains(&name) && !path.contains(".git/objects/")
}

/// Whether a program is worth opening, up to [`MAX_PROGRAM_BYTES`]: tokens get compiled into those that the image's maker built. Not opened: those in
/// folders where distributions install theirs, and in published packages.
pub fn wants_program(path: &str) -> bool {
    let inside = path.strip_prefix('/').unwrap_or(path);
    wants_path(path) && !INSTALLED.iter().any(|folder| inside.starts_with(folder)) && !is_published(inside)
}

/// How closely a file is looked into.
pub(crate) fn ground(path: &str) -> Ground {
    let path = path.strip_prefix('/').unwrap_or(path);
    let name = file_name(path);
    match (is_published(path), is_sample(path, name)) {
        (true, true) => return Ground::Nothing,
        (true, false) | (false, true) => return Ground::Published,
        (false, false) => {}
    }
    if is_configuration(path, name) { Ground::Configuration } else { Ground::Own }
}

/// Where package managers put what others have published.
fn is_published(path: &str) -> bool {
    const ROOTS: [&str; 12] = [
        "usr/share/cmake",
        "usr/lib/python",
        "usr/local/lib/python",
        "usr/lib/ruby/",
        "usr/lib/go",
        "usr/local/go/",
        "usr/share/perl",
        "usr/lib/rustlib/",
        "usr/share/java/",
        "usr/share/python",
        "usr/share/ruby",
        "usr/share/nodejs/",
    ];
    const FOLDERS: [&str; 13] = [
        "node_modules",
        "site-packages",
        "dist-packages",
        "bower_components",
        "jspm_packages",
        "gems",
        "vendor",
        "mod",
        "perl5",
        "registry",
        ".rustup",
        "gopath",
        "_vendor",
    ];
    ROOTS.iter().any(|root| path.starts_with(root))
        || folders(path).any(|folder| match folder {
            // Go's and Cargo's are told by two folders in a row.
            "mod" => path.contains("pkg/mod/"),
            "registry" => path.contains("registry/src/") || path.contains("registry/cache/"),
            "perl5" => path.contains("usr/lib/"),
            folder => FOLDERS.contains(&folder),
        })
}

/// Tests, fixtures, examples, templates and documentation.
fn is_sample(path: &str, name: &str) -> bool {
    const FOLDERS: [&str; 28] = [
        "test",
        "tests",
        "__tests__",
        "testdata",
        "testing",
        "test-data",
        "test_data",
        "spec",
        "specs",
        "fixture",
        "fixtures",
        "__fixtures__",
        "example",
        "examples",
        "sample",
        "samples",
        "mock",
        "mocks",
        "__mocks__",
        "demo",
        "demos",
        "doc",
        "docs",
        "man",
        "testsuite",
        "benches",
        "tutorial",
        "tutorials",
    ];
    const EXTENSIONS: [&str; 19] = [
        "md", "mdx", "markdown", "rst", "adoc", "asciidoc", "html", "htm", "xhtml", "tex", "texi", "pod", "example",
        "sample", "template", "tmpl", "tpl", "j2", "dist",
    ];
    let stem = name.split('.').next().unwrap_or(name);
    folders(path).any(|folder| FOLDERS.contains(&folder))
        || EXTENSIONS.contains(&extension(name))
        || [".min.js", ".min.css", ".test.js", ".test.ts", ".spec.js", ".spec.ts", ".test.tsx"]
            .iter()
            .any(|end| name.ends_with(end))
        || [".example", ".sample", ".template", "-example", "-sample"].iter().any(|part| name.contains(part))
        || (stem.starts_with("test_") && name.ends_with(".py"))
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || matches!(stem, "README" | "CHANGELOG" | "CHANGES" | "NEWS" | "HISTORY" | "LICENSE" | "COPYING")
}

fn is_configuration(path: &str, name: &str) -> bool {
    const EXTENSIONS: [&str; 33] = [
        "env",
        "conf",
        "cfg",
        "cnf",
        "cf",
        "config",
        "ini",
        "properties",
        "yaml",
        "yml",
        "toml",
        "json",
        "xml",
        "tf",
        "tfvars",
        "hcl",
        "tfstate",
        "sh",
        "bash",
        "zsh",
        "fish",
        "ps1",
        "bat",
        "cmd",
        "profile",
        "plist",
        "service",
        "list",
        "repo",
        "netrc",
        "npmrc",
        "ovpn",
        "nmconnection",
    ];
    let extension = extension(name);
    EXTENSIONS.contains(&extension)
        || name.starts_with(".env")
        || name.starts_with("Dockerfile")
        || name.ends_with("Dockerfile")
        || name.ends_with(".tfstate.backup")
        || (name.starts_with('.') && (name.ends_with("rc") || name.ends_with("_history") || name.ends_with("profile")))
        || matches!(
            name,
            "credentials"
                | "config"
                | "environment"
                | "secrets"
                | "env"
                | "wp-config.php"
                | "settings.py"
                | "local_settings.py"
        )
        || (path.starts_with("etc/") && extension.is_empty())
        || path.starts_with("etc/default/")
        || path.starts_with("run/secrets/")
}

pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What follows the last dot, unless that is the first character: `.npmrc` has none.
pub(crate) fn extension(name: &str) -> &str {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, extension)| extension)
}

fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_or_nothing_of_the_images_maker_is_not_opened() {
        for (path, wanted) in [
            ("app/.env", true),
            ("/root/.ssh/id_rsa", true),
            ("usr/bin/app", true),
            ("app/server.pem", true),
            ("usr/share/nginx/html/app.js", true),
            ("usr/share/doc/curl/examples/a.c", false),
            ("/usr/share/man/man1/curl.1", false),
            ("usr/share/locale/de/a.txt", false),
            ("usr/share/zoneinfo/Asia/Tokyo", false),
            ("app/logo.PNG", false),
            ("app/font.woff2", false),
            ("app/main.js.map", false),
            ("app/package-lock.json", false),
            ("usr/lib/x86_64-linux-gnu/libssl.so.3", false),
            ("app/.git/objects/ab/cdef", false),
            ("var/lib/dpkg/status", false),
            ("var/lib/apt/lists/deb.debian.org_x_Packages", false),
        ] {
            assert_eq!(wants_path(path), wanted, "{path}");
        }
    }

    #[test]
    fn programs_are_opened_where_the_images_maker_puts_them() {
        for (path, wanted) in [
            ("app/server", true),
            ("/usr/local/bin/server", true),
            ("server", true),
            ("opt/tool/bin/tool", true),
            ("usr/bin/git", false),
            ("/usr/lib/x86_64-linux-gnu/perl/5.36/auto.x", false),
            ("app/node_modules/esbuild/bin/esbuild", false),
            ("app/libx.so", false),
        ] {
            assert_eq!(wants_program(path), wanted, "{path}");
        }
    }

    #[test]
    fn places_are_told_apart_by_path() {
        for (path, expected) in [
            ("app/node_modules/x/index.js", Ground::Published),
            ("usr/lib/python3/dist-packages/x.py", Ground::Published),
            ("root/.cargo/registry/src/x/y/a.rs", Ground::Published),
            ("app/node_modules/x/README.md", Ground::Nothing),
            ("usr/lib/python3/dist-packages/x/tests/a.py", Ground::Nothing),
            ("app/tests/key.pem", Ground::Published),
            ("app/.env.example", Ground::Published),
            ("app/README.md", Ground::Published),
            ("app/README", Ground::Published),
            ("app/test_views.py", Ground::Published),
            ("srv/registry/server.key", Ground::Own),
            ("app/main.py", Ground::Own),
            ("root/.ssh/id_rsa", Ground::Own),
            ("app/.env", Ground::Configuration),
            ("app/.env.production", Ground::Configuration),
            ("/etc/app.conf", Ground::Configuration),
            ("etc/passwords", Ground::Configuration),
            ("app/Dockerfile", Ground::Configuration),
            ("root/.bash_history", Ground::Configuration),
            ("root/.aws/credentials", Ground::Configuration),
        ] {
            assert_eq!(ground(path), expected, "{path}");
        }
    }
}
