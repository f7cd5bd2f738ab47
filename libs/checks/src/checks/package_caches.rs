//! What package managers left behind.

use plimsoll_model::{FileFactKind, LeftoverCache, Observation, Place, Severity};

use crate::check::{Check, CheckOutcome, Image, size};

pub(super) const PACKAGE_CACHES: Check = Check {
    rule: "package-caches",
    references: &["DS015", "DS019", "DS025", "DL3009", "DL3018", "DL3032", "DL3042"],
    title: "A package manager's cache is left in the image",
    severity: Severity::Low,
    looks_at: "files",
    fails_when: "content in apt's, apk's, yum's, dnf's, zypper's, pacman's, pip's, npm's or yarn's cache",
    advice: "Clean up in the step that installs (a later step's rm saves nothing), or give the cache a mount of its own.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let Some(files) = image.facts.files else { return CheckOutcome::NotJudged("the image's files were not read") };
    check.outcome(files.iter().filter_map(|fact| {
        let FileFactKind::Leftover { cache, bytes } = &fact.kind else { return None };
        // One that a later layer deletes again is still pulled with the image.
        let later = if fact.removed_in.is_some() { ", deleted by a later layer but still in the image" } else { "" };
        (*bytes > 0).then(|| Observation {
            layer: Some(fact.layer),
            removed_in: fact.removed_in,
            ..check.observe(Place::file(fact.path.as_str()), format!("{} of {}{later}", size(*bytes), name(*cache)))
        })
    }))
}

const fn name(cache: LeftoverCache) -> &'static str {
    match cache {
        LeftoverCache::AptLists => "apt's package lists",
        LeftoverCache::AptArchives => "apt's cache",
        LeftoverCache::Apk => "apk's cache",
        LeftoverCache::Yum => "yum's cache",
        LeftoverCache::Dnf => "dnf's cache",
        LeftoverCache::Zypper => "zypper's cache",
        LeftoverCache::Pacman => "pacman's cache",
        LeftoverCache::Pip => "pip's cache",
        LeftoverCache::Npm => "npm's cache",
        LeftoverCache::Yarn => "yarn's cache",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, assert_verdicts, file};

    #[test]
    fn leftovers_are_named_with_their_size() {
        let leftover =
            |bytes| file("var/lib/apt/lists", 1, FileFactKind::Leftover { cache: LeftoverCache::AptLists, bytes });
        let removed = plimsoll_model::FileFact { removed_in: Some(2), ..leftover(2048) };
        assert_eq!(Sample::files(vec![removed.clone()]).observations("package-caches")[0].removed_in, Some(2));
        assert_verdicts(
            "package-caches",
            vec![
                ("some", Sample::files(vec![leftover(19_083_755)]), "18.1 MiB of apt's package lists"),
                (
                    "deleted too late",
                    Sample::files(vec![removed]),
                    "2.0 KiB of apt's package lists, deleted by a later layer but still in the image",
                ),
                ("no content", Sample::files(vec![leftover(0)]), "passed"),
                ("none", Sample::default(), "passed"),
                ("not read", Sample { files: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
