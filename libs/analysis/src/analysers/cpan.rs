//! Perl distributions that were installed from CPAN: what cpanm notes of each, `.meta/NAME-VERSION/install.json`, and what `make install` appends to
//! `perllocal.pod`, whoever ran it.
//!
//! In: the JSON document. Out: the distribution, by its own name and version; those of the modules in it may differ.
//! In: the POD document. Out: the distribution that is called as the module that it names, once for each folder into which it was installed, as it
//! was installed last. `.packlist` files, which every installer writes, have no version.
//! Source: App::cpanminus, `save_meta`; ExtUtils::Command::MM, `perllocal_install`.

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{Analyser, File, Malformed, Observations, path};

/// Reads what was installed from CPAN.
pub struct Cpan;

impl Analyser for Cpan {
    fn name(&self) -> &'static str {
        "cpan"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/install.json", "**/perllocal.pod"]
    }

    fn wants(&self, path: &str) -> bool {
        is_log(path) || path.rsplit('/').nth(2) == Some(".meta")
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if is_log(file.path) {
            read_log(file.bytes, seen);
            return Ok(());
        }
        let installed: Installed = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not a note of an installation: {error}")))?;
        let (name, version) =
            name_and_version(&installed.dist).ok_or_else(|| Malformed::new("a distribution without a version"))?;
        seen.package(Package::new(PackageType::Cpan, name, version));
        Ok(())
    }
}

fn is_log(path: &str) -> bool {
    path::file_name(path) == "perllocal.pod"
}

/// One installation of the log.
struct Entry<'a> {
    line: usize,
    module: &'a str,
    folder: &'a str,
    version: &'a str,
}

/// Reads `perllocal.pod`. It is only ever appended to: of several installations of a module into a folder, the last one is there.
fn read_log(bytes: &[u8], seen: &mut Observations<'_>) {
    let text = String::from_utf8_lossy(bytes);
    let mut installed = BTreeMap::new();
    let mut current: Option<Entry<'_>> = None;
    let mut keep = |entry: Entry<'_>, seen: &mut Observations<'_>| {
        if matches!(entry.version, "" | "undef") {
            return seen.malformed(Malformed::at(entry.line, "a module without a version"));
        }
        installed.insert((entry.module.replace("::", "-"), entry.folder.to_owned()), entry.version.to_owned());
    };
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("=head") {
            current.take().into_iter().for_each(|entry| keep(entry, seen));
            current = module(line).map(|module| Entry { line: number, module, folder: "", version: "" });
        } else if let (Some(entry), Some((name, value))) = (&mut current, field(line)) {
            match name {
                "installed into" => entry.folder = value,
                "VERSION" => entry.version = value,
                _ => {}
            }
        }
    }
    current.into_iter().for_each(|entry| keep(entry, seen));
    for ((name, _), version) in installed {
        seen.package(Package::new(PackageType::Cpan, name, version));
    }
}

/// The module of `=head2 Sun Jul 26 18:04:12 2026: C<Module> L<Net::HTTP|Net::HTTP>`.
fn module(heading: &str) -> Option<&str> {
    let (_, link) = heading.split_once(": C<Module> L<")?;
    link.split(['|', '>']).next()
}

/// The parts of `C<VERSION: 6.24>`.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("C<")?.trim_end().strip_suffix('>')?.split_once(':')?;
    Some((name, value.trim()))
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
    fn what_make_installed_is_found_as_it_was_installed_last() {
        let entry = |module: &str, folder: &str, version: &str| {
            format!(
                "=head2 Sun Jul 26 18:04:12 2026: C<Module> L<{module}|{module}>\n\n=over 4\n\n=item *\n\n\
                 C<installed into: {folder}>\n\n=item *\n\nC<LINKTYPE: dynamic>\n\n=item *\n\nC<VERSION: {version}>\n\n=item *\n\n\
                 C<EXE_FILES: bin/a bin/b>\n\n=back\n\n"
            )
        };
        let site = "/usr/local/lib/perl5/site_perl/5.40.4";
        let twice =
            entry("Net::HTTP", site, "6.22") + &entry("Try::Tiny", site, "0.31") + &entry("Net::HTTP", site, "v6.24.0");
        let elsewhere = entry("A::B::C", site, "1.10") + &entry("A::B::C", "/opt/app/lib/perl5", "1.2");
        let cases: [(String, &[&str], usize); 9] = [
            (entry("JSON", site, "4.10"), &["JSON@4.10"], 0),
            (entry("JSON", site, "4.10").replace('\n', "\r\n"), &["JSON@4.10"], 0),
            (twice, &["Net-HTTP@v6.24.0", "Try-Tiny@0.31"], 0),
            (elsewhere, &["A-B-C@1.10", "A-B-C@1.2"], 0),
            (entry("A", site, "") + &entry("B", site, "undef") + &entry("C", site, "1"), &["C@1"], 2),
            (
                format!("=head2 x: C<Module> L<A|A>\n\n=head1 NAME\n\nC<VERSION: 1>\n{}", entry("C", site, "1")),
                &["C@1"],
                1,
            ),
            ("C<VERSION: 1>\n=head2 x: C<Program> L<a|a>\nC<VERSION: 1>\n".to_owned(), &[], 0),
            (entry("", site, "1") + &entry(&"x".repeat(9000), site, "1"), &[], 2),
            (String::new(), &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&Cpan, "usr/lib/perl5/5.40.4/x86_64-linux/perllocal.pod", text.as_bytes());
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
