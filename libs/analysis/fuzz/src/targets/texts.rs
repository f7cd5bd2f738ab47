//! What an image says beside its layers, and texts in them that are read on: purls, licences, versions, commands.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use plimsoll_checks::judgement::{ImageDescription, judge_image};
use plimsoll_checks::{EndOfLifeTable, HistoryStep};
use plimsoll_interchange::sbom;
use plimsoll_model::{Digest, Inventory, Package, PackageType};
use plimsoll_oci::archive::{ArchiveLimits, BlobSink, read_archive};
use plimsoll_oci::{ImageConfig, Manifest, Reference};
use plimsoll_secrets::SecretScanner;
use plimsoll_versions::{Scheme, compare};

use super::{Target, layers};

pub(super) fn all() -> Vec<Target> {
    let mut targets = vec![
        sboms(),
        Target::new(
            "purl",
            seeds(&["pkg:npm/%40a/b@1?arch=x#y", "pkg:deb/debian/a@1%3A1-1?distro=12", "pkg:maven/g/a@1"]),
            purl,
        ),
        Target::new(
            "licence",
            seeds(&["GPLv2+ and (MIT or Apache 2.0) with exception", "License :: OSI Approved :: MIT License"]),
            licence,
        ),
        Target::new("version", seeds(&["1:1.0~rc1-1\x001.0.0-alpha.1+b", "1!2.0.post1.dev3+l\x001.2_p1-r3"]), version),
        Target::new("reference", seeds(&["registry.example:5000/a/b:tag@sha256:00", "a"]), reference),
        Target::new(
            "secret-value",
            seeds(&["PASSWORD\0hunter2hunter2", "x\0-----BEGIN PRIVATE KEY-----"]),
            secret_value,
        ),
    ];
    let config = r#"{"os":"linux","architecture":"amd64","created":"2024-01-01T00:00:00Z","config":{"User":"0","Env":["A=b"],"ExposedPorts":{"22/tcp":{}},"Cmd":["sh"],"Labels":{"a":"b"},"Healthcheck":{"Test":["NONE"]}},"rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},"history":[{"created_by":"/bin/sh -c #(nop) ADD file:x in / "},{"created_by":"RUN |1 A=b /bin/sh -c apt-get update && curl -u a:b http://x | sh # buildkit","empty_layer":true}]}"#;
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2},"layers":[]}"#;
    targets.push(Target::new("image-config", seeds(&[config]), image_config));
    targets.push(Target::new("image-manifest", seeds(&[manifest]), |bytes| drop(Manifest::parse(bytes, None))));
    let archives = vec![
        layers::tar("manifest.json", br#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["l.tar"]}]"#),
        layers::tar("index.json", br#"{"schemaVersion":2,"manifests":[]}"#),
    ];
    targets.push(Target::new("image-archive", archives, image_archive));
    targets
}

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The two halves of an input, as texts.
fn halves(bytes: &[u8]) -> (String, String) {
    let mut halves = bytes.splitn(2, |byte| *byte == 0).map(|half| String::from_utf8_lossy(half).into_owned());
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

fn sboms() -> Target {
    let is_one = |bytes: &[u8]| sbom::read(bytes, &sbom::Limits::default()).is_ok();
    Target {
        name: "bill-of-materials".into(),
        seed: Box::new(move |_, bytes| is_one(bytes).then(|| bytes.to_vec())),
        own_seeds: Vec::new(),
        run: Box::new(|bytes| drop(sbom::read(bytes, &sbom::Limits::default()))),
    }
}

/// What is written of a package that was read is read as the same package.
fn purl(bytes: &[u8]) {
    let Ok(package) = Package::from_purl(&String::from_utf8_lossy(bytes), Some("1")) else { return };
    // A distribution of CPAN's is named with its author, whom no file of an installed one has to tell: without, it cannot be read again.
    if package.kind == PackageType::Cpan {
        return;
    }
    let Some(written) = package.purl(None, None) else { return };
    let again = Package::from_purl(&written, None);
    assert_eq!(again.as_ref().map(|again| again.purl(None, None)), Ok(Some(written)), "{package:?}");
}

/// An expression is read as itself.
fn licence(bytes: &[u8]) {
    let stated = String::from_utf8_lossy(bytes);
    for kind in [PackageType::Deb, PackageType::Apk, PackageType::Pypi, PackageType::Npm] {
        let license = plimsoll_licenses::read(&stated, kind);
        if let Some(expression) = &license.expression {
            assert_eq!(plimsoll_licenses::read(expression, kind).expression.as_ref(), Some(expression), "{stated:?}");
        }
    }
    plimsoll_licenses::debian_license(bytes);
}

/// An order is one whichever side is asked.
fn version(bytes: &[u8]) {
    let (one, other) = halves(bytes);
    for scheme in Scheme::ALL {
        let (there, back) = (compare(scheme, &one, &other), compare(scheme, &other, &one));
        assert_eq!(there.ok(), back.ok().map(std::cmp::Ordering::reverse), "{scheme:?}: {one:?} {other:?}");
    }
}

/// What is read is written as something that is read as the same.
fn reference(bytes: &[u8]) {
    let Ok(reference) = String::from_utf8_lossy(bytes).parse::<Reference>() else { return };
    let written = reference.to_string();
    assert_eq!(written.parse::<Reference>().ok().as_ref(), Some(&reference), "{written}");
}

fn secret_value(bytes: &[u8]) {
    let (name, value) = halves(bytes);
    let scanner = SecretScanner::new();
    for hit in scanner.scan_value(&name, &value) {
        assert!(!hit.redacted.contains(char::is_control), "{hit:?}");
    }
    scanner.redacted_command(&value);
}

/// A config and all that is judged of it.
fn image_config(bytes: &[u8]) {
    let Ok(config) = ImageConfig::parse(bytes) else { return };
    let steps = (0..).zip(&config.history);
    let history: Vec<HistoryStep<'_>> = steps
        .map(|(index, step)| HistoryStep { index, created_by: &step.created_by, empty_layer: step.empty_layer })
        .collect();
    let image = ImageDescription { execution: &config.execution, history: &history };
    let mut inventory = Inventory::default();
    judge_image(&mut inventory, &image, &EndOfLifeTable::bundled(), chrono::DateTime::UNIX_EPOCH);
    plimsoll_oci::build_steps(&config.history, config.diff_ids.len());
}

/// Keeps nothing.
struct Nowhere;

impl BlobSink for Nowhere {
    type Error = Infallible;

    async fn begin(&mut self, _: u64) -> Result<(), Infallible> {
        Ok(())
    }

    async fn write(&mut self, _: Bytes) -> Result<(), Infallible> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(Digest, u64), Infallible> {
        Ok((Digest::from_sha256([0; 32]), 0))
    }
}

fn image_archive(bytes: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let input = stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(bytes))]);
    let limits = ArchiveLimits { total_bytes: 8 << 20, ..ArchiveLimits::default() };
    let _ = runtime.block_on(read_archive(input, &mut Nowhere, limits));
}
