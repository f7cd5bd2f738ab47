//! Whom the image runs as.

use plimsoll_model::{FileFactKind, Severity};

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const ROOT_USER: Check = Check {
    rule: "root-user",
    references: &["CIS-DI-4.1", "DS002", "DL3002"],
    title: "The image runs as root",
    severity: Severity::High,
    looks_at: "`config.User`, `etc/passwd`",
    fails_when: "empty, `0`, `root`, or a name that passwd maps to 0",
    advice: "Make an account in the build and end it with USER and that account's name or number.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let user = image.facts.execution.user.trim();
    let name = user.split(':').next().unwrap_or_default();
    let failed = |evidence: String| check.outcome([check.observe_config("config.User", evidence)]);
    if name.is_empty() {
        return failed("no user is set, which means root".into());
    }
    if name == "root" || name.parse() == Ok(0u64) {
        return failed(format!("the user is {}", quote(user)));
    }
    if name.parse::<u64>().is_ok() {
        return CheckOutcome::Passed;
    }
    let Some(files) = image.facts.files else {
        return CheckOutcome::NotJudged("the user is a name, and the image's etc/passwd was not read");
    };
    let uid = files.iter().filter(|fact| fact.removed_in.is_none()).filter_map(|fact| match &fact.kind {
        FileFactKind::Account { account, uid } if account == name => Some((fact.layer, *uid)),
        _ => None,
    });
    match uid.max_by_key(|(layer, _)| *layer) {
        Some((_, 0)) => failed(format!("the user is {}, whose user id is 0", quote(name))),
        _ => CheckOutcome::Passed,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use super::*;
    use crate::sample::{Sample, assert_verdicts, file};

    fn user(user: &str) -> Sample {
        let account = |account: &str, uid| FileFactKind::Account { account: account.into(), uid };
        let files = vec![
            file("etc/passwd", 0, account("root", 0)),
            file("etc/passwd", 0, account("toor", 0)),
            file("etc/passwd", 0, account("app", 0)),
            file("etc/passwd", 2, account("app", 1000)),
        ];
        let execution = ExecutionConfig { user: user.into(), ..Default::default() };
        Sample { execution, ..Sample::files(files) }
    }

    #[test]
    fn root_is_root_by_whatever_name() {
        assert_verdicts(
            "root-user",
            vec![
                ("nothing", user(""), "no user is set, which means root"),
                ("only a group", user(":app"), "no user is set, which means root"),
                ("zero", user("0"), "the user is 0"),
                ("zeros", user("000:0"), "the user is 000:0"),
                ("by name", user("root:root"), "the user is root:root"),
                ("by another name", user("toor"), "the user is toor, whose user id is 0"),
                ("a number", user("1000"), "passed"),
                ("root's group alone", user("1000:0"), "passed"),
                ("a later layer's passwd counts", user("app"), "passed"),
                ("unknown", user("nobody"), "passed"),
                ("a name, no files", Sample { files: None, ..user("app") }, "not judged"),
                ("a number, no files", Sample { files: None, ..user("1000") }, "passed"),
            ],
        );
    }
}
