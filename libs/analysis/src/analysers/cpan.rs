//! Perl distributions that cpanm installed, `.meta/NAME-VERSION/install.json`.
//!
//! In: the JSON document. Out: the distribution, by its own name and version; those of the modules in it may differ. `.packlist` files, which every
//! installer writes, have no version.
//! Source: App::cpanminus, `save_meta`.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{Analyser, File, Malformed, Observations};

/// Reads what cpanm installed.
pub struct Cpan;

impl Analyser for Cpan {
    fn name(&self) -> &'static str {
        "cpan"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/install.json"]
    }

    fn wants(&self, path: &str) -> bool {
        path.rsplit('/').nth(2) == Some(".meta")
    }

    fn max_bytes(&self) -> usize {
        1 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let installed: Installed = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not a note of an installation: {error}")))?;
        let (name, version) =
            name_and_version(&installed.dist).ok_or_else(|| Malformed::new("a distribution without a version"))?;
        seen.package(Package::new(PackageType::Cpan, name, version));
        Ok(())
    }
}

#[derive(Deserialize)]
struct Installed {
    dist: String,
}

/// The parts of `NAME-VERSION`. Both may have hyphens; versions begin with a number, perhaps after a `v`.
fn name_and_version(distribution: &str) -> Option<(&str, &str)> {
    let begins_a_version =
        |text: &str| text.strip_prefix('v').unwrap_or(text).starts_with(|first: char| first.is_ascii_digit());
    let hyphens = distribution.rmatch_indices('-').map(|(at, _)| distribution.split_at(at));
    let mut parts = hyphens.filter_map(|(name, version)| Some((name, version.strip_prefix('-')?)));
    parts.find(|(name, version)| !name.is_empty() && begins_a_version(version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn distributions_are_found_by_their_own_name() {
        let cases: [(&str, &[&str], usize); 8] = [
            (
                r#"{"dist":"Moose-2.2011","name":"Moose","pathname":"E/ET/ETHER/Moose-2.2011.tar.gz","provides":{"Class::MOP":{"version":"2.2011"}},
                "target":"Moose","version":"2.2011"}"#,
                &["Moose@2.2011"],
                0,
            ),
            (r#"{"dist":"libwww-perl-6.67","name":"LWP","version":"6.67"}"#, &["libwww-perl@6.67"], 0),
            (r#"{"dist":"Crypt-X509-v0.5.1"}"#, &["Crypt-X509@v0.5.1"], 0),
            (r#"{"dist":"Try-Tiny-0.31-TRIAL"}"#, &["Try-Tiny@0.31-TRIAL"], 0),
            (r#"{"dist":"nothing"}"#, &[], 1),
            (r#"{"dist":"-1"}"#, &[], 1),
            ("{}", &[], 1),
            ("", &[], 1),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(
                &Cpan,
                "usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux/.meta/X-1/install.json",
                text.as_bytes(),
            );
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }

    #[test]
    fn other_files_of_the_name_are_not_wanted() {
        assert!(!Cpan.wants("app/install.json"));
        assert!(!Cpan.wants("install.json"));
    }
}
