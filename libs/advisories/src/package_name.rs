//! The names that packages are looked up by.

use plimsoll_model::Ecosystem;

/// The name that advisories and packages of an ecosystem meet under: PyPI's normalised by PEP 503, others' as written.
pub fn advisory_name(ecosystem: &Ecosystem, name: String) -> String {
    if ecosystem.name() != "PyPI" {
        return name;
    }
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_package_are_one_name() {
        for (ecosystem, name, expected) in [
            ("PyPI", "Django_REST.-framework", "django-rest-framework"),
            ("PyPI", "urllib3", "urllib3"),
            ("npm", "@Scope/Name", "@Scope/Name"),
            ("Debian:12", "Some.Package", "Some.Package"),
        ] {
            assert_eq!(advisory_name(&ecosystem.parse().unwrap(), name.into()), expected);
        }
    }
}
