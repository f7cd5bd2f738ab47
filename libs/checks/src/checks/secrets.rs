//! Secrets in the image, as the benchmark counts them. What they are, their own observations say.

use std::collections::BTreeMap;

use plimsoll_model::{Observation, Place, Severity};

use crate::check::{Check, CheckOutcome, Image};

pub(super) const SECRETS: Check = Check {
    rule: "secrets",
    references: &["CIS-DI-4.10", "DS031"],
    title: "The image holds secrets",
    severity: Severity::Critical,
    looks_at: "`config.Env`, `Entrypoint`, `Cmd`, `Healthcheck`, labels, history, files",
    fails_when: "a rule for secrets matches",
    advice: "Revoke the secrets, take them out of the build, and hand them over when the container starts.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let Some(secrets) = image.facts.secrets else { return CheckOutcome::NotJudged("secrets were not looked for") };
    let Some(severity) = secrets.iter().map(|secret| secret.severity).max() else { return CheckOutcome::Passed };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for secret in secrets {
        *counts.entry(place(&secret.place)).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(place, count)| format!("{count} {place}"));
    let evidence = counts.collect::<Vec<_>>().join(", ");
    check.outcome([Observation { severity, ..check.observe(Place::Image, evidence) }])
}

const fn place(place: &Place) -> &'static str {
    match place {
        Place::File { .. } => "in files",
        Place::Environment { .. } => "in the environment",
        Place::Label { .. } => "in labels",
        Place::History { .. } => "in the build history",
        Place::Config { .. } | Place::Image => "elsewhere in the config",
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ObservationKind;

    use super::*;
    use crate::sample::{Sample, assert_verdicts};

    fn secret(place: Place, severity: Severity) -> Observation {
        Observation { kind: ObservationKind::Secret, severity, ..SECRETS.observe(place, "AKIA****") }
    }

    #[test]
    fn secrets_that_others_found_are_counted() {
        let environment = || Place::Environment { name: "TOKEN".into() };
        let found = vec![
            secret(Place::file("a"), Severity::Low),
            secret(Place::file("b"), Severity::High),
            secret(environment(), Severity::Medium),
        ];
        let with = |secrets| Sample { secrets, ..Sample::default() };
        assert_eq!(with(Some(found.clone())).observations("secrets")[0].severity, Severity::High);
        assert_verdicts(
            "secrets",
            vec![
                ("some", with(Some(found)), "2 in files, 1 in the environment"),
                ("none", with(Some(vec![])), "passed"),
                ("not looked for", with(None), "not judged"),
            ],
        );
    }
}
