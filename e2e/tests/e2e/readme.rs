//! The README's folder table is the workspace.

use std::collections::BTreeSet;

use plimsoll_e2e::process::workspace;

#[test]
fn the_readmes_folder_table_names_the_workspaces_members() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let listed: BTreeSet<String> =
        readme.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
    let mut members = BTreeSet::from(["e2e".to_owned()]);
    for group in ["libs", "services"] {
        for folder in std::fs::read_dir(workspace().join(group)).unwrap() {
            let folder = folder.unwrap().path();
            if folder.join("Cargo.toml").exists() {
                members.insert(format!("{group}/{}", folder.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert_eq!(listed, members);
}
