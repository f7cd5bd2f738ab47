//! Names that say that dependencies are for developing only: of their groups, and of the files that list them.

/// Whether a group or file of this name lists what is needed for developing, testing or documenting only.
pub(super) fn is_for_developing(name: &str) -> bool {
    ["dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "doc"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_count() {
        for (name, expected) in [("dev", true), ("Tests", true), ("device", false), ("main", false), ("", false)] {
            assert_eq!(is_for_developing(name), expected, "{name}");
        }
    }
}
