//! The module streams that an advisory of an RPM distribution is about. OSV has no field for them; the advisory's title names them.
//!
//! In: `nodejs:18 security update`, `python39:3.9 and python39-devel:3.9 security update`. Of 723 advisories of AlmaLinux on builds of modules 708 do.

use plimsoll_model::Affected;

use crate::matching::is_built_in_module;

/// The streams that a title names, `nodejs:18`.
pub(super) fn streams(title: &str) -> Vec<&str> {
    let words = title.split(|c: char| c.is_whitespace() || c == ',').filter_map(|word| {
        let (module, stream) = word.split_once(':')?;
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
        };
        (is_name(module) && is_name(stream)).then_some(word)
    });
    words.collect()
}

/// What is said of a package, once for each of the streams where its builds are of a module.
pub(super) fn of_each_stream(affected: Affected, streams: &[&str]) -> Vec<Affected> {
    let is_of_module =
        affected.ranges.iter().flat_map(|range| &range.events).any(|event| is_built_in_module(event.version()));
    if !is_of_module || streams.is_empty() {
        return vec![affected];
    }
    let of = |stream: &&str| Affected { module: Some((*stream).to_owned()), ..affected.clone() };
    streams.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{AffectedState, Range};

    use super::*;

    #[test]
    fn a_title_names_its_streams() {
        for (title, expected) in [
            ("nodejs:18 security update", vec!["nodejs:18"]),
            ("Important: ruby:3.3 security update", vec!["ruby:3.3"]),
            ("python39:3.9 and python39-devel:3.9 security update", vec!["python39:3.9", "python39-devel:3.9"]),
            ("virt:rhel, virt-devel:rhel bug fix update", vec!["virt:rhel", "virt-devel:rhel"]),
            ("idm:DL1 bug fix update", vec!["idm:DL1"]),
            ("kernel security update", vec![]),
            ("Moderate: see https://example.org/a:b", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(streams(title), expected, "{title}");
        }
    }

    #[test]
    fn builds_of_a_module_are_said_of_each_stream() {
        let affected = |fixed: &str| Affected {
            ecosystem: "AlmaLinux:8".parse().unwrap(),
            package: "nodejs".into(),
            state: AffectedState::Affected,
            ranges: vec![Range::until(fixed)],
            versions: vec![],
            severity: None,
            module: None,
        };
        let modules = |fixed: &str, streams: &[&str]| -> Vec<Option<String>> {
            of_each_stream(affected(fixed), streams).into_iter().map(|affected| affected.module).collect()
        };
        let build = "1:18.14.2-3.module_el8.7.0+3510+1";
        assert_eq!(modules(build, &["nodejs:18", "a:b"]), [Some("nodejs:18".into()), Some("a:b".into())]);
        assert_eq!(modules(build, &[]), [None]);
        assert_eq!(modules("1:18.14.2-3.el8", &["nodejs:18"]), [None]);
    }
}
