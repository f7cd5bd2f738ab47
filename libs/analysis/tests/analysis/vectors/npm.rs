//! Node.js: npm, yarn, pnpm, bun.

use super::{Exception, exception};

const ALIAS: &str = "an alias: the package behind it is reported";
const ASKED_FOR: &str = "asked for, and not among the packages of this shortened file";
const FOR_DEVELOPING: &str = "for developing";
const OWN_PROJECT: &str = "the project itself";
const PACKAGE_MANAGER: &str = "pnpm itself, which the project asks to be worked on with";
const PEERS: &str = "with its peers, which are not part of its version: it is reported without";
const STATED: &str = "the version that the file states is reported in place of the address";

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("bun.lock-0033357396", "pkg:npm/wrappy@", FOR_DEVELOPING),
    exception("bun.lock-2ac958931b", "pkg:npm/supports-color-old", ALIAS),
    exception("bun.lock-38545fc0ce", "pkg:npm/eslint", FOR_DEVELOPING),
    exception("bun.lock-38545fc0ce", "pkg:npm/typescript@", FOR_DEVELOPING),
    exception("bun.lock-9d59388ca7", "pkg:npm/@types/", FOR_DEVELOPING),
    exception("bun.lock-9d59388ca7", "pkg:npm/bun-types@", FOR_DEVELOPING),
    exception("bun.lock-d80cb436bd", "pkg:npm/uwebsocket.js@", ALIAS),
    exception("package-lock.json-250b31c9b6", "pkg:npm/node_v3_with_workspace_as_object@", "the root project itself"),
    exception(
        "package-lock.json-250b31c9b6",
        "pkg:npm/testapp",
        "a link without a version to what is reported with one",
    ),
    exception("package-lock.json-257f1990a3", "pkg:npm/babel-code-frame@npm:", ALIAS),
    exception("package-lock.json-257f1990a3", "pkg:npm/string-width-cjs@npm:", ALIAS),
    exception("package-lock.json-3d10aa76fb", "pkg:npm/node_v1@", "the root project itself"),
    exception("package-lock.json-482ab72ac4", "pkg:npm/bump-test@", "the root project itself"),
    // Both others agree on this one: a purl without a version, which nothing could be looked up by.
    exception("package-lock.json-482ab72ac4", "pkg:npm/raven-js", "the lock file names a commit and no version"),
    exception("pnpm-lock.yaml-00098d2721", "pkg:npm/@pnpm/", PACKAGE_MANAGER),
    exception("pnpm-lock.yaml-00098d2721", "pkg:npm/@reflink/", PACKAGE_MANAGER),
    exception("pnpm-lock.yaml-00098d2721", "pkg:npm/detect-libc@", PACKAGE_MANAGER),
    exception("pnpm-lock.yaml-00098d2721", "pkg:npm/pnpm@", PACKAGE_MANAGER),
    exception("pnpm-lock.yaml-247085d9c1", "pkg:npm/is-number@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-3d6de42eb6", "pkg:npm/is-number@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-488de5cad6", "pkg:npm/debug@@github.com/", STATED),
    exception("pnpm-lock.yaml-488de5cad6", "pkg:npm/is-negative@@codeload.github.com/", STATED),
    exception("pnpm-lock.yaml-488de5cad6", "pkg:npm/lodash@file:", STATED),
    exception("pnpm-lock.yaml-488de5cad6", "pkg:npm/package1@file:", STATED),
    exception("pnpm-lock.yaml-49ad7c5240", "pkg:npm/acorn-jsx@5.3.2_acorn@", PEERS),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/@typescript-eslint/types@", ASKED_FOR),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/example.com/", "the host of a package is not part of its name"),
    exception(
        "pnpm-lock.yaml-634f210c63",
        "pkg:npm/registry.npmjs.org/",
        "the host of a package is not part of its name",
    ),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/github.com/", "an address without a version"),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/kevva", "an address without a version"),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/foo@1.4.0_@types", PEERS),
    exception("pnpm-lock.yaml-634f210c63", "pkg:npm/foo", "`/foo/bar` has no version"),
    exception("pnpm-lock.yaml-80cb341803", "pkg:npm/@bcoe/v8-coverage@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-80cb341803", "pkg:npm/nanoid@", ASKED_FOR),
    exception("pnpm-lock.yaml-80cb341803", "pkg:npm/picocolors@", ASKED_FOR),
    exception("pnpm-lock.yaml-80cb341803", "pkg:npm/source-map-js@", ASKED_FOR),
    exception("pnpm-lock.yaml-8270350597", "pkg:npm/test@", ASKED_FOR),
    exception("pnpm-lock.yaml-88adcb042e", "pkg:npm/aws-sdk@", ASKED_FOR),
    exception("pnpm-lock.yaml-af2a4cd4ee", "pkg:npm/acorn-jsx@5.3.2_acorn@", PEERS),
    exception("pnpm-lock.yaml-af2a4cd4ee", "pkg:npm/webpack-cli@4.10.0_", PEERS),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/await-sleep@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/jquery@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/lodash@", FOR_DEVELOPING),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/asynckit@https:", STATED),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/debug@https:", STATED),
    exception("pnpm-lock.yaml-e2c58e51c9", "pkg:npm/is-negative@https:", STATED),
    exception(
        "pnpm-lock.yaml-e2c58e51c9",
        "pkg:npm/package1",
        "a folder without a version: it is reported by where it is",
    ),
    exception("yarn.lock-09e883c142", "pkg:npm/code@0.0.0-use.local", OWN_PROJECT),
    exception("yarn.lock-47c12d3762", "pkg:npm/ansi-regex-cjs@", ALIAS),
    exception("yarn.lock-47c12d3762", "pkg:npm/babel-hvi@", ALIAS),
    exception("yarn.lock-7d727101df", "pkg:npm/eslint-plugin-jest@0.0.0-use.local", OWN_PROJECT),
];

pub(super) const ONLY_HERE: &[Exception] = &[
    exception(
        "bun.lock-2ac958931b",
        "pkg:npm/has-flag@3.0.0",
        "the other takes the folder that it lies in for its name",
    ),
    exception("bun.lock-2ac958931b", "pkg:npm/supports-color@6.1.0", "behind an alias"),
    exception("bun.lock-d80cb436bd", "pkg:npm/uwebsockets.js@github:uNetworking/", "behind an alias"),
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
