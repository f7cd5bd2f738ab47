//! Accounts that anyone enters, and accounts that are root by another name.

use plimsoll_model::{FileFactKind, Severity};

use super::privileged_files::on_files;
use crate::check::{Check, quote};

pub(super) const EMPTY_PASSWORD: Check = Check {
    rule: "empty-password",
    references: &[],
    title: "An account has no password",
    severity: Severity::Critical,
    looks_at: "`etc/shadow`, `etc/passwd`",
    fails_when: "an empty password field",
    advice: "Lock the account with passwd -l, or remove it.",
    judge: |check, image| {
        on_files(check, image, |fact| match &fact.kind {
            FileFactKind::EmptyPassword { account } => {
                Some((check.severity, format!("{} has an empty password field", quote(account))))
            }
            _ => None,
        })
    },
};

pub(super) const SECOND_ROOT: Check = Check {
    rule: "second-root",
    references: &[],
    title: "A second account is root",
    severity: Severity::Critical,
    looks_at: "`etc/passwd`",
    fails_when: "two accounts with user id 0",
    advice: "Remove the account, or give it a user id of its own.",
    judge: |check, image| {
        on_files(check, image, |fact| match &fact.kind {
            FileFactKind::ExtraRoot { account } => Some((check.severity, format!("{} has user id 0", quote(account)))),
            _ => None,
        })
    },
};

#[cfg(test)]
mod tests {
    use plimsoll_model::FileFact;

    use super::*;
    use crate::sample::{Sample, assert_verdicts, file};

    #[test]
    fn no_account_is_open() {
        let empty = || file("etc/shadow", 0, FileFactKind::EmptyPassword { account: "root".into() });
        assert_verdicts(
            "empty-password",
            vec![
                ("one", Sample::files(vec![empty()]), "root has an empty password field"),
                ("replaced later", Sample::files(vec![FileFact { removed_in: Some(1), ..empty() }]), "passed"),
                ("none", Sample::default(), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
    }

    #[test]
    fn there_is_one_root() {
        let extra = file("etc/passwd", 0, FileFactKind::ExtraRoot { account: "toor".into() });
        let account = file("etc/passwd", 0, FileFactKind::Account { account: "root".into(), uid: 0 });
        assert_verdicts(
            "second-root",
            vec![
                ("a second", Sample::files(vec![account.clone(), extra]), "toor has user id 0"),
                ("root alone", Sample::files(vec![account]), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
