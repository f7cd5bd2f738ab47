//! The ids in a fix as Alpine's maintainers write it, by hand.

/// The CVEs that a text names, however written; where it names none, the first other id in it; sorted, each once.
pub fn named(text: &str) -> Vec<String> {
    let mut cves: Vec<String> = text.match_indices("CVE").filter_map(|(start, _)| cve_at(text.get(start..)?)).collect();
    cves.sort();
    cves.dedup();
    if cves.is_empty() {
        cves.extend(text.split_whitespace().find(|word| is_id(word)).map(str::to_owned));
    }
    cves
}

/// `CVE-2019-2426` from a text that begins so, or with `CVE 2019-2426` or `CVE_2019-2426`. What follows the number
/// (`.patch`, `-1`) is not part of it.
fn cve_at(text: &str) -> Option<String> {
    let rest = text.strip_prefix("CVE")?.strip_prefix(['-', '_', ' '])?;
    let (year, rest) = rest.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest.get(..digits)?;
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    (is_year && !number.is_empty() && number.len() <= 10).then(|| format!("CVE-{year}-{number}"))
}

/// Databases whose ids need not end with a number.
const DATABASES: [&str; 2] = ["GHSA-", "CGA-"];

/// Whether a word looks like an id: letters, then a number after a hyphen (`XSA-254`, `wnpa-sec-2017-18`), or an id of GitHub's or
/// Chainguard's.
fn is_id(word: &str) -> bool {
    let starts_with_letter = word.starts_with(|c: char| c.is_ascii_alphabetic());
    let ends_with_number =
        word.rsplit_once('-').is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()));
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_of_database =
        DATABASES.into_iter().any(|database| word.strip_prefix(database).is_some_and(|rest| !rest.is_empty()));
    starts_with_letter && (ends_with_number || is_of_database) && is_plain && !word.starts_with("CVE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_what_maintainers_wrote() {
        for (text, expected) in [
            ("CVE-2019-1", &["CVE-2019-1"][..]),
            ("CVE-2019-1 XSA-2", &["CVE-2019-1"]),
            ("CVE-2018-3620   XSA-273", &["CVE-2018-3620"]),
            (
                "CVE-2017-5753 CVE-2017-5715 CVE-2017-5754 XSA-254 XPTI",
                &["CVE-2017-5715", "CVE-2017-5753", "CVE-2017-5754"],
            ),
            ("CVE 2018-16859", &["CVE-2018-16859"]),
            ("CVE_2019-2426", &["CVE-2019-2426"]),
            ("CVE-2017-17434-1", &["CVE-2017-17434"]),
            ("CVE-2019-19451.patch", &["CVE-2019-19451"]),
            ("CVE-2018-10103 (SMB - partially fixed, but SMB printing disabled)", &["CVE-2018-10103"]),
            ("CVE-????-?????  XSA-284", &["XSA-284"]),
            ("XSA-254", &["XSA-254"]),
            ("wnpa-sec-2017-18", &["wnpa-sec-2017-18"]),
            ("ZBX-11023", &["ZBX-11023"]),
            ("GHSA-vvjp-q62m-2vph", &["GHSA-vvjp-q62m-2vph"]),
            ("CGA-224q-ccj5-2p5x", &["CGA-224q-ccj5-2p5x"]),
            ("GHSA-", &[]),
            ("", &[]),
            ("(+ regression fix)", &[]),
            ("CVE", &[]),
            ("CVE-2019", &[]),
            ("CVE-2019-é", &[]),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }
}
