//! A report for tests.

use plimsoll_model::{
    AffectedState, BuildStep, Coverage, DiffId, Digest, Ecosystem, Finding, Gap, GapReason, Introduction, Layer, Limit,
    LimitReason, Observation, ObservationKind, OsRelease, OsSupport, PackageSource, Place, Problem, ProblemCode,
    Severity,
};

use plimsoll_vex::{Justification, Status};

use super::{HiddenFinding, JudgedCoverage, ScanReport, ScannedImage, UnjudgedCheck, UnknownPackage, VexNote};

pub fn finding(package: &str, vulnerability: &str, severity: Severity, fixed_in: Option<&str>) -> Finding {
    Finding {
        vulnerability: vulnerability.into(),
        aliases: vec!["PYSEC-2024-1".into()],
        title: "A flaw".into(),
        severity,
        severity_source: "osv".into(),
        cvss_vector: None,
        cvss_score: None,
        epss: None,
        epss_percentile: None,
        known_exploited_since: None,
        is_malware: false,
        ecosystem: Ecosystem::new("PyPI"),
        package: package.into(),
        version: "3.2".into(),
        purl: Some(format!("pkg:pypi/{package}@3.2")),
        path: format!("usr/lib/python3/{package}.dist-info/METADATA"),
        fixed_in: fixed_in.map(str::to_owned),
        state: AffectedState::Affected,
        sources: vec!["osv".into()],
        introduced_by: Introduction {
            layer: 1,
            diff_id: DiffId(Digest::from_sha256([1; 32])).to_string(),
            build_step: Some("RUN pip install django".into()),
            created: None,
        },
    }
}

fn layer(index: u8, created_by: &str) -> Layer {
    let digest = Digest::from_sha256([index; 32]);
    let build_step = Some(BuildStep { index: index.into(), created_by: created_by.into(), created: None });
    Layer { index: index.into(), digest, diff_id: DiffId(digest), size: 1_000, build_step }
}

fn observation(kind: ObservationKind, rule: &str, severity: Severity, place: Place) -> Observation {
    Observation {
        kind,
        rule: rule.into(),
        references: vec![],
        title: format!("A thing that {rule} names"),
        severity,
        family: None,
        place,
        layer: None,
        removed_in: None,
        evidence: String::new(),
        advice: format!("Do what helps against {rule}."),
    }
}

fn observations() -> Vec<Observation> {
    let secret = |path: &str, line| Observation {
        layer: Some(1),
        evidence: "AKIA************".into(),
        ..observation(
            ObservationKind::Secret,
            "aws-access-key",
            Severity::Critical,
            Place::File { path: path.into(), line: Some(line), offset: None },
        )
    };
    let root = Place::Config { field: "config.User".into() };
    let mut root = observation(ObservationKind::Misconfiguration, "root-user", Severity::Low, root);
    root.references = vec!["CIS-DI-4.1".into(), "DS002".into()];
    root.evidence = "\u{1b}[31mroot\u{202e}".into();
    vec![root, secret("app/.env", 3), Observation { removed_in: Some(2), ..secret("tmp/.env", 1) }]
}

pub fn coverage() -> JudgedCoverage {
    let gap = |reason, statement: &str| Gap { reason, count: 1, statement: statement.into(), examples: vec![] };
    let unjudged = |check: &str| UnjudgedCheck { check: String::from(check), reason: "it takes a policy".into() };
    let coverage = Coverage {
        is_complete: false,
        os: OsSupport::Supported { until: "2028-06-30".parse().ok() },
        sources: vec![PackageSource { analyser: "dpkg".into(), files: 1, packages: 40 }],
        gaps: vec![
            gap(GapReason::FileNotRead, "not judged, because a file was not read in full, the first: it is not JSON"),
            gap(GapReason::EcosystemWithoutSource, "not judged, because no advisory source speaks of 1 package: cpan"),
        ],
        limits: vec![Limit {
            reason: LimitReason::OnlyFixesPublished,
            count: 1,
            statement: "judged by fixes alone, because only vulnerabilities that are fixed are published for Klingon:9"
                .into(),
            ecosystem: "Klingon:9".into(),
        }],
    };
    JudgedCoverage { coverage, unjudged_checks: vec![unjudged("base-image-trusted"), unjudged("content-trust")] }
}

fn hidden() -> HiddenFinding {
    let vex = VexNote {
        status: Status::NotAffected,
        justification: Some(Justification::VulnerableCodeNotInExecutePath),
        impact: "The parser \u{202e}is never called.".into(),
        document: "https://example.com/vex/1".into(),
        author: "Ann".into(),
        at: "2026-08-01T10:00:00Z".parse().ok(),
    };
    HiddenFinding { finding: finding("pillow", "CVE-2024-4", Severity::High, Some("10.3.0")), vex }
}

pub fn report() -> ScanReport {
    let mut exploited = finding("django", "CVE-2024-1", Severity::Critical, Some("3.2.14"));
    exploited.known_exploited_since = "2024-01-02".parse().ok();
    (exploited.epss, exploited.epss_percentile) = (Some(0.912), Some(0.99));
    exploited.cvss_score = Some(9.8);
    exploited.cvss_vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into());
    let mut hostile = finding("evil\u{1b}[2J", "CVE-2024-2", Severity::Low, None);
    hostile.introduced_by.build_step =
        Some("RUN \u{202e}true\n && echo a very long command that goes on and on and on".into());
    let headers = Finding {
        state: AffectedState::NotRunning,
        ecosystem: Ecosystem::with_release("Debian", "12"),
        ..finding("linux-libc-dev", "CVE-2024-9", Severity::High, None)
    };
    ScanReport {
        image: ScannedImage {
            name: "docker.io/library/app:1".into(),
            digest: Some(Digest::from_sha256([9; 32]).to_string()),
            platform: Some("linux/amd64".into()),
            other_platforms: vec!["linux/arm64".into(), "windows/amd64".into()],
            references: vec![],
            index: None,
        },
        os: Some(OsRelease {
            id: "debian".into(),
            version_id: Some("12".into()),
            codename: Some("bookworm".into()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".into()),
        }),
        layers: vec![layer(0, "COPY / /"), layer(1, "RUN pip install django")],
        package_count: 42,
        problems: vec![Problem {
            code: ProblemCode::FileMalformed,
            layer: Some(1),
            path: Some("app/package-lock.json".into()),
            detail: "it is not JSON".into(),
            count: 1,
        }],
        unknown: vec![UnknownPackage {
            ecosystem: Some(Ecosystem::new("PyPI")),
            package: "odd".into(),
            version: "unknown".into(),
            why: "'unknown' is not a version".into(),
        }],
        findings: vec![exploited, finding("urllib3", "CVE-2024-3", Severity::Medium, Some("1.26.19")), hostile],
        not_counted: vec![headers],
        hidden: vec![hidden()],
        observations: Some(observations()),
        coverage: Some(coverage()),
        knowledge: [
            ("kev".to_owned(), "2026-08-20T10:00:00Z".parse().unwrap()),
            ("osv".to_owned(), "2026-08-17T10:00:00Z".parse().unwrap()),
        ]
        .into(),
        malware_sources: None,
        placed: vec![],
    }
}
