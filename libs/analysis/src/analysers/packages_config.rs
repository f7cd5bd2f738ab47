//! The older list of a .NET project's packages, `packages.config`.
//!
//! In: the XML document. Out: its packages, without those that are marked as for developing.
//! Source: NuGet documentation, "packages.config reference".

use std::ops::ControlFlow;

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::xml::{self, Element};
use crate::{Analyser, File, Malformed, Observations};

/// Reads the older lists of .NET projects' packages.
pub struct PackagesConfig;

impl Analyser for PackagesConfig {
    fn name(&self) -> &'static str {
        "packages-config"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/packages.config"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        2 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        xml::walk(file.bytes, |path, element| {
            if let ("packages/package", Element::Opened(package)) = (path, element) {
                let is_for_developing = xml::attribute(package, "developmentDependency")
                    .is_some_and(|value| value.eq_ignore_ascii_case("true"));
                match (xml::attribute(package, "id"), xml::attribute(package, "version")) {
                    _ if is_for_developing => {}
                    (Some(name), Some(version)) => seen.package(Package::new(PackageType::Nuget, name, version)),
                    _ => seen.malformed(Malformed::new("a package without an id or a version")),
                }
            }
            ControlFlow::Continue(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_that_are_not_for_developing_are_found() {
        let cases: [(&str, &[&str], usize); 7] = [
            (
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<packages>\r\n<package id=\"A.B\" version=\"1.0.0\" targetFramework=\"net46\" />\
                 <package id='C' version='2.0.0-beta' allowedVersions='[2,3)'></package></packages>",
                &["A.B@1.0.0", "C@2.0.0-beta"],
                0,
            ),
            ("<packages><package id=\"A\" version=\"1\" developmentDependency=\"true\"/></packages>", &[], 0),
            ("<packages><package id=\"A\" version=\"1\" developmentDependency=\"false\"/></packages>", &["A@1"], 0),
            (
                "<packages><package id=\"A\"/><package version=\"1\"/><package id=\"B\" version=\"1\"/></packages>",
                &["B@1"],
                2,
            ),
            ("<!DOCTYPE p [<!ENTITY v '1'>]><packages><package id=\"A\" version=\"&v;\"/></packages>", &[], 1),
            ("<packages><package id=\"A\" version=\"1\"/><package", &["A@1"], 1),
            ("<configuration><packages><package id=\"A\" version=\"1\"/></packages></configuration>", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&PackagesConfig, "app/packages.config", text.as_bytes());
            assert_eq!(
                (names(&file), complaints.len()),
                (expected.iter().map(|name| (*name).to_owned()).collect(), complained),
                "{text}"
            );
        }
    }
}
