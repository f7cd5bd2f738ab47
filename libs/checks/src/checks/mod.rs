//! The list of checks. One file each, or a few that look at the same thing.

use crate::Check;

mod add_instruction;
mod base_tag;
mod created;
mod entry_point;
mod healthcheck;
mod layers;
mod maintainer;
mod package_caches;
mod package_installs;
mod passwords;
mod policies;
mod ports;
mod privileged_files;
mod secrets;
mod sensitive_files;
mod sudo;
mod unneeded_packages;
mod unverified_packages;
mod user;
mod volumes;
mod work_directory;
mod world_writable;

/// Every check, the CIS Docker Benchmark's section 4 first. To add one, see the README: its file, its line here, its row.
pub fn all() -> &'static [&'static Check] {
    &[
        &user::ROOT_USER,
        &policies::BASE_IMAGE_TRUSTED,
        &unneeded_packages::UNNEEDED_PACKAGES,
        &policies::REBUILT,
        &policies::CONTENT_TRUST,
        &healthcheck::HEALTHCHECK,
        &package_installs::UPDATE_ALONE,
        &privileged_files::SETUID_FILES,
        &privileged_files::BASE_SETUID_FILES,
        &add_instruction::ADD_INSTRUCTION,
        &secrets::SECRETS,
        &unverified_packages::UNVERIFIED_PACKAGES,
        &base_tag::MUTABLE_BASE_TAG,
        &ports::PORT_22,
        &ports::PORT_OUT_OF_RANGE,
        &work_directory::RELATIVE_WORK_DIRECTORY,
        &sudo::SUDO,
        &work_directory::CD_IN_RUN,
        &unneeded_packages::WGET_AND_CURL,
        &package_caches::PACKAGE_CACHES,
        &package_installs::DIST_UPGRADE,
        &package_installs::INTERACTIVE_INSTALL,
        &maintainer::MAINTAINER,
        &package_installs::RECOMMENDED_PACKAGES,
        &entry_point::SHELL_FORM,
        &world_writable::WORLD_WRITABLE,
        &privileged_files::FILE_CAPABILITIES,
        &passwords::EMPTY_PASSWORD,
        &passwords::SECOND_ROOT,
        &sensitive_files::SENSITIVE_FILES,
        &volumes::SENSITIVE_VOLUMES,
        &entry_point::STOP_SIGNAL,
        &layers::TOO_MANY_LAYERS,
        &layers::HIDDEN_BYTES,
        &created::CREATED_DATE,
    ]
}

/// What is told of the base image's files apart, where the base is known only after the image was judged: the rule by which they count as yours,
/// and the check that they then are of.
pub const OF_THE_BASE: (&str, &Check) = (privileged_files::SETUID_FILES.rule, &privileged_files::BASE_SETUID_FILES);

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn every_check_that_is_written_is_in_the_list_once() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks");
        let mut written = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            written += text
                .lines()
                .filter(|line| line.starts_with("pub(super) const ") && line.contains(": Check = "))
                .count();
        }
        let rules: BTreeSet<_> = all().iter().map(|check| check.rule).collect();
        assert_eq!((rules.len(), all().len()), (written, written));
    }

    #[test]
    fn the_readme_table_is_the_list() {
        let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
        let rows: Vec<_> = readme.lines().filter(|line| line.starts_with("| `")).map(ToOwned::to_owned).collect();
        let expected: Vec<_> = all()
            .iter()
            .map(|check| {
                let (references, severity) = (check.references.join(", "), check.severity.as_str().to_lowercase());
                format!(
                    "| `{}` | {references} | {} | {} | {severity} |",
                    check.rule,
                    check.looks_at,
                    check.fails_when.replace('|', "\\|")
                )
            })
            .collect();
        assert_eq!(rows, expected, "\n{}\n", expected.join("\n"));
    }

    #[test]
    fn rules_are_short_names_and_section_4_is_whole() {
        for check in all() {
            assert!(
                check.rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{}",
                check.rule
            );
        }
        let references: BTreeSet<_> = all().iter().flat_map(|check| check.references).copied().collect();
        for number in 1..=11 {
            assert!(references.contains(format!("CIS-DI-4.{number}").as_str()), "{number}");
        }
    }
}
