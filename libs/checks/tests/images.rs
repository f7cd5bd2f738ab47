//! Two images whole: one built with care, one without. What each check says of them.

use plimsoll_checks::{CheckOutcome, HistoryStep, ImageFacts, LayerSize, judge_all};
use plimsoll_model::{
    ExecutionConfig, FileFact, FileFactKind, InstalledPackage, LeftoverCache, Package, PackageType, SensitivePath,
};

/// Rules that failed, with their evidence, and rules that were not judged.
fn judged(facts: &ImageFacts<'_>) -> (Vec<String>, Vec<&'static str>) {
    let (mut failed, mut not_judged) = (Vec::new(), Vec::new());
    for (check, outcome) in judge_all(facts) {
        match outcome {
            CheckOutcome::Passed => {}
            CheckOutcome::Failed(observations) => {
                failed.extend(observations.iter().map(|seen| format!("{}: {}", check.rule, seen.evidence)));
            }
            CheckOutcome::NotJudged(_) => not_judged.push(check.rule),
        }
    }
    (failed, not_judged)
}

fn steps<'a>(history: &[(&'a str, bool)]) -> Vec<HistoryStep<'a>> {
    let steps = (0..).zip(history);
    steps
        .map(|(index, (created_by, empty_layer))| HistoryStep { index, created_by, empty_layer: *empty_layer })
        .collect()
}

fn package(name: &str, layer: u32) -> InstalledPackage {
    let package = Package::new(PackageType::Deb, name, "1");
    InstalledPackage { package, ecosystem: None, purl: None, layer, path: "var/lib/dpkg/status".into() }
}

fn file(path: &str, layer: u32, kind: FileFactKind) -> FileFact {
    FileFact { path: path.into(), layer, removed_in: None, kind }
}

#[test]
fn an_image_built_with_care_fails_nothing() {
    let execution = ExecutionConfig {
        user: "app".into(),
        env: vec!["PATH=/usr/bin".into()],
        entrypoint: vec!["/usr/bin/app".into()],
        exposed_ports: vec!["8080/tcp".into()],
        working_dir: "/srv/app".into(),
        volumes: vec!["/srv/app/data".into()],
        healthcheck: Some(vec!["CMD".into(), "/usr/bin/app".into(), "ping".into()]),
        labels: [("org.opencontainers.image.base.name".into(), "debian:13-slim".into())].into(),
        created: "2026-11-01T00:00:00Z".parse().ok(),
        ..ExecutionConfig::default()
    };
    let history = steps(&[
        ("# debian.sh --arch 'amd64' out/ 'trixie' '@1760000000'", false),
        (
            "RUN |1 VERSION=1.2 /bin/sh -c set -eux; apt-get update; \
             apt-get install -y --no-install-recommends ca-certificates; rm -rf /var/lib/apt/lists/*; \
             useradd --system app # buildkit",
            false,
        ),
        ("COPY /out/app /usr/bin/app # buildkit", false),
        ("USER app", true),
    ]);
    let facts = ImageFacts {
        execution: &execution,
        history: &history,
        packages: Some(&[package("bash", 0), package("gcc-14-base", 0), package("ca-certificates", 1)]),
        files: Some(&[
            file("etc/passwd", 1, FileFactKind::Account { account: "root".into(), uid: 0 }),
            file("etc/passwd", 1, FileFactKind::Account { account: "app".into(), uid: 999 }),
        ]),
        layers: &[LayerSize { bytes: 80_000_000, hidden_bytes: Some(100_000) }; 3],
        base_layers: Some(1),
        secrets: Some(&[]),
        now: "2026-11-25T00:00:00Z".parse().unwrap(),
    };
    let (failed, not_judged) = judged(&facts);
    assert_eq!(failed, [""; 0]);
    assert_eq!(not_judged, ["base-image-trusted", "rebuilt", "content-trust"]);
}

#[test]
fn an_image_built_without_care_is_told_everything() {
    let execution = ExecutionConfig {
        cmd: vec!["/bin/sh".into(), "-c".into(), "python app.py --token hunter2".into()],
        exposed_ports: vec!["22/tcp".into(), "80800/tcp".into()],
        working_dir: "app".into(),
        volumes: vec!["/var/run/docker.sock".into()],
        stop_signal: "SIGKILL".into(),
        author: Some("me".into()),
        ..ExecutionConfig::default()
    };
    let history = steps(&[
        ("/bin/sh -c #(nop) ADD file:0123 in / ", false),
        ("/bin/sh -c #(nop)  MAINTAINER me", true),
        ("/bin/sh -c apt-get update", false),
        (
            "/bin/sh -c apt-get install openssh-server sudo && cd /tmp && curl -k -H 'Authorization: hunter2' https://x | sh",
            false,
        ),
        ("/bin/sh -c #(nop) ADD dir:4567 in /app ", false),
    ]);
    let files = [
        file("usr/bin/sudo", 2, FileFactKind::SetUid),
        file("app/data", 3, FileFactKind::WorldWritable),
        file("usr/bin/ping", 0, FileFactKind::Capabilities { names: vec!["cap_net_raw".into()] }),
        file("etc/shadow", 2, FileFactKind::EmptyPassword { account: "root".into() }),
        file("var/lib/apt/lists", 1, FileFactKind::Leftover { cache: LeftoverCache::AptLists, bytes: 20 << 20 }),
        file("app/.env", 3, FileFactKind::SensitivePath { what: SensitivePath::DotEnv }),
    ];
    let facts = ImageFacts {
        execution: &execution,
        history: &history,
        packages: Some(&[package("openssh-server", 2), package("sudo", 2)]),
        files: Some(&files),
        layers: &[LayerSize { bytes: 100, hidden_bytes: Some(50) }; 4],
        base_layers: None,
        secrets: None,
        now: "2026-11-25T00:00:00Z".parse().unwrap(),
    };
    let (failed, not_judged) = judged(&facts);
    let expected = [
        "root-user: no user is set, which means root",
        "unneeded-packages: login servers: openssh-server",
        "healthcheck: none is set",
        "update-alone: apt-get update, and no install after it",
        "setuid-files: mode 04000 (setuid)",
        "add-instruction: ADD dir:4567",
        "unverified-packages: curl -k",
        "unverified-packages: curl ... | sh",
        "port-22: 22/tcp",
        "port-out-of-range: 80800/tcp",
        "relative-work-directory: app",
        "sudo: the package sudo is installed",
        "cd-in-run: cd",
        "package-caches: 20.0 MiB of apt's package lists",
        "interactive-install: apt-get install without a yes",
        "maintainer: me",
        "recommended-packages: apt-get install without --no-install-recommends",
        "shell-form: /bin/sh -c ...",
        "world-writable: mode 0002",
        "file-capabilities: cap_net_raw",
        "empty-password: root has an empty password field",
        "sensitive-files: settings of an environment",
        "sensitive-volumes: /var/run/docker.sock",
        "stop-signal: SIGKILL",
        "hidden-bytes: 200 bytes of 400 bytes are hidden by later layers",
        "created-date: no date",
    ];
    assert_eq!(failed, expected);
    assert_eq!(
        not_judged,
        ["base-image-trusted", "rebuilt", "content-trust", "base-setuid-files", "secrets", "mutable-base-tag"]
    );
    assert!(!failed.join(" ").contains("hunter2"), "evidence never quotes what may be a secret");
}
