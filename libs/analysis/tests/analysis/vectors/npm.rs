//! Node.js: npm, yarn, pnpm, bun.

use super::{Exception, exception};

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("package-lock.json-250b31c9b6", "pkg:npm/node_v3_with_workspace_as_object@", "the root project itself"),
    exception(
        "package-lock.json-250b31c9b6",
        "pkg:npm/testapp",
        "a link without a version to what is reported with one",
    ),
    exception(
        "package-lock.json-257f1990a3",
        "pkg:npm/babel-code-frame@npm:",
        "an alias: the package behind it is reported",
    ),
    exception(
        "package-lock.json-257f1990a3",
        "pkg:npm/string-width-cjs@npm:",
        "an alias: the package behind it is reported",
    ),
    exception("package-lock.json-3d10aa76fb", "pkg:npm/node_v1@", "the root project itself"),
    exception("package-lock.json-482ab72ac4", "pkg:npm/bump-test@", "the root project itself"),
    // Both others agree on this one: a purl without a version, which nothing could be looked up by.
    exception("package-lock.json-482ab72ac4", "pkg:npm/raven-js", "the lock file names a commit and no version"),
];

/// Whether the lock file marks every occurrence of the package as needed for developing, or as part of what is.
pub(super) fn is_for_developing(lock: &serde_json::Value, purl: &str) -> bool {
    let Some((name, version)) = purl.strip_prefix("pkg:npm/").and_then(|rest| rest.rsplit_once('@')) else {
        return false;
    };
    let mut marks = Vec::new();
    if let Some(packages) = lock["packages"].as_object() {
        for (folder, package) in packages {
            let is_it = folder.ends_with(&format!("node_modules/{name}")) && package["version"] == version;
            marks.extend(is_it.then(|| package["dev"] == true));
        }
    } else {
        marks_below(lock, name, version, false, &mut marks);
    }
    !marks.is_empty() && marks.iter().all(|mark| *mark)
}

fn marks_below(parent: &serde_json::Value, name: &str, version: &str, is_dev: bool, marks: &mut Vec<bool>) {
    for (key, package) in parent["dependencies"].as_object().into_iter().flatten() {
        let is_dev = is_dev || package["dev"] == true;
        marks.extend((key == name && package["version"] == version).then_some(is_dev));
        marks_below(package, name, version, is_dev, marks);
    }
}
