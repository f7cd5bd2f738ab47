//! What to do first.

use std::cmp::Ordering;

use plimsoll_model::{Finding, Severity};
use plimsoll_versions::{Scheme, compare};

use crate::escape::{escaped, shortened};

/// The upgrade of one package in one layer, or that there is none.
struct Step<'f> {
    first: &'f Finding,
    /// The lowest version that mends all that can be mended.
    target: Option<&'f str>,
    mended: Vec<&'f Finding>,
    exploited: Vec<&'f str>,
    /// By which id the package is malicious.
    malware: Option<&'f str>,
}

/// The most useful steps, at most `most`, each in words. `findings` are in the order of urgency.
pub fn first_steps(findings: &[Finding], most: usize) -> Vec<String> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for finding in findings {
        match steps.iter_mut().find(|step| is_one_upgrade(step.first, finding)) {
            Some(step) => step.add(finding),
            None => {
                let mut step =
                    Step { first: finding, target: None, mended: Vec::new(), exploited: Vec::new(), malware: None };
                step.add(finding);
                steps.push(step);
            }
        }
    }
    // What is malicious, then in the order of each one's most urgent finding. What cannot be mended is worth a word only if it is exploited.
    steps.sort_by_key(|step| step.malware.is_none());
    steps
        .iter()
        .filter(|step| step.target.is_some() || !step.exploited.is_empty() || step.malware.is_some())
        .take(most)
        .map(Step::words)
        .collect()
}

fn is_one_upgrade(a: &Finding, b: &Finding) -> bool {
    (&a.ecosystem, &a.package, &a.version, a.introduced_by.layer)
        == (&b.ecosystem, &b.package, &b.version, b.introduced_by.layer)
}

impl<'f> Step<'f> {
    fn add(&mut self, finding: &'f Finding) {
        if finding.known_exploited_since.is_some() && !self.exploited.contains(&finding.vulnerability.as_str()) {
            self.exploited.push(&finding.vulnerability);
        }
        if finding.is_malware {
            self.malware.get_or_insert(&finding.vulnerability);
        }
        let Some(fix) = finding.fixed_in.as_deref() else { return };
        let is_higher = |target: &str| {
            let scheme = Scheme::for_ecosystem(&finding.ecosystem);
            scheme.and_then(|scheme| compare(scheme, fix, target).ok()) == Some(Ordering::Greater)
        };
        if self.target.is_none_or(is_higher) {
            self.target = Some(fix);
        }
        self.mended.push(finding);
    }

    fn words(&self) -> String {
        let (package, version) = (shortened(&self.first.package, 60), shortened(&self.first.version, 40));
        let mut words = match (self.malware, self.target) {
            (Some(id), _) => {
                let id = shortened(id, 40);
                format!(
                    "Remove {package} {version}, and replace every secret that it could read: it is malicious ({id})"
                )
            }
            (None, Some(target)) => {
                format!("Upgrade {package} {version} to {}: {}", shortened(target, 40), self.what_it_mends())
            }
            (None, None) => format!("Remove or isolate {package} {version}: there is no fix"),
        };
        if !self.exploited.is_empty() {
            let ids: Vec<_> = self.exploited.iter().take(3).map(|id| escaped(id)).collect();
            words.push_str(&format!("; known to be exploited: {}", ids.join(", ")));
        }
        let by = &self.first.introduced_by;
        match by.build_step.as_deref().filter(|step| !step.is_empty()) {
            Some(step) => words.push_str(&format!(". Layer {}: {}", by.layer, shortened(step, 60))),
            None => words.push('.'),
        }
        words
    }

    fn what_it_mends(&self) -> String {
        let count = self.mended.len();
        let mut words = if count == 1 { "mends 1 finding".to_owned() } else { format!("mends {count} findings") };
        let worst: Vec<String> = [Severity::Critical, Severity::High]
            .into_iter()
            .map(|severity| (severity, self.mended.iter().filter(|finding| finding.severity == severity).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {}", severity.as_str().to_lowercase()))
            .collect();
        if !worst.is_empty() {
            words.push_str(&format!(" ({})", worst.join(", ")));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::finding;

    #[test]
    fn one_upgrade_mends_all_that_it_can() {
        let mut exploited = finding("django", "CVE-2024-1", Severity::High, Some("3.2.14"));
        exploited.known_exploited_since = "2024-01-02".parse().ok();
        let mut stuck = finding("left-pad", "CVE-2024-9", Severity::Low, None);
        stuck.known_exploited_since = "2024-01-02".parse().ok();
        let findings = [
            exploited,
            stuck,
            finding("django", "CVE-2024-2", Severity::Critical, Some("3.2.5")),
            finding("perl", "CVE-2024-3", Severity::Critical, None),
            finding("django", "CVE-2024-4", Severity::Low, None),
            finding("urllib3", "CVE-2024-5", Severity::Low, Some("1.26.19")),
        ];
        assert_eq!(
            first_steps(&findings, 9),
            [
                "Upgrade django 3.2 to 3.2.14: mends 2 findings (1 critical, 1 high); known to be exploited: CVE-2024-1. Layer 1: RUN pip install django",
                "Remove or isolate left-pad 3.2: there is no fix; known to be exploited: CVE-2024-9. Layer 1: RUN pip install django",
                "Upgrade urllib3 3.2 to 1.26.19: mends 1 finding. Layer 1: RUN pip install django",
            ]
        );
        assert_eq!(first_steps(&findings, 1).len(), 1);
        let mut malicious = finding("evil", "MAL-2025-1", Severity::Critical, Some("9.9"));
        malicious.is_malware = true;
        assert_eq!(
            first_steps(&[findings[0].clone(), malicious], 1),
            [
                "Remove evil 3.2, and replace every secret that it could read: it is malicious (MAL-2025-1). Layer 1: RUN pip install django"
            ]
        );
        assert!(first_steps(&[], 3).is_empty());
    }
}
