//! The GNU licences, which everybody spells in a way of their own: `GPLv2+`, `GPL-2`, `LGPL 2.1 or later`, `GNU General Public License v3`.

/// Names, and the family that SPDX identifiers begin with. Longer ones first.
const FAMILIES: &[(&str, &str)] = &[
    ("gnu affero general public", "AGPL"),
    ("affero general public", "AGPL"),
    ("gnu lesser general public", "LGPL"),
    ("gnu library or lesser general public", "LGPL"),
    ("gnu library general public", "LGPL"),
    ("lesser general public", "LGPL"),
    ("gnu general public", "GPL"),
    ("general public", "GPL"),
    ("gnu free documentation", "GFDL"),
    ("gnu agpl", "AGPL"),
    ("gnu lgpl", "LGPL"),
    ("gnu gpl", "GPL"),
    ("gfdl-niv", "GFDL-niv"),
    ("agpl", "AGPL"),
    ("lgpl", "LGPL"),
    ("gfdl", "GFDL"),
    ("gpl", "GPL"),
];

/// Versions that exist, by family.
const VERSIONS: &[(&str, &[&str])] = &[
    ("AGPL", &["1.0", "3.0"]),
    ("LGPL", &["2.0", "2.1", "3.0"]),
    ("GPL", &["1.0", "2.0", "3.0"]),
    ("GFDL", &["1.1", "1.2", "1.3"]),
    ("GFDL-niv", &["1.1", "1.2", "1.3"]),
];

/// The SPDX identifier. `key` is in lower case, without `license` and `version`. A name without a version may be any: only `GPL+` says so.
pub(crate) fn identifier(key: &str) -> Option<String> {
    let (name, family) = FAMILIES.iter().find(|(name, _)| key.starts_with(name))?;
    let rest = key
        .get(name.len()..)?
        .trim_start_matches([' ', '-', '_'])
        .trim_start_matches("v.")
        .trim_start_matches('v')
        .trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let (number, rest) = rest.split_at_checked(end)?;
    let or_later = match rest.trim().trim_start_matches('-').trim_end_matches('.') {
        "" | "only" => false,
        "+" | "or later" | "or-later" | "or newer" => true,
        _ => return None,
    };
    if number.is_empty() && or_later {
        return (*family == "GPL").then(|| "GPL-1.0-or-later".to_owned());
    }
    let number = if number.contains('.') { number.to_owned() } else { format!("{number}.0") };
    let (_, versions) = VERSIONS.iter().find(|(name, _)| name == family)?;
    let version = versions.iter().find(|version| **version == number)?;
    let suffix = if or_later { "or-later" } else { "only" };
    Some(match *family {
        "GFDL-niv" => format!("GFDL-{version}-no-invariants-{suffix}"),
        family => format!("{family}-{version}-{suffix}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_gnu_licence_is_read() {
        #[rustfmt::skip]
        let table = [
            ("gpl-2.0", "GPL-2.0-only"), ("gpl-2.0+", "GPL-2.0-or-later"), ("gplv2", "GPL-2.0-only"), ("gplv2+", "GPL-2.0-or-later"),
            ("gpl2", "GPL-2.0-only"), ("gpl v3", "GPL-3.0-only"), ("gpl 3 or later", "GPL-3.0-or-later"), ("gpl+", "GPL-1.0-or-later"),
            ("lgplv2+", "LGPL-2.0-or-later"), ("lgpl-2.1", "LGPL-2.1-only"), ("lgpl 2.1 or-later", "LGPL-2.1-or-later"),
            ("agpl-3", "AGPL-3.0-only"), ("agplv3.0", "AGPL-3.0-only"), ("gfdl-1.3+", "GFDL-1.3-or-later"),
            ("gnu general public 2", "GPL-2.0-only"), ("gnu lesser general public 2.1 or later", "LGPL-2.1-or-later"),
            ("gnu gpl v2", "GPL-2.0-only"), ("gpl-3.0-only", "GPL-3.0-only"), ("gpl-3.0-or-later", "GPL-3.0-or-later"),
        ];
        for (key, expected) in table {
            let found = identifier(key);
            assert_eq!(found.as_deref(), Some(expected), "{key}");
            assert!(spdx::license_id(expected).is_some(), "{expected}");
        }
        for not in [
            "gpl",
            "lgpl",
            "lgpl+",
            "gpl-4",
            "gpl2.5",
            "gplv2 with exceptions",
            "gpl-compatible",
            "lgpl2.1.1",
            "mit",
            "",
            "gpl é",
        ] {
            assert_eq!(identifier(not), None, "{not}");
        }
    }

    #[test]
    fn every_version_that_is_named_exists() {
        for (family, versions) in VERSIONS {
            for version in *versions {
                for suffix in ["", "+"] {
                    let found = identifier(&format!("{}-{version}{suffix}", family.to_lowercase())).unwrap();
                    assert!(spdx::license_id(&found).is_some(), "{found}");
                }
            }
        }
    }
}
