//! Where the image's commands run.

use plimsoll_model::Severity;

use super::package_installs::of_commands;
use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const RELATIVE_WORK_DIRECTORY: Check = Check {
    rule: "relative-work-directory",
    references: &["DS009", "DL3000"],
    title: "The working directory is relative",
    severity: Severity::Low,
    looks_at: "`config.WorkingDir`",
    fails_when: "not absolute",
    advice: "Give WORKDIR a path from the root.",
    judge: relative,
};

pub(super) const CD_IN_RUN: Check = Check {
    rule: "cd-in-run",
    references: &["DS013", "DL3003"],
    title: "A step changes directory for itself",
    severity: Severity::Negligible,
    looks_at: "history",
    fails_when: "`RUN cd ...`",
    advice: "Use WORKDIR: a cd ends with its step.",
    judge: |check, image| of_commands(check, image, |command| (command.program() == "cd").then(|| "cd".to_owned())),
};

fn relative(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let directory = image.facts.execution.working_dir.as_str();
    let is_windows = matches!(directory.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    let is_relative = !directory.is_empty() && !directory.starts_with('/') && !is_windows;
    check.outcome(is_relative.then(|| check.observe_config("config.WorkingDir", quote(directory))))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_steps, assert_verdicts};

    #[test]
    fn the_working_directory_is_absolute() {
        let directory =
            |text: &str| Sample::execution(ExecutionConfig { working_dir: text.into(), ..Default::default() });
        assert_verdicts(
            "relative-work-directory",
            vec![
                ("relative", directory("app"), "app"),
                ("dot", directory("./"), "./"),
                ("absolute", directory("/app"), "passed"),
                ("windows", directory("C:\\app"), "passed"),
                ("not set", directory(""), "passed"),
            ],
        );
    }

    #[test]
    fn steps_do_not_change_directory() {
        assert_steps(
            "cd-in-run",
            &[
                ("RUN /bin/sh -c cd /app && make", "cd"),
                ("RUN /bin/sh -c cd /app && make; cd /x", "cd"),
                ("RUN /bin/sh -c make -C /app", "passed"),
                ("RUN /bin/sh -c echo cd", "passed"),
            ],
        );
    }
}
