//! By which name the base image was taken.

use plimsoll_model::{Place, Severity};

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const MUTABLE_BASE_TAG: Check = Check {
    rule: "mutable-base-tag",
    references: &["DS001", "DL3006", "DL3007"],
    title: "The base image's tag moves",
    severity: Severity::Low,
    looks_at: "`org.opencontainers.image.base.name`",
    fails_when: "the tag is `latest`, or there is none",
    advice: "Name the base by its version, better by its digest.",
    judge,
};

/// OCI image specification 1.1, `annotations.md`.
const LABEL: &str = "org.opencontainers.image.base.name";

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let name = image.facts.execution.labels.get(LABEL).map(|name| name.trim()).filter(|name| !name.is_empty());
    let Some(name) = name else { return CheckOutcome::NotJudged("the image does not say which base it was built on") };
    // A colon before the last slash is a port's.
    let last = name.rsplit('/').next().unwrap_or(name);
    let moves = match last.split_once(':') {
        _ if name.contains('@') || name == "scratch" => false,
        Some((_, tag)) => tag == "latest",
        None => true,
    };
    check.outcome(
        moves.then(|| check.observe(Place::Label { name: LABEL.to_owned() }, format!("the base is {}", quote(name)))),
    )
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use super::*;
    use crate::sample::{Sample, assert_verdicts};

    #[test]
    fn a_base_is_named_by_what_does_not_move() {
        let base = |name: &str| {
            let labels = [(LABEL.to_owned(), name.to_owned())].into();
            Sample::execution(ExecutionConfig { labels, ..Default::default() })
        };
        assert_verdicts(
            "mutable-base-tag",
            vec![
                ("latest", base("docker.io/library/debian:latest"), "the base is docker.io/library/debian:latest"),
                ("no tag", base("debian"), "the base is debian"),
                ("a port and no tag", base("registry:5000/debian"), "the base is registry:5000/debian"),
                ("a version", base("debian:12"), "passed"),
                ("a port and a version", base("registry:5000/debian:12"), "passed"),
                ("a digest", base("debian@sha256:0123"), "passed"),
                ("latest with a digest", base("debian:latest@sha256:0123"), "passed"),
                ("scratch", base("scratch"), "passed"),
                ("not said", Sample::default(), "not judged"),
                ("empty", base(" "), "not judged"),
            ],
        );
    }
}
