//! An inventory for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment};
use indicatif::HumanBytes;
use plimsoll_model::{InstalledPackage, Inventory, Layer, PackageType};

use crate::escape::{shortened, shortened_path};
use crate::quantity::counted;
use crate::report::{ScannedImage, columns, head};

/// How many problems are shown; JSON has them all.
const PROBLEMS: usize = 50;
/// From this width on there is room for package URLs.
const WIDE: u16 = 160;

/// What it is of, its packages by type, its layers, what it was read from, what was not read; counts at the end.
pub fn table(image: &ScannedImage, inventory: &Inventory, width: Option<u16>) -> String {
    let mut text = String::new();
    head::image_lines(&mut text, image, inventory.os.as_ref(), None);
    let mut by_kind: BTreeMap<PackageType, Vec<&InstalledPackage>> = BTreeMap::new();
    for package in &inventory.packages {
        by_kind.entry(package.package.kind).or_default().push(package);
    }
    for (kind, packages) in &by_kind {
        let count = counted(packages.len() as u64, "package");
        let _ = writeln!(text, "\n\x1b[1m{kind}\x1b[0m, {count}");
        text.push_str(&of_kind(packages, !inventory.layers.is_empty(), width));
    }
    if !inventory.layers.is_empty() {
        text.push('\n');
        text.push_str(&of_layers(inventory, width));
    }
    text.push('\n');
    head::read_line(&mut text, &inventory.sources);
    head::problem_lines(&mut text, &inventory.problems, PROBLEMS);
    if inventory.problems.len() > PROBLEMS {
        let _ = writeln!(text, "           {} more: --format json has all", inventory.problems.len() - PROBLEMS);
    }
    head::line(&mut text, "Packages", &counts(inventory, &by_kind));
    text
}

/// The packages of a type. How much of a path is shown depends on the room that the others leave.
fn of_kind(packages: &[&InstalledPackage], has_layers: bool, width: Option<u16>) -> String {
    let is_wide = width.is_none_or(|width| width >= WIDE);
    let path_width = width.map_or(usize::MAX, |width| (usize::from(width) / 3).max(24));
    let mut heading = vec!["PACKAGE", "VERSION", "LICENCE"];
    heading.extend(has_layers.then_some("LAYER"));
    heading.push("PATH");
    heading.extend(is_wide.then_some("PURL"));
    let mut table = columns::table(&heading, width);
    for installed in packages {
        let package = &installed.package;
        let mut row = vec![
            Cell::new(shortened(&package.name, 60)),
            Cell::new(shortened(&package.version, 40)),
            Cell::new(shortened(package.license.as_deref().unwrap_or("-"), if is_wide { 40 } else { 20 })),
        ];
        row.extend(has_layers.then(|| Cell::new(installed.layer)));
        row.push(Cell::new(shortened_path(&installed.path, path_width)));
        row.extend(is_wide.then(|| Cell::new(shortened(installed.purl.as_deref().unwrap_or("-"), 200))));
        table.add_row(row);
    }
    columns::lines(table)
}

/// The layers: how many packages have come with each, and the step that made it.
fn of_layers(inventory: &Inventory, width: Option<u16>) -> String {
    let mut table = columns::table(&["LAYER", "PACKAGES", "SIZE", "BUILD STEP"], width);
    let step_width = width.map_or(160, |width| usize::from(width).saturating_sub(32).max(24));
    for layer in &inventory.layers {
        let brought = inventory.packages.iter().filter(|package| package.layer == layer.index).count();
        table.add_row([
            Cell::new(layer.index),
            Cell::new(brought).set_alignment(CellAlignment::Right),
            Cell::new(HumanBytes(layer.size)).set_alignment(CellAlignment::Right),
            Cell::new(shortened(step_of(layer), step_width)),
        ]);
    }
    columns::lines(table)
}

fn step_of(layer: &Layer) -> &str {
    layer.build_step.as_ref().map_or("-", |step| &step.created_by)
}

fn counts(inventory: &Inventory, by_kind: &BTreeMap<PackageType, Vec<&InstalledPackage>>) -> String {
    let kinds: Vec<String> = by_kind.iter().map(|(kind, packages)| format!("{} {kind}", packages.len())).collect();
    let unlicensed = inventory.packages.iter().filter(|package| package.package.license.is_none()).count();
    match inventory.packages.len() {
        0 => "none".into(),
        all => format!("{all}: {}; {unlicensed} without a licence", kinds.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Package, PackageSource};

    use super::*;
    use crate::report::samples;

    fn installed(kind: PackageType, name: &str, license: Option<&str>, layer: u32, path: &str) -> InstalledPackage {
        let package = Package { license: license.map(Into::into), ..Package::new(kind, name, "1.2.3") };
        InstalledPackage {
            ecosystem: None,
            purl: package.purl(Some("debian"), Some("12")),
            package,
            layer,
            path: path.into(),
        }
    }

    fn inventory() -> Inventory {
        let report = samples::report();
        let site = "usr/local/lib/python3.11/site-packages/a-package-with-a-long-name";
        Inventory {
            os: report.os,
            layers: report.layers,
            packages: vec![
                installed(PackageType::Deb, "libc6", Some("LGPL-2.1-or-later"), 0, "var/lib/dpkg/status"),
                installed(PackageType::Deb, "zlib1g", None, 0, "var/lib/dpkg/status"),
                installed(PackageType::Pypi, "evil\u{1b}[2J", Some("MIT\u{202e}"), 1, &format!("{site}/METADATA")),
            ],
            sources: vec![PackageSource { analyser: "dpkg".into(), files: 1, packages: 2 }],
            problems: report.problems,
            ..Inventory::default()
        }
    }

    fn shown(inventory: &Inventory, width: Option<u16>) -> String {
        anstream::adapter::strip_str(&table(&samples::report().image, inventory, width)).to_string()
    }

    #[test]
    fn the_table_lists_packages_by_type_and_counts_them() {
        insta::assert_snapshot!(shown(&inventory(), None));
    }

    #[test]
    fn it_fits_the_terminal() {
        for width in [80, 120, 200] {
            let text = shown(&inventory(), Some(width));
            let head = 5;
            let longest = text.lines().skip(head).map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= usize::from(width), "{longest} of {width}\n{text}");
            assert!(!text.chars().any(|c| c != '\n' && crate::escape::is_active(c)), "{text:?}");
        }
        insta::assert_snapshot!(shown(&inventory(), Some(80)));
    }

    #[test]
    fn a_folder_without_packages_says_so() {
        let text = shown(&Inventory::default(), None);
        assert!(text.ends_with("Read       nothing that lists packages\nPackages   none\n"), "{text}");
    }
}
