//! How single values are read.

use std::time::Duration;

use plimsoll_model::Severity;

/// A feed of malware rules or hashes, or one document of it, by its name.
pub fn malware_feed(text: &str) -> Result<String, String> {
    let mut names = vec!["none".to_owned()];
    for feed in plimsoll_advisories::feeds::all().iter().filter(|feed| !feed.kind.has_records()) {
        names.push(feed.name.to_owned());
        names.extend(
            feed.documents().iter().map(|document| crate::scan::malware::kept::called(&document.path).to_owned()),
        );
    }
    let known = names.join(", ");
    names.into_iter().find(|name| name == text).ok_or_else(|| format!("there are {known}"))
}

/// An ecosystem by OSV's name for it.
pub fn ecosystem(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_one = plimsoll_advisories::feeds::osv::is_ecosystem(name);
    is_one.then(|| name.to_owned()).ok_or_else(|| "it is not how OSV names one, as `PyPI` or `Rocky Linux`".into())
}

/// A severity, by its name.
pub fn severity(text: &str) -> Result<Severity, String> {
    let known = || Severity::ALL.iter().map(|severity| severity.as_str().to_lowercase()).collect::<Vec<_>>().join(", ");
    let found = Severity::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("there are {}", known()))
}

/// A time, `90s`, `15m` or `2h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return Err("a time is a number with s, m or h".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "a time is a number with s, m or h".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if seconds > 0 && seconds <= 7 * 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err("a time is a second at least and a week at most".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_severities_are_read() {
        let cases = [
            ("90s", Some(90)),
            ("90", Some(90)),
            ("15m", Some(900)),
            ("2h", Some(7200)),
            ("0", None),
            ("1d", None),
            ("", None),
            ("-1s", None),
            ("9999999999999999999h", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(duration(text).ok().map(|time| time.as_secs()), seconds, "{text}");
        }
        assert_eq!(severity("high"), Ok(Severity::High));
        assert!(severity("severe").unwrap_err().contains("critical, high"));
    }
}
