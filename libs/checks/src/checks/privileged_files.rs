//! Files that run with more rights than whoever starts them.

use plimsoll_model::{FileFact, FileFactKind, Observation, Place, Severity};

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const SETUID_FILES: Check = Check {
    rule: "setuid-files",
    references: &["CIS-DI-4.8"],
    title: "A file runs as its owner or group",
    severity: Severity::Medium,
    looks_at: "file modes",
    fails_when: "04000 or 02000 on a file of a layer of yours",
    advice: "Take the bits off with chmod a-s, or leave the file out.",
    judge: |check, image| setuid(check, image, false),
};

pub(super) const BASE_SETUID_FILES: Check = Check {
    rule: "base-setuid-files",
    references: &["CIS-DI-4.8"],
    title: "A file of the base image runs as its owner or group",
    severity: Severity::Low,
    looks_at: "file modes",
    fails_when: "04000 or 02000 on a file of the base image, where that is known",
    advice: "Take the bits off in a step (find / -xdev -perm /6000 -exec chmod a-s {} +), or build on a smaller base.",
    judge: |check, image| setuid(check, image, true),
};

pub(super) const FILE_CAPABILITIES: Check = Check {
    rule: "file-capabilities",
    references: &[],
    title: "A file runs with capabilities of its own",
    severity: Severity::Medium,
    looks_at: "`security.capability`",
    fails_when: "any; high for those that are as good as root",
    advice: "Take them off with setcap -r, and give the container the capability if it needs it.",
    judge: capabilities,
};

/// With each of them a process can make itself root.
const AS_GOOD_AS_ROOT: &[&str] = &[
    "cap_sys_admin",
    "cap_setuid",
    "cap_setgid",
    "cap_sys_module",
    "cap_sys_ptrace",
    "cap_sys_rawio",
    "cap_dac_override",
    "cap_setfcap",
];

fn setuid(check: &Check, image: &Image<'_>, of_base: bool) -> CheckOutcome {
    let base_layers = image.facts.base_layers;
    if of_base && base_layers.is_none() {
        return CheckOutcome::NotJudged("the base image is not known; its files are counted as yours");
    }
    on_files(check, image, |fact| {
        let is_of_base = base_layers.is_some_and(|count| fact.layer < count);
        let evidence = match fact.kind {
            FileFactKind::SetUid => "mode 04000 (setuid)",
            FileFactKind::SetGid => "mode 02000 (setgid)",
            _ => return None,
        };
        (is_of_base == of_base).then(|| (check.severity, evidence.to_owned()))
    })
}

fn capabilities(check: &Check, image: &Image<'_>) -> CheckOutcome {
    on_files(check, image, |fact| {
        let FileFactKind::Capabilities { names } = &fact.kind else { return None };
        let is_root = names.iter().any(|name| AS_GOOD_AS_ROOT.contains(&name.as_str()));
        let severity = if is_root { Severity::High } else { check.severity };
        (!names.is_empty()).then(|| (severity, quote(&names.join(", "))))
    })
}

/// What the files of the topmost layer's view show: what was deleted again does not run.
pub(super) fn on_files(
    check: &Check,
    image: &Image<'_>,
    judged: impl Fn(&FileFact) -> Option<(Severity, String)>,
) -> CheckOutcome {
    let Some(files) = image.facts.files else { return CheckOutcome::NotJudged("the image's files were not read") };
    check.outcome(files.iter().filter(|fact| fact.removed_in.is_none()).filter_map(|fact| {
        let (severity, evidence) = judged(fact)?;
        Some(Observation {
            severity,
            layer: Some(fact.layer),
            ..check.observe(Place::file(fact.path.as_str()), evidence)
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::MOST_OBSERVATIONS,
        sample::{Sample, assert_verdicts, file, severities},
    };

    fn files() -> Vec<FileFact> {
        let removed = FileFact { removed_in: Some(2), ..file("usr/bin/gone", 1, FileFactKind::SetUid) };
        vec![file("usr/bin/su", 0, FileFactKind::SetUid), file("usr/bin/wall", 1, FileFactKind::SetGid), removed]
    }

    #[test]
    fn files_of_the_base_are_listed_apart() {
        let with_base = |base_layers| Sample { base_layers, ..Sample::files(files()) };
        assert_verdicts(
            "setuid-files",
            vec![
                ("base unknown", with_base(None), "mode 04000 (setuid) | mode 02000 (setgid)"),
                ("base known", with_base(Some(1)), "mode 02000 (setgid)"),
                ("all of the base", with_base(Some(2)), "passed"),
                ("none", Sample::default(), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
        assert_verdicts(
            "base-setuid-files",
            vec![
                ("base unknown", with_base(None), "not judged"),
                ("base known", with_base(Some(1)), "mode 04000 (setuid)"),
                ("no base", with_base(Some(0)), "passed"),
                ("not read", Sample { files: None, base_layers: Some(1), ..Sample::default() }, "not judged"),
            ],
        );
        let observations = with_base(None).observations("setuid-files");
        assert_eq!((&observations[0].place, observations[0].layer), (&Place::file("usr/bin/su"), Some(0)));
    }

    #[test]
    fn a_thousand_files_are_counted_not_listed() {
        let many = (0..1_000).map(|n| file(&format!("f{n}"), 0, FileFactKind::SetUid)).collect();
        let observations = Sample::files(many).observations("setuid-files");
        assert_eq!(observations.len(), MOST_OBSERVATIONS + 1);
        assert_eq!(observations[MOST_OBSERVATIONS].evidence, "and 900 more");
    }

    #[test]
    fn some_capabilities_are_as_good_as_root() {
        let with = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Sample::files(vec![file("usr/bin/x", 0, FileFactKind::Capabilities { names })])
        };
        assert_verdicts(
            "file-capabilities",
            vec![
                ("one", with(&["cap_net_raw"]), "cap_net_raw"),
                ("two", with(&["cap_net_raw", "cap_sys_admin"]), "cap_net_raw, cap_sys_admin"),
                ("none", with(&[]), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
        assert_eq!(severities(&with(&["cap_net_raw"]), "file-capabilities"), [Severity::Medium]);
        assert_eq!(severities(&with(&["cap_net_raw", "cap_sys_admin"]), "file-capabilities"), [Severity::High]);
    }
}
