//! Golden inventories: `tests/fixtures/<name>/root/` and what is found in it, `inventory.json`.
//!
//! `UPDATE_FIXTURES=1` writes the expectations anew; their diff is then read like code.

use std::path::{Path, PathBuf};

use plimsoll_analysis::{Limits, analyse_tree, squash};
use plimsoll_model::Inventory;

use crate::builder::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A layer with the files of a folder.
fn layer_of(root: &Path, folder: &Path, mut tar: Tar) -> Tar {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let inside = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        tar = if path.is_symlink() {
            tar.symlink(&inside, std::fs::read_link(&path).unwrap().to_str().unwrap())
        } else if path.is_dir() {
            layer_of(root, &path, tar.directory(&inside))
        } else {
            tar.file(&inside, std::fs::read(&path).unwrap())
        };
    }
    tar
}

fn check(name: &str) {
    let root = fixture(name).join("root");
    let analyses = [analyse(&gzip(&layer_of(&root, &root, Tar::new()).end()))];
    let mut from_layer = squash(&layers(&analyses));
    from_layer.layers.clear();
    from_layer.layer_bytes.clear();
    let from_tree = analyse_tree(&root, &Limits::default()).unwrap().inventory();
    assert_eq!(from_layer, from_tree, "a layer and a folder of the same files say the same");

    let expected = fixture(name).join("inventory.json");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&expected, serde_json::to_string_pretty(&from_tree).unwrap() + "\n").unwrap();
    }
    let expected: Inventory = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    assert_eq!(from_tree, expected);
}

#[test]
fn debian_with_python_and_node_packages() {
    check("debian");
}

#[test]
fn alpine_with_python_packages_of_its_own_and_of_pip() {
    check("alpine");
}

#[test]
fn distroless_with_a_file_a_package() {
    check("distroless");
}

#[test]
fn rpm_s_database_in_each_of_its_forms() {
    ["rpm-sqlite", "rpm-ndb", "rpm-berkeley"].into_iter().for_each(check);
}

#[test]
fn a_project_with_lock_files() {
    check("project");
}

#[test]
fn python_projects_with_each_lock_file_and_a_conda_environment() {
    check("python");
}

#[test]
fn a_ruby_project_and_installed_gems() {
    check("ruby");
}

#[test]
fn php_projects_with_what_composer_installed() {
    check("php");
}

#[test]
fn node_projects_with_the_lock_file_of_each_package_manager() {
    check("node");
}

#[test]
fn java_archives_in_one_another() {
    check("java");
}

#[test]
fn a_project_in_many_languages_that_declares_its_packages() {
    check("declared");
}

#[test]
fn one_lock_file_is_read_by_its_name() {
    let inventory = analyse_tree(&fixture("project/root/Cargo.lock"), &Limits::default()).unwrap().inventory();
    assert_eq!(found(&inventory), ["ferry@0.3.0 0", "time@0.1.43 0"]);
    assert_eq!(inventory.packages[0].path, "Cargo.lock");
    assert!(analyse_tree(&fixture("project/inventory.json"), &Limits::default()).is_err());
    assert!(analyse_tree(&fixture("nowhere"), &Limits::default()).is_err());
}

#[test]
fn a_folder_s_links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("Cargo.lock"), "[[package]]\nname = \"secret\"\nversion = \"1.0.0\"\n").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    let tree = analyse_tree(folder.path(), &Limits::default()).unwrap();
    assert_eq!((tree.inventory().packages.len(), tree.contents.entry_count), (0, 3));
    let cut = analyse_tree(folder.path(), &Limits { entries: 2, ..Limits::default() }).unwrap();
    assert!(!cut.contents.is_complete && cut.problems.len() == 1);
}

#[test]
fn bills_of_materials_beside_the_database_that_they_repeat() {
    check("sbom");
}

#[test]
fn programs_without_a_package_beside_those_that_have_one() {
    check("runtime");
}

#[test]
fn rust_programs_of_the_distribution_and_others() {
    check("rust");
}

#[test]
fn a_go_program_that_says_what_it_was_built_of() {
    check("go");
}
