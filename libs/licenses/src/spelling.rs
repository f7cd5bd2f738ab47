//! One licence, however it is spelled, as an SPDX identifier.

use std::{collections::HashMap, sync::LazyLock};

use crate::gnu;

/// What people write, as [`key`] makes it, and the expression that it means. Names of SPDX's own list need no row.
const SPELLINGS: &[(&str, &str)] = &[
    ("2-clause bsd", "BSD-2-Clause"),
    ("3-clause bsd", "BSD-3-Clause"),
    ("apache 1.1", "Apache-1.1"),
    ("apache 2", "Apache-2.0"),
    ("apache-2", "Apache-2.0"),
    ("apache-2-llvm-exceptions", "Apache-2.0 WITH LLVM-exception"),
    ("apache2", "Apache-2.0"),
    ("apache2.0", "Apache-2.0"),
    ("asl 2", "Apache-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("asl-2.0", "Apache-2.0"),
    ("asl2.0", "Apache-2.0"),
    ("artistic", "Artistic-1.0-Perl"),
    ("artistic 2", "Artistic-2.0"),
    ("artistic-1", "Artistic-1.0-Perl"),
    ("artistic-2", "Artistic-2.0"),
    ("boost", "BSL-1.0"),
    ("boost 1.0", "BSL-1.0"),
    ("boost-1.0", "BSL-1.0"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("bsd-2", "BSD-2-Clause"),
    ("bsd-3", "BSD-3-Clause"),
    ("bsd-4", "BSD-4-Clause"),
    ("bsd2", "BSD-2-Clause"),
    ("bsd3", "BSD-3-Clause"),
    ("cc0", "CC0-1.0"),
    ("cc0 1.0", "CC0-1.0"),
    ("cc0 1.0 universal", "CC0-1.0"),
    ("eclipse distribution 1.0", "BSD-3-Clause"),
    ("edl 1.0", "BSD-3-Clause"),
    ("edl-1", "BSD-3-Clause"),
    ("epl 1.0", "EPL-1.0"),
    ("epl 2.0", "EPL-2.0"),
    ("expat", "MIT"),
    ("freebsd", "BSD-2-Clause"),
    ("gpl2 w/ cpe", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("gpl-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("gpl-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"),
    ("gpl-2.0-with-bison-exception", "GPL-2.0-only WITH Bison-exception-2.2"),
    ("gpl-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"),
    ("gpl-2.0-with-gcc-exception", "GPL-2.0-only WITH GCC-exception-2.0"),
    ("gpl-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"),
    ("gpl-3.0-with-gcc-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
    ("iscl", "ISC"),
    ("mit x11", "MIT"),
    ("mit-license", "MIT"),
    ("mit/expat", "MIT"),
    ("mit/x11", "MIT"),
    ("modified bsd", "BSD-3-Clause"),
    ("mozilla public 2", "MPL-2.0"),
    ("mpl 1.1", "MPL-1.1"),
    ("mpl 2", "MPL-2.0"),
    ("mpl 2.0", "MPL-2.0"),
    ("mpl-2", "MPL-2.0"),
    ("mpl2", "MPL-2.0"),
    ("mpl2.0", "MPL-2.0"),
    ("mplv1.0", "MPL-1.0"),
    ("mplv1.1", "MPL-1.1"),
    ("mplv2", "MPL-2.0"),
    ("mplv2.0", "MPL-2.0"),
    ("new bsd", "BSD-3-Clause"),
    ("ofl", "OFL-1.1"),
    ("perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("perl 5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("perl_5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("php 3.01", "PHP-3.01"),
    ("psf", "PSF-2.0"),
    ("psf-2", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("python foundation", "PSF-2.0"),
    ("revised bsd", "BSD-3-Clause"),
    ("same terms as perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("simplified bsd", "BSD-2-Clause"),
    ("sil ofl 1.1", "OFL-1.1"),
    ("x11/mit", "MIT"),
    ("zlib/libpng", "Zlib"),
    ("zpl 2.1", "ZPL-2.1"),
];

/// Exceptions, as people write them after `with`.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("autoconf exception", "Autoconf-exception-generic"),
    ("bison exception", "Bison-exception-2.2"),
    ("classpath exception", "Classpath-exception-2.0"),
    ("cpe", "Classpath-exception-2.0"),
    ("font exception", "Font-exception-2.0"),
    ("gcc exception", "GCC-exception-3.1"),
    ("gcc runtime library exception", "GCC-exception-3.1"),
    ("libtool exception", "Libtool-exception"),
    ("llvm exception", "LLVM-exception"),
    ("llvm exceptions", "LLVM-exception"),
];

/// Words that say nothing.
const FILLERS: &[&str] = &["the", "license", "licence", "licenses", "version", "software", "-", "v", "v."];

/// Hosts whose addresses end in an identifier.
const ADDRESSES: &[&str] =
    &["licenses.nuget.org/", "spdx.org/licenses/", "opensource.org/licenses/", "opensource.org/license/"];

/// What every key means: spellings count over identifiers, and those over names.
static LIST: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut list = HashMap::new();
    let current = || spdx::identifiers::LICENSES.iter().filter(|license| !is_deprecated_gnu(license));
    for license in current() {
        // Some names stand for two licences once fillers are gone; the first is the list's older one.
        list.entry(key(license.full_name)).or_insert(license.name);
    }
    for license in current() {
        list.insert(license.name.to_ascii_lowercase(), license.name);
    }
    list.extend(SPELLINGS.iter().map(|(spelling, expression)| ((*spelling).to_owned(), *expression)));
    list
});

/// `GPL-2.0` and `GPL-2.0+`, which the list has only for old documents.
fn is_deprecated_gnu(license: &spdx::License) -> bool {
    spdx::license_id(license.name).is_some_and(|id| id.is_gnu() && id.is_deprecated())
}

/// The expression that one licence's name means, or `None` where it is not known or may be several.
pub(crate) fn expression_of(stated: &str) -> Option<String> {
    if let Some(reference) = reference(stated) {
        return Some(reference);
    }
    let lower = stated.trim().trim_end_matches('.').to_ascii_lowercase();
    let key = key(&lower);
    // `The MIT License (MIT)`, `... v2 or later (GPLv2+)`, `... (MPL 2.0)`.
    let is_abbreviation = |rest: &str| rest.ends_with(')') && rest.matches(' ').count() < 2;
    let bare = key.split_once(" (").filter(|(_, rest)| is_abbreviation(rest)).map(|(name, _)| name);
    // `CC BY-SA 4.0`.
    let hyphened = key.replace(' ', "-");
    [Some(lower.as_str()), Some(key.as_str()), bare, Some(hyphened.as_str())].into_iter().flatten().find_map(known)
}

/// The identifier of an exception: `Classpath exception`, `Linux-syscall-note exception`, `texinfo-exception`.
pub(crate) fn exception_of(stated: &str) -> Option<String> {
    let lower = stated.trim().to_ascii_lowercase();
    if let Some((_, identifier)) = EXCEPTIONS.iter().find(|(name, _)| *name == lower) {
        return Some((*identifier).to_owned());
    }
    let forms = [lower.replace(' ', "-"), lower.trim_end_matches(" exception").to_owned()];
    let listed = spdx::identifiers::EXCEPTIONS.iter().map(|exception| exception.name);
    listed.into_iter().find(|name| forms.iter().any(|form| name.eq_ignore_ascii_case(form))).map(ToOwned::to_owned)
}

/// What an address of a licence says: `https://opensource.org/licenses/MIT`.
pub(crate) fn of_address(stated: &str) -> Option<String> {
    let rest = stated.strip_prefix("https://").or_else(|| stated.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    if let Some(version) = rest.strip_prefix("apache.org/licenses/LICENSE-") {
        let version = version.trim_end_matches(".txt").trim_end_matches(".html");
        return known(&format!("apache-{version}"));
    }
    let tail = ADDRESSES.iter().find_map(|address| rest.strip_prefix(address))?;
    let tail = tail.trim_end_matches('/');
    let name = [".html", ".php", ".txt"].iter().find_map(|ending| tail.strip_suffix(ending)).unwrap_or(tail);
    Some(name.replace("%20", " "))
}

/// `LicenseRef-...`, which keeps its case; what is not SPDX's to know.
fn reference(stated: &str) -> Option<String> {
    let name = stated.strip_prefix("LicenseRef-").or_else(|| {
        stated
            .split_once(":LicenseRef-")
            .filter(|(document, _)| document.starts_with("DocumentRef-"))
            .map(|(_, name)| name)
    })?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    is_name.then(|| stated.to_owned())
}

fn known(key: &str) -> Option<String> {
    // `Apache-1.1+`; GNU's own `+` is an identifier.
    let later = || {
        let identifier = LIST.get(key.strip_suffix('+')?)?;
        let is_plain = spdx::license_id(identifier).is_some_and(|id| !id.is_gnu());
        is_plain.then(|| format!("{identifier}+"))
    };
    gnu::identifier(key).or_else(|| LIST.get(key).map(|expression| (*expression).to_owned())).or_else(later)
}

/// A name without what says nothing: lower case, no quotes and commas, no fillers, `v2` as `2`.
fn key(name: &str) -> String {
    let plain = name.to_ascii_lowercase().replace([',', '"', '\'', '`'], " ");
    let words = plain.split_whitespace().filter(|word| !FILLERS.contains(word));
    let words = words.map(|word| match word.strip_prefix('v') {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => number,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_means_what_the_list_has() {
        for (spelling, expression) in SPELLINGS {
            assert!(spdx::Expression::parse(expression).is_ok(), "{expression}");
            assert_eq!(expression_of(spelling).as_deref(), Some(*expression), "{spelling}");
        }
        for (name, identifier) in EXCEPTIONS {
            assert!(spdx::exception_id(identifier).is_some(), "{identifier}");
            assert_eq!(exception_of(name).as_deref(), Some(*identifier));
        }
    }

    #[test]
    fn every_identifier_of_the_list_is_read_as_itself() {
        for license in spdx::identifiers::LICENSES {
            let read = expression_of(&license.name.to_ascii_uppercase());
            if spdx::license_id(license.name).unwrap().is_deprecated() {
                assert!(read.is_some(), "{}", license.name);
            } else {
                assert_eq!(read.as_deref(), Some(license.name));
            }
        }
    }
}
