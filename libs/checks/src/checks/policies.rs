//! Checks that only an organization's policy can answer. They are in the list so that a report on the benchmark names them.

use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image};

pub(super) const BASE_IMAGE_TRUSTED: Check = Check {
    rule: "base-image-trusted",
    references: &["CIS-DI-4.2"],
    title: "The base image is not one of the organization's trusted ones",
    severity: Severity::Negligible,
    looks_at: "the base image, policy",
    fails_when: "the base is not in the list of allowed ones",
    advice: "Build on a base image that your organization allows.",
    judge: |_, _| CheckOutcome::NotJudged("no policy says which base images are allowed"),
};

pub(super) const REBUILT: Check = Check {
    rule: "rebuilt",
    references: &["CIS-DI-4.4"],
    title: "The image was not rebuilt although fixes wait",
    severity: Severity::Medium,
    looks_at: "`created`, fixable findings, policy",
    fails_when: "older than the policy allows with fixes waiting",
    advice: "Rebuild the image on an up-to-date base.",
    judge: rebuilt,
};

pub(super) const CONTENT_TRUST: Check = Check {
    rule: "content-trust",
    references: &["CIS-DI-4.5"],
    title: "The image is not signed",
    severity: Severity::Negligible,
    looks_at: "signatures, policy",
    fails_when: "unsigned where a policy asks for it",
    advice: "Sign the image when it is built.",
    judge: |_, _| CheckOutcome::NotJudged("no policy asks for signatures"),
};

fn rebuilt(_: &Check, image: &Image<'_>) -> CheckOutcome {
    CheckOutcome::NotJudged(match image.facts.execution.created {
        Some(_) => "no policy says how old an image may be while fixes wait",
        None => "the image does not say when it was made",
    })
}

#[cfg(test)]
mod tests {
    use crate::sample::Sample;

    #[test]
    fn without_a_policy_they_are_not_judged() {
        for rule in ["base-image-trusted", "rebuilt", "content-trust"] {
            assert_eq!(Sample::default().verdict(rule), "not judged");
        }
    }
}
