//! Versions as NVD writes them, as the programs write them.

use crate::programs::Numbering;

/// A version with what NVD keeps apart as its update.
pub fn written(numbering: Numbering, version: &str, update: Option<&str>) -> String {
    match (numbering, update) {
        (Numbering::Java, _) => java(version, update),
        (Numbering::Common, Some(update)) => format!("{version}-{update}"),
        (Numbering::Common, None) => version.to_owned(),
    }
}

/// The least version that comes after this one: ranges begin *with* a version. No maker gives a version this name; it orders as meant, as a
/// word comes after the version that it follows, and before the next letter, number or word.
pub fn above(version: &str) -> String {
    format!("{version}.a")
}

/// As a JDK calls itself: `1.8.0_292`, which NVD writes `1.8.0` or `8` with the update `update_292`, `update292` or `292`. From 9 on there is
/// nothing to tell.
fn java(version: &str, update: Option<&str>) -> String {
    let is_feature = |text: &str| matches!(text.as_bytes(), [b'1'..=b'8']);
    let version = match version.split('.').collect::<Vec<_>>().as_slice() {
        [feature] | ["1", feature] if is_feature(feature) => format!("1.{feature}.0"),
        _ => version.to_owned(),
    };
    let Some(update) = update else { return version };
    let number = update.strip_prefix("update").unwrap_or(update).trim_start_matches('_');
    // A build may follow: `update_20_b26`.
    let number = number.split('_').next().unwrap_or_default();
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{version}_{number}")
    } else {
        format!("{version}-{update}")
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use plimsoll_versions::{Scheme, compare};

    use super::*;

    #[test]
    fn versions_are_written_as_programs_write_theirs() {
        for (numbering, version, update, expected) in [
            (Numbering::Common, "1.0.2", Some("beta1"), "1.0.2-beta1"),
            (Numbering::Common, "1.0.2", None, "1.0.2"),
            (Numbering::Java, "1.8.0", Some("update_292"), "1.8.0_292"),
            (Numbering::Java, "1.8.0", Some("update292"), "1.8.0_292"),
            (Numbering::Java, "8", Some("update_20_b26"), "1.8.0_20"),
            (Numbering::Java, "1.6", Some("22"), "1.6.0_22"),
            (Numbering::Java, "7", None, "1.7.0"),
            (Numbering::Java, "1.8.0_402", None, "1.8.0_402"),
            (Numbering::Java, "8.0.402", None, "8.0.402"),
            (Numbering::Java, "1.9", None, "1.9"),
            (Numbering::Java, "9", None, "9"),
            (Numbering::Java, "17", Some("ea"), "17-ea"),
            (Numbering::Java, "17.0.10", None, "17.0.10"),
        ] {
            assert_eq!(written(numbering, version, update), expected, "{version} {update:?}");
        }
    }

    #[test]
    fn what_comes_after_a_version_is_above_it_and_no_later_than_its_next() {
        for (version, next) in [
            ("14.0.0", "14.0.0.1"),
            ("14.0.0", "14.0.1"),
            ("1.1.1g", "1.1.1h"),
            ("1.1.1", "1.1.1a"),
            ("1.0-rc", "1.0-rc1"),
            ("1.0-rc1", "1.0-rc2"),
            ("1.8.0_291", "1.8.0_292"),
        ] {
            let after = above(version);
            assert_eq!(compare(Scheme::Generic, version, &after), Ok(Ordering::Less), "{version}");
            assert_ne!(compare(Scheme::Generic, &after, next), Ok(Ordering::Greater), "{version} {next}");
        }
    }
}
