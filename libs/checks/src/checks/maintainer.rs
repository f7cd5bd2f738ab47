//! The deprecated `MAINTAINER`.

use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const MAINTAINER: Check = Check {
    rule: "maintainer",
    references: &["DS022", "DL4000"],
    title: "The deprecated MAINTAINER is set",
    severity: Severity::Negligible,
    looks_at: "`author`",
    fails_when: "set",
    advice: "Use the label org.opencontainers.image.authors.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let author = image.facts.execution.author.as_deref().filter(|author| !author.trim().is_empty());
    check.outcome(author.map(|author| check.observe_config("author", quote(author))))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    #[test]
    fn an_author_is_a_label() {
        let author = |author: Option<&str>| {
            Sample::execution(ExecutionConfig { author: author.map(ToOwned::to_owned), ..Default::default() })
        };
        assert_verdicts(
            "maintainer",
            vec![
                ("set", author(Some("me\n<me@example.com>")), "me\\n<me@example.com>"),
                ("blank", author(Some(" ")), "passed"),
                ("not set", author(None), "passed"),
            ],
        );
    }
}
