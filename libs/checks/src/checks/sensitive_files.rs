//! Files that hardly belong into an image.

use plimsoll_model::{FileFactKind, Observation, Place, SensitivePath, Severity};

use crate::check::{Check, CheckOutcome, Image};

pub(super) const SENSITIVE_FILES: Check = Check {
    rule: "sensitive-files",
    references: &[],
    title: "A file does not belong into an image",
    severity: Severity::High,
    looks_at: "paths",
    fails_when: "private keys, `.git`, `.env`, `.npmrc`, `.pypirc`, `.aws/credentials`, `.docker/config.json`, `.kube/config`, `.netrc`, shell histories with content",
    advice: "Leave it out by .dockerignore, and take what was in it for known to everyone who has the image.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let Some(files) = image.facts.files else { return CheckOutcome::NotJudged("the image's files were not read") };
    check.outcome(files.iter().filter_map(|fact| {
        let FileFactKind::SensitivePath { what } = &fact.kind else { return None };
        // Whoever pulls the image has what a later layer deletes.
        let later = if fact.removed_in.is_some() { ", deleted by a later layer but still in the image" } else { "" };
        Some(Observation {
            layer: Some(fact.layer),
            removed_in: fact.removed_in,
            ..check.observe(Place::file(fact.path.as_str()), format!("{}{later}", name(*what)))
        })
    }))
}

const fn name(what: SensitivePath) -> &'static str {
    match what {
        SensitivePath::PrivateKey => "a private key",
        SensitivePath::GitRepository => "a Git repository",
        SensitivePath::DotEnv => "settings of an environment",
        SensitivePath::NpmConfig => "npm's settings",
        SensitivePath::PypiConfig => "credentials for uploading to PyPI",
        SensitivePath::AwsCredentials => "AWS credentials",
        SensitivePath::DockerConfig => "credentials of registries",
        SensitivePath::KubeConfig => "credentials of clusters",
        SensitivePath::HostPasswords => "passwords by host",
        SensitivePath::ShellHistory => "what somebody typed",
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::FileFact;

    use super::*;
    use crate::sample::{Sample, assert_verdicts, file};

    #[test]
    fn what_is_deleted_later_is_still_there() {
        let key = || file("root/.ssh/id_rsa", 1, FileFactKind::SensitivePath { what: SensitivePath::PrivateKey });
        let removed = FileFact { removed_in: Some(3), ..key() };
        let observation = &Sample::files(vec![removed.clone()]).observations("sensitive-files")[0];
        assert_eq!((observation.layer, observation.removed_in), (Some(1), Some(3)));
        assert_verdicts(
            "sensitive-files",
            vec![
                ("a key", Sample::files(vec![key()]), "a private key"),
                (
                    "deleted",
                    Sample::files(vec![removed]),
                    "a private key, deleted by a later layer but still in the image",
                ),
                ("none", Sample::default(), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
