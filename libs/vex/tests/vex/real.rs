//! Documents as their publishers serve them.

use std::path::{Path, PathBuf};

use plimsoll_vex::{
    Decisions, Document, Format, ImageIdentity, Limits, PackagePattern, Repository, Status, Subject, read,
};

use crate::corpus::shared;

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found
}

fn document(path: &Path) -> Document {
    read(&std::fs::read(path).unwrap(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_real_document_is_read() {
    let Some(feeds) = shared("feeds") else { return };
    let mut counts = [0; 2];
    for path in documents(&feeds.join("vex/openvex")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // What is no document.
        if name == "all.json" || name.contains("schema") {
            continue;
        }
        if name == "spec-example-3.json" {
            // An attestation's empty frame.
            let refused = read(&std::fs::read(&path).unwrap(), &Limits::default()).unwrap_err().to_string();
            assert!(refused.starts_with("predicateType: '' is not https://openvex.dev/ns"), "{refused}");
            continue;
        }
        let read = document(&path);
        assert_eq!(read.format, Format::OpenVex, "{name}");
        assert!(!read.statements.is_empty() && !read.author.is_empty(), "{name}");
        counts[0] += read.statements.len();
    }
    for path in documents(&feeds.join("redhat/csaf/v2/vex")).into_iter().chain(documents(&feeds.join("csaf"))) {
        let read = document(&path);
        assert_eq!(read.format, Format::Csaf);
        counts[1] += read.statements.len();
    }
    assert!(counts[0] > 20 && counts[1] > 100, "{counts:?}");
}

#[test]
fn aquas_word_on_its_image_counts_for_that_image() {
    let Some(path) = shared("feeds/vex/openvex/oci.openvex.json") else { return };
    let documents = [document(&path)];
    let decisions = Decisions::of(&documents);
    let busybox = PackagePattern::read("pkg:apk/alpine/busybox@1.36.1-r15?arch=x86_64&distro=alpine-3.18.4").unwrap();
    let about = |repository: &str| {
        let image = ImageIdentity {
            repositories: Repository::read(repository).into_iter().collect(),
            ..ImageIdentity::default()
        };
        let subject = Subject {
            vulnerability: &["CVE-2023-42363"],
            image: Some(&image),
            package: Some(&busybox),
            holders: &[],
            beside: &[],
        };
        decisions.about(subject).map(|said| said.statement.status)
    };
    for repository in [
        "aquasec/trivy:0.50",
        "docker.io/aquasec/trivy",
        "ghcr.io/aquasecurity/trivy:latest",
        "public.ecr.aws/aquasecurity/trivy",
    ] {
        assert_eq!(about(repository), Some(Status::NotAffected), "{repository}");
    }
    for repository in ["someone/trivy", "ghcr.io/aquasec/trivy", "alpine"] {
        assert_eq!(about(repository), None, "{repository}");
    }
}
