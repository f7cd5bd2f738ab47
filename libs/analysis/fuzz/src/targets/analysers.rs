//! One target an analyser: the bytes are a file at every path that its globs name.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use plimsoll_analysis::{Analyser, ArchiveLimits, Engine, FileAnalysis, Limits};
use plimsoll_model::{Problem, Vendor};

use super::{Target, wrapped};
use crate::seeds;

/// The most paths at which an input is read.
const PATHS: usize = 8;

/// Where an analyser that goes by content finds its files.
const ANYWHERE: [&str; 4] = ["usr/bin/x", "opt/x.jar", "srv/.env", "srv/x.tar.gz"];

pub(super) fn all() -> Vec<Target> {
    plimsoll_analysis::all().into_iter().map(target).collect()
}

fn target(analyser: Box<dyn Analyser>) -> Target {
    let name = analyser.name();
    let (globs, kinds) = (analyser.globs(), analyser.content_kinds());
    let engine = Engine::of_analysers(limits(), vec![analyser]);
    let (seeding, known) = (engine.clone(), OnceLock::new());
    Target {
        name: name.to_owned(),
        seed: Box::new(move |path, bytes| {
            let (analysis, problems) = seeding.file(path, bytes);
            (analysis != FileAnalysis::default() || !problems.is_empty()).then(|| bytes.to_vec())
        }),
        own_seeds: own_seeds(name),
        run: Box::new(move |bytes| {
            let paths = known.get_or_init(|| paths(globs, !kinds.is_empty(), &engine));
            paths.iter().for_each(|path| read(&engine, path, bytes));
        }),
    }
}

/// What analysers start from that no fixture has.
fn own_seeds(analyser: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match analyser {
        "accounts" => &["root::0:0:root:/root:/bin/sh\n+::0:0:::\n", "root:*:19000:0:99999:7:::\napp::19000::::::\n"],
        "secrets" => &[
            "API_PASSWORD=\"hunter2hunter2\"\nURL=http://user:hunter2@host/\n",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
            "kind: Secret\ndata:\n  password: aHVudGVyMmh1bnRlcjI=\n",
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAA\n",
            "machine host login user password hunter2\n{\"auth\":\"dXNlcjpodW50ZXIy\"}\neyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AAAA\n",
        ],
        "go-binary" => return vec![wrapped::go_program(wrapped::GO_MODULES)],
        _ => &[],
    };
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Bounds that an input of some kilobytes reaches soon.
pub(super) fn limits() -> Limits {
    let archives = ArchiveLimits { inflated_bytes: 4 << 20, member_bytes: 1 << 20, ..ArchiveLimits::default() };
    Limits { uncompressed_bytes: 8 << 20, inspection_threads: 1, archives, ..Limits::default() }
}

/// Reads a file; what is told of it must be fit to be shown.
pub(super) fn read(engine: &Engine, path: &str, bytes: &[u8]) {
    let (analysis, problems) = engine.file(path, bytes);
    assert_sound(&analysis, &problems);
}

/// Nothing that was read can harm whoever shows it.
pub(super) fn assert_sound(analysis: &FileAnalysis, problems: &[Problem]) {
    for problem in problems {
        let detail = &problem.detail;
        assert!(!detail.ends_with("broke off on it"), "{problem:?}");
        assert!(detail.len() < 2000 && !detail.contains(char::is_control), "{problem:?}");
        assert!(problem.path.as_deref().is_none_or(|path| !path.contains(char::is_control)), "{problem:?}");
    }
    for package in &analysis.packages {
        let texts = [Some(&package.name), Some(&package.version), package.license.as_ref(), package.within.as_ref()];
        let vendor = package.vendor.iter().map(|(Vendor::ThirdParty(name) | Vendor::Unrecognised(name))| name);
        for text in texts.into_iter().flatten().chain(vendor) {
            assert!(!text.is_empty() && text.len() < 8192 && !text.contains(char::is_control), "{package:?}");
        }
    }
}

/// Paths at which the analyser wants a file: one for each ending, or name without one, that globs, fixtures and samples have.
fn paths(globs: &[&str], is_inspector: bool, engine: &Engine) -> Vec<String> {
    let globs = globs.iter().map(|glob| glob.replace("**/", "x/").replace('*', "x"));
    let candidates = globs.chain(seeds::everything().iter().map(|(path, _)| path.clone()));
    let mut endings = BTreeSet::new();
    let mut paths: Vec<String> = candidates
        .filter(|path| !engine.wanted_by(path).is_empty())
        .filter(|path| endings.insert(path.rsplit(['.', '/']).next().map(str::to_owned)))
        .take(PATHS)
        .collect();
    if is_inspector {
        paths.extend(ANYWHERE.map(str::to_owned));
    }
    paths
}
