//! An inventory with one of everything that is written.

use plimsoll_interchange::cyclonedx::{Bom, Edition, Subject};
use plimsoll_model::{
    BuildStep, DiffId, Digest, Ecosystem, InstalledPackage, Inventory, Layer, OsRelease, Package, PackageType, Problem,
    ProblemCode, SourcePackage,
};
use uuid::Uuid;

pub const DIGEST: &str = "sha256:0909090909090909090909090909090909090909090909090909090909090909";

pub fn installed(package: Package, layer: u32, path: &str) -> InstalledPackage {
    InstalledPackage {
        ecosystem: package.kind.language_ecosystem(),
        purl: package.purl(Some("debian"), Some("12")),
        package,
        layer,
        path: path.into(),
    }
}

fn licensed(kind: PackageType, name: &str, version: &str, license: &str) -> Package {
    Package { license: Some(license.into()), ..Package::new(kind, name, version) }
}

fn layer(index: u8, step: Option<&str>) -> Layer {
    let digest = Digest::from_sha256([index; 32]);
    let build_step = step.map(|step| BuildStep { index: index.into(), created_by: step.into(), created: None });
    Layer { index: index.into(), digest, diff_id: DiffId(digest), size: 1_000, build_step }
}

pub fn inventory() -> Inventory {
    let perl = Package {
        source: Some(SourcePackage { name: "perl".into(), version: "5.36.0-7".into() }),
        architecture: Some("amd64".into()),
        ..Package::new(PackageType::Deb, "perl-base", "5.36.0-7")
    };
    let mut perl = installed(perl, 0, "var/lib/dpkg/status");
    perl.ecosystem = Some(Ecosystem::with_release("Debian", "12"));
    let lodash = licensed(PackageType::Npm, "lodash", "4.17.21", "MIT");
    Inventory {
        os: Some(OsRelease {
            id: "debian".into(),
            version_id: Some("12".into()),
            codename: Some("bookworm".into()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".into()),
        }),
        layers: vec![layer(0, None), layer(1, Some("RUN pip install django"))],
        packages: vec![
            perl,
            installed(licensed(PackageType::Pypi, "django", "3.2", "BSD-3-Clause"), 1, "usr/django/METADATA"),
            installed(licensed(PackageType::Npm, "@angular/core", "1.0.0", "see LICENSE"), 1, "app/package.json"),
            installed(licensed(PackageType::Maven, "org.slf4j:slf4j-api", "2.0.7", "MIT OR Apache-2.0"), 1, "a.jar"),
            installed(lodash.clone(), 1, "a/package.json"),
            installed(lodash.clone(), 1, "b/package.json"),
            // The same again, in the same file.
            installed(Package { license: None, ..lodash }, 1, "b/package.json"),
            installed(Package::new(PackageType::Generic, "openjdk", "17.0.1"), 1, "opt/java/release"),
            installed(Package::new(PackageType::Golang, "github.com/gorilla/mux", "v1.8.0"), 1, "bin/app"),
        ],
        problems: vec![Problem {
            code: ProblemCode::FileMalformed,
            layer: Some(1),
            path: Some("app/package-lock.json".into()),
            detail: "it is not JSON".into(),
            count: 1,
        }],
        ..Inventory::default()
    }
}

pub fn image() -> Subject<'static> {
    Subject { name: "docker.io/library/app:1", digest: Some(DIGEST), platform: Some("linux/amd64") }
}

pub fn document(inventory: &Inventory, subject: &Subject<'_>) -> serde_json::Value {
    let edition = Edition {
        serial_number: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
        timestamp: "2026-08-20T12:00:00.123Z".parse().unwrap(),
        tool_version: "0.1.0",
    };
    serde_json::to_value(Bom::of(inventory, subject, &edition)).unwrap()
}
