//! Which files are the distribution's: what its packages brought, until somebody puts something else in its place.

use plimsoll_model::Place;

use crate::builder::*;
use crate::rpm_database::{Header, ndb};

const NPM: &str = "usr/lib/node_modules/npm/package.json";
const SETTINGS: &str = "usr/share/shop/settings.env";

fn npm(version: &str) -> String {
    format!(r#"{{"name":"npm","version":"{version}"}}"#)
}

fn token() -> String {
    format!("TOKEN=ghp_{}\n", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
}

/// A layer in which dpkg installed the package that owns both files.
fn installed(version: &str, settings: &str) -> Tar {
    let list = format!("/.\n/{NPM}\n/{SETTINGS}\n");
    Tar::new().file("var/lib/dpkg/info/npm.list", list).file(NPM, npm(version)).file(SETTINGS, settings)
}

fn without(path: &str) -> Tar {
    let (folder, name) = path.rsplit_once('/').unwrap();
    Tar::new().file(&format!("{folder}/.wh.{name}"), b"")
}

#[test]
fn a_package_that_took_the_place_of_the_distribution_s_is_nobody_s_but_the_maker_s() {
    let first = || installed("9.0.0", "");
    let new = || Tar::new().file(NPM, npm("10.0.0"));
    let nothing: [&str; 0] = [];
    let cases = [
        ("in the same layer", vec![first()], &nothing[..]),
        ("overwritten in a layer above", vec![first(), new()], &["npm@10.0.0 1"]),
        ("replaced below", vec![new(), first()], &nothing),
        ("overwritten, and then installed again", vec![first(), new(), installed("11.0.0", "")], &nothing),
        ("deleted and made anew", vec![first(), without(NPM), new()], &["npm@10.0.0 2"]),
        ("given to another user", vec![first(), Tar::new().file(NPM, npm("9.0.0"))], &nothing),
        ("removed, all but a file", vec![first(), without("var/lib/dpkg/info/npm.list")], &["npm@9.0.0 0"]),
        (
            "one installation spread over layers",
            vec![Tar::new().file("var/lib/dpkg/info/npm.list", format!("/{NPM}\n")), new()],
            &nothing,
        ),
    ];
    for (name, layers, expected) in cases {
        assert_eq!(found(&image(&layers)), expected, "{name}");
    }
}

#[test]
fn a_secret_in_a_file_of_the_distribution_is_published_and_one_put_in_its_place_is_not() {
    let (plain, token) = ("NAME=shop\n", token());
    let own = || Tar::new().file(SETTINGS, &token);
    let removed = || without(SETTINGS).file("var/lib/dpkg/info/.wh.npm.list", b"");
    let cases = [
        ("in the same layer", vec![installed("9.0.0", &token)], vec![]),
        ("overwritten in a layer above", vec![installed("9.0.0", plain), own()], vec![(1, None)]),
        (
            "overwritten, and then installed again",
            vec![installed("9.0.0", plain), own(), installed("9.1.0", plain)],
            vec![(1, Some(2))],
        ),
        ("replaced below", vec![own(), installed("9.0.0", plain)], vec![(0, Some(1))]),
        ("published, and then removed", vec![installed("9.0.0", &token), removed()], vec![]),
        ("published, and then replaced", vec![installed("9.0.0", &token), Tar::new().file(SETTINGS, plain)], vec![]),
        ("its own, and then removed", vec![installed("9.0.0", plain), own(), removed()], vec![(1, Some(2))]),
    ];
    for (name, layers, expected) in cases {
        let observations = image(&layers).observations;
        let secrets: Vec<_> = observations
            .iter()
            .filter(|seen| matches!(&seen.place, Place::File { path, .. } if path == SETTINGS))
            .map(|seen| (seen.layer.unwrap(), seen.removed_in))
            .collect();
        assert_eq!(secrets, expected, "{name}");
    }
}

/// A database that every installation writes anew does not make all packages as new as the last.
#[test]
fn a_package_in_a_database_of_all_owns_its_files_since_its_own_version_came() {
    let (folder, file) = NPM.rsplit_once('/').unwrap();
    let apk = |packages: &[(&str, &str)]| {
        let record = |(name, version): &(&str, &str)| {
            let file = if *name == "npm" { file } else { "other" };
            format!("P:{name}\nV:{version}\nF:{folder}\nR:{file}\n\n")
        };
        Tar::new().file("lib/apk/db/installed", packages.iter().map(record).collect::<String>())
    };
    let rpm = |packages: &[(&str, &str)]| {
        let header = |(name, version): &(&str, &str)| {
            let files: &[(u32, &str)] = if *name == "npm" { &[(0, file)] } else { &[] };
            Header::package(name, version).files(&[&format!("/{folder}/")], files).bytes()
        };
        Tar::new().file("var/lib/rpm/Packages.db", ndb(&packages.iter().map(header).collect::<Vec<_>>()))
    };
    let npm_of = |tars: Vec<Tar>| {
        let mut found = found(&image(&tars));
        found.retain(|line| line.starts_with("npm@1") && line.contains(".0.0"));
        found
    };
    for database in [&apk as &dyn Fn(&[(&str, &str)]) -> Tar, &rpm] {
        let first = || database(&[("npm", "9")]).file(NPM, npm("9.0.0"));
        let above = database(&[("npm", "9"), ("zlib", "1")]).file(NPM, npm("10.0.0"));
        assert_eq!(npm_of(vec![first(), above]), ["npm@10.0.0 1"]);
        let upgraded = database(&[("npm", "10"), ("zlib", "1")]).file(NPM, npm("10.0.0"));
        assert_eq!(npm_of(vec![first(), upgraded]), Vec::<String>::new());
    }
}

#[test]
fn what_lies_in_opt_is_the_distribution_s_in_red_hat_s_collections_alone() {
    let collections = "opt/rh/rh-nodejs14/root/usr/lib/node_modules/npm/package.json";
    let own = "opt/acme/node_modules/npm/package.json";
    let list = format!("/{collections}\n/{own}\n");
    let tar =
        Tar::new().file("var/lib/dpkg/info/npm.list", list).file(collections, npm("6.0.0")).file(own, npm("9.0.0"));
    assert_eq!(found(&image(&[tar])), ["npm@9.0.0 0"]);
}
