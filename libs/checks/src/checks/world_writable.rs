//! Files that any account may change.

use plimsoll_model::{FileFactKind, Severity};

use super::privileged_files::on_files;
use crate::check::{Check, CheckOutcome, Image};

pub(super) const WORLD_WRITABLE: Check = Check {
    rule: "world-writable",
    references: &[],
    title: "Any account may change a file",
    severity: Severity::Medium,
    looks_at: "file modes",
    fails_when: "0002 on a file, or on a directory without the sticky bit, outside /tmp, /var/tmp and /dev/shm",
    advice: "Take the bit off with chmod o-w, or give the file to the account that writes it.",
    judge,
};

const TEMPORARY: &[&str] = &["tmp", "var/tmp", "dev/shm"];

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    on_files(check, image, |fact| {
        let is_temporary = TEMPORARY
            .iter()
            .any(|folder| fact.path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        (fact.kind == FileFactKind::WorldWritable && !is_temporary).then(|| (check.severity, "mode 0002".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, assert_verdicts, file};

    #[test]
    fn only_temporary_folders_are_everybodys() {
        let writable = |path: &str| Sample::files(vec![file(path, 0, FileFactKind::WorldWritable)]);
        assert_verdicts(
            "world-writable",
            vec![
                ("a file", writable("etc/passwd"), "mode 0002"),
                ("like a temporary folder", writable("tmpfiles/x"), "mode 0002"),
                ("deep", writable("srv/tmp/x"), "mode 0002"),
                ("temporary", writable("tmp/x"), "passed"),
                ("temporary itself", writable("var/tmp"), "passed"),
                ("shared memory", writable("dev/shm/x"), "passed"),
                ("another fact", Sample::files(vec![file("a", 0, FileFactKind::SetGid)]), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
