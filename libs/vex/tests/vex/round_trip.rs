//! What is written says, read again, what it said before; and follows its format's schema.

use plimsoll_model::Digest;
use plimsoll_vex::write::{About, Edition, OwnStatement, write};
use plimsoll_vex::{Decisions, Format, ImageIdentity, Justification, PackagePattern, Repository, Status, Subject};
use serde_json::Value;
use uuid::Uuid;

use crate::corpus::shared;
use crate::formats::document;

fn statement(vulnerability: &str, package: &str, status: Status) -> OwnStatement {
    OwnStatement {
        vulnerability: vulnerability.into(),
        aliases: vec![],
        title: String::new(),
        package: package.into(),
        status,
        justification: None,
        impact: String::new(),
        action: String::new(),
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
    }
}

fn statements() -> Vec<OwnStatement> {
    let django = "pkg:pypi/django@3.2";
    vec![
        OwnStatement {
            aliases: vec!["GHSA-1".into(), "PYSEC-1".into()],
            title: "A flaw".into(),
            action: "Upgrade django 3.2 to 3.2.14.".into(),
            ..statement("CVE-2024-1", django, Status::Affected)
        },
        statement("CVE-2024-2", "pkg:npm/%40a/b@1", Status::Affected),
        statement("GHSA-2", django, Status::UnderInvestigation),
        OwnStatement {
            justification: Some(Justification::InlineMitigationsAlreadyExist),
            impact: "A filter stands before it.".into(),
            ..statement("CVE-2024-3", django, Status::NotAffected)
        },
        statement("CVE-2024-3", "pkg:deb/debian/libc6@1?arch=amd64&distro=debian-12", Status::NotAffected),
        statement("CVE-2024-4", django, Status::Fixed),
    ]
}

fn image() -> About<'static> {
    About {
        name: "ghcr.io/a/app:1",
        digest: Some(Digest::from_sha256([1; 32])),
        repository: Repository::read("ghcr.io/a/app:1"),
        architecture: Some("amd64"),
    }
}

fn folder() -> About<'static> {
    About { name: "/srv/www", digest: None, repository: None, architecture: None }
}

fn written(format: Format, about: &About<'_>) -> Value {
    let edition = Edition {
        id: Uuid::from_bytes([7; 16]),
        author: "Ann",
        timestamp: "2026-01-03T00:00:00Z".parse().unwrap(),
        tool_version: "0.1.0",
    };
    write(format, about, &statements(), &edition)
}

#[test]
fn each_format_says_the_same_when_it_is_read_again() {
    for format in [Format::OpenVex, Format::Csaf, Format::CycloneDx] {
        for about in [image(), folder()] {
            let read = document(&written(format, &about));
            assert_eq!((read.format, read.author.as_str()), (format, "Ann"));
            let documents = [read];
            let decisions = Decisions::of(&documents);
            for said in statements() {
                let identity =
                    about.digest.map(|digest| ImageIdentity { digests: vec![digest], ..ImageIdentity::default() });
                let package = PackagePattern::read(&said.package);
                let ids: Vec<&str> =
                    said.aliases.last().map_or(said.vulnerability.as_str(), String::as_str).split(' ').collect();
                let subject = Subject {
                    vulnerability: &ids,
                    image: identity.as_ref(),
                    package: package.as_ref(),
                    holders: &[],
                    beside: &[],
                };
                let found = decisions.about(subject).unwrap_or_else(|| panic!("{format:?}: {said:?}")).statement;
                assert_eq!(
                    (found.status, found.justification),
                    (said.status, said.justification),
                    "{format:?}: {said:?}"
                );
                assert!(said.action.is_empty() || found.action == said.action, "{format:?}: {found:?}");
                assert!(said.impact.is_empty() || found.impact == said.impact, "{format:?}: {found:?}");
                let elsewhere =
                    ImageIdentity { digests: vec![Digest::from_sha256([9; 32])], ..ImageIdentity::default() };
                let elsewhere = Subject { image: Some(&elsewhere), ..subject };
                assert_eq!(decisions.about(elsewhere).is_some(), about.digest.is_none(), "another image");
            }
        }
    }
}

#[test]
fn openvex_follows_its_schema() {
    let Some(path) = shared("feeds/vex/openvex/openvex_json_schema.json") else { return };
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for about in [image(), folder()] {
        let document = written(Format::OpenVex, &about);
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
    }
    let mut wrong = written(Format::OpenVex, &image());
    wrong["statements"][0]["status"] = "harmless".into();
    assert!(!validator.is_valid(&wrong), "the schema is the real one");
}

#[test]
fn cyclonedx_follows_its_schema() {
    let folder_of_schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../interchange/tests/schemas");
    let schema = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder_of_schemas.join(name)).unwrap()).unwrap()
    };
    let registry = jsonschema::Registry::new()
        .add("http://cyclonedx.org/schema/spdx.schema.json", schema("spdx.schema.json"))
        .unwrap()
        .add("http://cyclonedx.org/schema/jsf-0.82.schema.json", schema("jsf-0.82.schema.json"))
        .unwrap()
        .prepare()
        .unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&schema("bom-1.6.schema.json")).unwrap();
    for about in [image(), folder()] {
        let document = written(Format::CycloneDx, &about);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
    }
}
