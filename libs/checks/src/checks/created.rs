//! When the image was made, as it says.

use chrono::Duration;
use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image};

pub(super) const CREATED_DATE: Check = Check {
    rule: "created-date",
    references: &[],
    title: "The image does not say when it was made",
    severity: Severity::Negligible,
    looks_at: "`created`",
    fails_when: "missing, in the future, or before there were images (builds that can be reproduced say 1970 or 1980)",
    advice: "Set SOURCE_DATE_EPOCH to the time of the last change.",
    judge,
};

/// Docker's first release, 2013-03-20, in seconds since 1970.
const FIRST_IMAGE: i64 = 1_363_737_600;
/// Clocks of build machines differ.
const CLOCKS_DIFFER: Duration = Duration::days(1);

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let evidence = match image.facts.execution.created {
        None => "no date".to_owned(),
        Some(created) if created.timestamp() < FIRST_IMAGE => {
            format!("{} is before there were images", created.date_naive())
        }
        Some(created) if created > image.facts.now + CLOCKS_DIFFER => {
            format!("{} is in the future", created.date_naive())
        }
        Some(_) => return CheckOutcome::Passed,
    };
    check.outcome([check.observe_config("created", evidence)])
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    #[test]
    fn the_date_is_one_that_can_be() {
        let created =
            |text: &str| Sample::execution(ExecutionConfig { created: text.parse().ok(), ..Default::default() });
        assert_verdicts(
            "created-date",
            vec![
                ("missing", created(""), "no date"),
                ("epoch", created("1970-01-01T00:00:00Z"), "1970-01-01 is before there were images"),
                ("future", created("2027-01-01T00:00:00Z"), "2027-01-01 is in the future"),
                ("a clock ahead", created("2026-11-25T18:00:00Z"), "passed"),
                ("last year", created("2025-03-04T05:06:07Z"), "passed"),
            ],
        );
    }
}
