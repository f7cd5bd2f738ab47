//! Whether the runtime can tell that the image's service is well.

use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image};

pub(super) const HEALTHCHECK: Check = Check {
    rule: "healthcheck",
    references: &["CIS-DI-4.6", "DS026"],
    title: "The image has no health check",
    severity: Severity::Low,
    looks_at: "`config.Healthcheck`",
    fails_when: "absent, or `NONE`",
    advice: "Add HEALTHCHECK with a command that fails when the service does not answer.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let evidence = match image.facts.execution.healthcheck.as_deref() {
        None | Some([]) => "none is set",
        Some([test, ..]) if test == "NONE" => "it is switched off (NONE)",
        Some(_) => return CheckOutcome::Passed,
    };
    check.outcome([check.observe_config("config.Healthcheck", evidence)])
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    #[test]
    fn a_health_check_must_be_there_and_on() {
        let with = |test: Option<&[&str]>| {
            let healthcheck = test.map(|test| test.iter().map(|word| (*word).to_owned()).collect());
            Sample::execution(ExecutionConfig { healthcheck, ..Default::default() })
        };
        assert_verdicts(
            "healthcheck",
            vec![
                ("none", with(None), "none is set"),
                ("empty", with(Some(&[])), "none is set"),
                ("off", with(Some(&["NONE"])), "it is switched off (NONE)"),
                ("command", with(Some(&["CMD", "/up"])), "passed"),
                ("shell", with(Some(&["CMD-SHELL", "curl -f localhost"])), "passed"),
            ],
        );
    }
}
