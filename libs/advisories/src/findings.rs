//! Findings: a match in an image, and the order in which people should see them.

use std::cmp::Ordering;

use plimsoll_model::{Ecosystem, Finding, InstalledPackage, Introduction, Layer, is_malware};

use crate::{ExploitScore, KnownExploited, Match, Vulnerability, rating};

/// The finding that `found` is for a package in the layer that brought it.
///
/// `score` and `exploited` are those of the vulnerability's CVEs: the highest, and the one that was listed first.
pub fn finding(
    installed: &InstalledPackage,
    layer: &Layer,
    found: &Match,
    vulnerability: &Vulnerability,
    score: Option<&ExploitScore>,
    exploited: Option<&KnownExploited>,
) -> Finding {
    let rating = rating(found, vulnerability);
    let package = &installed.package;
    // A match is only made for a package whose ecosystem is known; the type says it where the image does not.
    let ecosystem = || package.kind.language_ecosystem().unwrap_or_else(|| Ecosystem::new(package.kind.as_str()));
    Finding {
        vulnerability: found.vulnerability.clone(),
        aliases: vulnerability.aliases.clone(),
        title: vulnerability.title.clone(),
        severity: rating.severity,
        severity_source: rating.source,
        cvss_vector: rating.cvss_vector,
        cvss_score: rating.cvss_score,
        epss: score.map(|score| score.score),
        epss_percentile: score.map(|score| score.percentile),
        known_exploited_since: exploited.map(|row| row.date_added),
        is_malware: is_malware(&found.vulnerability, &vulnerability.aliases),
        ecosystem: installed.ecosystem.clone().unwrap_or_else(ecosystem),
        package: package.name.clone(),
        version: package.version.clone(),
        purl: installed.purl.clone(),
        path: installed.path.clone(),
        fixed_in: found.fixed_in.clone(),
        state: found.state,
        sources: found.sources.clone(),
        introduced_by: Introduction {
            layer: layer.index,
            diff_id: layer.diff_id.to_string(),
            build_step: layer.build_step.as_ref().map(|step| step.created_by.clone()),
            created: layer.build_step.as_ref().and_then(|step| step.created),
        },
    }
}

/// The order of findings, the most urgent first, the same everywhere: known to be exploited; the higher severity; the higher EPSS
/// score; those with a fix; then by package, version, vulnerability and path, so that no two orders are possible.
pub fn urgency(a: &Finding, b: &Finding) -> Ordering {
    let epss = |finding: &Finding| finding.epss.unwrap_or(0.0);
    let exploited = |finding: &Finding| finding.known_exploited_since.is_some();
    exploited(b)
        .cmp(&exploited(a))
        .then_with(|| b.severity.cmp(&a.severity))
        .then_with(|| epss(b).total_cmp(&epss(a)))
        .then_with(|| b.fixed_in.is_some().cmp(&a.fixed_in.is_some()))
        .then_with(|| a.package.cmp(&b.package))
        .then_with(|| a.version.cmp(&b.version))
        .then_with(|| a.vulnerability.cmp(&b.vulnerability))
        .then_with(|| a.path.cmp(&b.path))
        .then_with(|| a.ecosystem.cmp(&b.ecosystem))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use plimsoll_model::{AffectedState, BuildStep, CvssVector, DiffId, Digest, Package, PackageType, Severity};

    use super::*;

    fn found_in(name: &str) -> Finding {
        let installed = InstalledPackage {
            package: Package::new(PackageType::Pypi, name, "3.2"),
            ecosystem: Some(Ecosystem::new("PyPI")),
            purl: Some(format!("pkg:pypi/{name}@3.2")),
            layer: 3,
            path: format!("usr/lib/python3/{name}.dist-info/METADATA"),
        };
        let digest = Digest::from_sha256([7; 32]);
        let step = BuildStep { index: 5, created_by: "RUN pip install".into(), created: None };
        let layer = Layer { index: 3, digest, diff_id: DiffId(digest), size: 1, build_step: Some(step) };
        let found = Match {
            vulnerability: "CVE-2024-1".into(),
            fixed_in: Some("3.2.14".into()),
            state: AffectedState::Affected,
            severity: None,
            severity_source: None,
            sources: vec!["osv".into()],
            advisories: vec!["GHSA-1".into()],
        };
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let vulnerability = Vulnerability {
            title: "A flaw".into(),
            aliases: vec!["GHSA-1".into()],
            cvss: vec![CvssVector { vector: vector.into(), source: "osv".into() }],
            ..Vulnerability::default()
        };
        let score = ExploitScore { cve: "CVE-2024-1".into(), score: 0.5, percentile: 0.9 };
        let exploited = KnownExploited {
            cve: "CVE-2024-1".into(),
            name: "A flaw".into(),
            date_added: NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
            due_date: None,
            is_used_by_ransomware: false,
        };
        finding(&installed, &layer, &found, &vulnerability, Some(&score), Some(&exploited))
    }

    #[test]
    fn a_finding_tells_the_package_its_severity_its_fix_and_who_brought_it() {
        let expected = serde_json::json!({
            "vulnerability": "CVE-2024-1", "aliases": ["GHSA-1"], "title": "A flaw",
            "severity": "CRITICAL", "severity_source": "osv",
            "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "cvss_score": 9.8,
            "epss": 0.5, "epss_percentile": 0.9, "known_exploited_since": "2024-01-02", "is_malware": false,
            "ecosystem": "PyPI", "package": "django", "version": "3.2", "purl": "pkg:pypi/django@3.2",
            "path": "usr/lib/python3/django.dist-info/METADATA",
            "fixed_in": "3.2.14", "state": "affected", "sources": ["osv"],
            "introduced_by": {
                "layer": 3, "diff_id": format!("sha256:{}", "07".repeat(32)), "build_step": "RUN pip install",
                "created": null
            }
        });
        assert_eq!(serde_json::to_value(found_in("django")).unwrap(), expected);
    }

    #[test]
    fn findings_come_in_one_order_the_most_urgent_first() {
        let plain = |name: &str, severity| Finding {
            known_exploited_since: None,
            severity,
            epss: None,
            fixed_in: None,
            ..found_in(name)
        };
        let expected = [
            Finding { severity: Severity::Low, ..found_in("exploited") },
            plain("critical", Severity::Critical),
            Finding { epss: Some(0.9), ..plain("high-epss", Severity::High) },
            Finding { epss: Some(0.1), fixed_in: Some("4".into()), ..plain("z-fixable", Severity::High) },
            Finding { epss: Some(0.1), ..plain("a-unfixable", Severity::High) },
            plain("a", Severity::Unknown),
            plain("b", Severity::Unknown),
        ];
        let mut sorted = expected.to_vec();
        sorted.reverse();
        sorted.sort_by(urgency);
        assert_eq!(sorted, expected);
    }
}
