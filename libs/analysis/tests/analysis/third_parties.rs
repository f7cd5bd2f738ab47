//! Packages of a distribution's kind that others made.

use std::path::Path;

use plimsoll_model::{Inventory, Place, Vendor};

use crate::builder::*;
use crate::made;
use crate::rpm_database::{Header, ndb};

/// A program of Go: `example.com/lantern` and what it is made of.
fn go_program() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/go/root/usr/local/bin/lantern")).unwrap()
}

fn jar() -> Vec<u8> {
    let text = b"groupId=org.acme\nartifactId=tide\nversion=1.0\n";
    made::zip(&[("META-INF/maven/org.acme/tide/pom.properties", text)])
}

fn secret() -> String {
    format!("TOKEN=ghp_{}\n", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
}

/// Of each package of the distribution's kind: name, ecosystem, maker.
fn made_by(inventory: &Inventory) -> Vec<String> {
    let of_kind = inventory.packages.iter().filter(|package| package.package.kind.is_distribution());
    of_kind
        .map(|package| {
            let ecosystem = package.ecosystem.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            assert!(!matches!(package.package.vendor, Some(Vendor::Unrecognised(_))), "the distribution is known");
            let maker = package.package.third_party().unwrap_or("-");
            format!("{} {ecosystem} {maker}", package.package.name)
        })
        .collect()
}

/// Where packages of languages lie, each file once.
fn language_paths(inventory: &Inventory) -> Vec<&str> {
    let packages = inventory.packages.iter().filter(|package| !package.package.kind.is_distribution());
    let mut paths: Vec<&str> = packages.map(|package| package.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn secret_paths(inventory: &Inventory) -> Vec<&str> {
    let observations = inventory.observations.iter();
    observations
        .filter_map(|seen| match &seen.place {
            Place::File { path, .. } => Some(path.as_str()),
            _ => None,
        })
        .collect()
}

fn paragraph(name: &str, fields: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n{fields}\n\n")
}

fn list(tar: Tar, package: &str, paths: &[&str]) -> Tar {
    let lines: String = paths.iter().map(|path| format!("/{path}\n")).collect();
    tar.file(&format!("var/lib/dpkg/info/{package}.list"), lines)
}

#[test]
fn a_third_party_s_deb_is_not_judged_as_debian_s_and_owns_nothing() {
    let status = paragraph("docker-ce", "Maintainer: Docker <support@docker.com>")
        + &paragraph("tide", "Vendor: Acme\nLicense: proprietary\nMaintainer: <build@acme.example>")
        + &paragraph("runc", "Maintainer: Debian Go Packaging Team <team+pkg-go@tracker.debian.org>");
    let tar = Tar::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
        .file("var/lib/dpkg/status", status)
        .file("usr/bin/dockerd", go_program())
        .file("usr/sbin/runc", go_program())
        .file("usr/share/tide/tide-1.0.jar", jar())
        .file("usr/share/tide/tide.env", secret())
        .file("usr/share/runc/sample.env", secret());
    let tar = list(tar, "docker-ce", &["usr/bin/dockerd"]);
    let tar = list(tar, "tide:amd64", &["usr/share/tide/tide-1.0.jar", "usr/share/tide/tide.env"]);
    let inventory = image(&[list(tar, "runc", &["usr/sbin/runc", "usr/share/runc/sample.env"])]);
    assert_eq!(made_by(&inventory), ["docker-ce - Docker <support@docker.com>", "runc Debian:12 -", "tide - Acme"]);
    assert_eq!(language_paths(&inventory), ["usr/bin/dockerd", "usr/share/tide/tide-1.0.jar"]);
    assert_eq!(secret_paths(&inventory), ["usr/share/tide/tide.env"]);
    let purls: Vec<_> = inventory.packages.iter().take(2).map(|package| package.purl.as_deref().unwrap()).collect();
    assert_eq!(
        purls,
        ["pkg:deb/debian/docker-ce@1.0?arch=amd64", "pkg:deb/debian/runc@1.0?arch=amd64&distro=debian-12"]
    );
}

#[test]
fn whose_a_deb_is_depends_on_the_distribution_around_it() {
    let status = paragraph("bash", "Maintainer: Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>")
        + &paragraph("init-tools", "Maintainer: Lorenzo Puliti <plorenzo@disroot.org>");
    let image_of = |release: &str| {
        let tar = Tar::new().file("etc/os-release", release).file("var/lib/dpkg/status", &status);
        image(&[list(tar.file("usr/bin/lantern", go_program()), "init-tools", &["usr/bin/lantern"])])
    };
    let debian = image_of("ID=debian\nVERSION_ID=12\n");
    assert_eq!(made_by(&debian), ["bash Debian:12 -", "init-tools Debian:12 -"]);
    assert_eq!(language_paths(&debian), [""; 0]);
    let ubuntu = image_of("ID=ubuntu\nVERSION_ID=24.04\n");
    let third_party = "init-tools - Lorenzo Puliti <plorenzo@disroot.org>";
    assert_eq!(made_by(&ubuntu), ["bash Ubuntu:24.04:LTS -", third_party]);
    assert_eq!(language_paths(&ubuntu), ["usr/bin/lantern"]);
}

#[test]
fn a_third_party_s_files_were_its_own_while_it_was_there() {
    let status = |fields: &str| Tar::new().file("var/lib/dpkg/status", paragraph("nginx", fields));
    let of_debian = "Maintainer: Debian Nginx Maintainers <nginx@packages.debian.org>";
    let of_nginx = "Maintainer: NGINX Packaging <nginx-packaging@f5.com>";
    let sample = "usr/share/nginx/sample.env";
    for (fields, expected) in [(of_debian, vec![]), (of_nginx, vec![sample])] {
        let tar = list(status(fields).file(sample, secret()), "nginx", &[sample]);
        let removed = Tar::new()
            .file("var/lib/dpkg/status", "")
            .file("var/lib/dpkg/info/.wh.nginx.list", b"")
            .file("usr/share/nginx/.wh.sample.env", b"");
        assert_eq!(secret_paths(&image(&[tar, removed])), expected, "{fields}");
    }
}

fn rpms(release: &str, vendors: &[(&str, &str)]) -> Inventory {
    let header = |(name, vendor): &(&str, &str)| {
        let header = Header::package(name, "1").files(&[&format!("/usr/share/{name}/")], &[(0, "tide-1.0.jar")]);
        if vendor.is_empty() { header } else { header.text(1011, vendor) }
    };
    let database = ndb(&vendors.iter().map(|package| header(package).bytes()).collect::<Vec<_>>());
    let tar = Tar::new().file("etc/os-release", release).file("var/lib/rpm/Packages.db", database);
    let jar_of = |tar: Tar, name: &str| tar.file(&format!("usr/share/{name}/tide-1.0.jar"), jar());
    image(&[vendors.iter().fold(tar, |tar, (name, _)| jar_of(tar, name))])
}

#[test]
fn a_third_party_s_rpm_is_not_judged_as_the_distribution_s_and_owns_nothing() {
    let found = rpms(
        "ID=rhel\nVERSION_ID=9.4\n",
        &[
            ("acme", "Acme"),
            ("bash", "Red Hat, Inc."),
            ("epel", "Fedora Project"),
            ("mssql", "Microsoft Corporation"),
            ("plain", ""),
        ],
    );
    let expected =
        ["acme - Acme", "bash Red Hat:9 -", "epel Red Hat:9 -", "mssql - Microsoft Corporation", "plain Red Hat:9 -"];
    assert_eq!(made_by(&found), expected);
    assert_eq!(language_paths(&found), ["usr/share/acme/tide-1.0.jar", "usr/share/mssql/tide-1.0.jar"]);
    assert_eq!(found.packages[0].purl.as_deref(), Some("pkg:rpm/rhel/acme@1-1"));
}

#[test]
fn a_distribution_s_own_vendor_is_known_by_the_distribution_or_by_its_first_package() {
    let azure = rpms("ID=azurelinux\nVERSION_ID=3.0\n", &[("bash", "Microsoft Corporation"), ("moby", "Docker")]);
    assert_eq!(made_by(&azure), ["bash Azure Linux:3 -", "moby - Docker"]);
    let unknown =
        rpms("ID=nonesuch\nVERSION_ID=1\n", &[("bash", "Nonesuch"), ("filesystem", "Nonesuch"), ("x", "Acme")]);
    assert_eq!(made_by(&unknown), ["bash - -", "filesystem - -", "x - Acme"]);
    assert_eq!(language_paths(&unknown), ["usr/share/x/tide-1.0.jar"]);
}
