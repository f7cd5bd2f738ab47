//! Debian's security advisories: the lists of DSAs, DLAs and DTSAs in the security tracker's repository, `data/DSA/list` and so on.
//!
//! They tell of releases that the tracker's document ([`debian`](super::debian)) no longer names (wheezy, jessie, stretch, ...).
//! Of a package and vulnerability in a release that both speak of, the tracker's word counts alone: see `src/matching.rs`.
//!
//! In: entries, newest first. Their CVEs are no aliases of one another. What is in parentheses is a remark.
//! ```text
//! [05 Aug 2002] DSA-140 libpng - buffer overflow
//!         {CVE-2002-0660 CVE-2002-0728}
//!         [woody] - libpng 1.0.12-3.woody.2
//!         [woody] - libpng3 <not-affected> (Vulnerable code not present)
//!         NOTE: a remark
//! ```
//! Out: one advisory an (entry, CVE), its key `<entry>/<CVE>`, with one affected package a line. An entry without CVEs is a
//! vulnerability under its own id where it calls itself a security update; others, and second issues of an entry, bring new
//! versions of a package, mend what the first issue broke or tell people something: they are left out.
//! Source: the repository's `lib/python/bugs.py`, which reads them for the tracker.

use std::io::{BufRead, Read};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem, Range};

use super::admission::Intake;
use super::metered::{Limits, Meter};
use super::{DocumentBytes, Feed, FeedKind, Refusal, debian};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "debian-advisories",
    title: "Debian security advisories",
    kind: FeedKind::Advisories,
    upstream: "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master",
    upstream_path: str::to_owned,
    default_paths: || ["DSA", "DLA", "DTSA"].map(|list| format!("data/{list}/list")).to_vec(),
    later: super::none_later,
    // Lists in a repository that its team writes to all day.
    interval: super::hours(1),
    index: None,
    parser: read,
};

/// Seventy times the longest list; an entry has some KiB, the reader takes 64 KiB at a time.
const LIMITS: Limits = Limits { document_bytes: 64 << 20, record_bytes: 1 << 20 };

/// What stands among an entry's CVEs and is none: other entries and CERT's notes.
const OTHER_REFERENCES: [&str; 4] = ["DSA-", "DLA-", "DTSA-", "VU#"];

/// The most (CVE, package, release) of a list: the longest has 25,000. Without it a short list could name billions.
const MAX_STATEMENTS: usize = 2_000_000;

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let meter = Meter::new(LIMITS);
    let mut text = meter.reader(bytes);
    let mut list = List { intake, entry: None, statements_left: MAX_STATEMENTS };
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        text.read_until(b'\n', &mut line).map_err(|error| meter.refusal().unwrap_or(Refusal::Read(error)))?;
        if line.is_empty() && number > 1 {
            break;
        }
        let line = String::from_utf8_lossy(&line);
        let Some(line) = line.strip_suffix('\n') else {
            return Err(Refusal::Malformed("it is empty or ends within a line".into()));
        };
        let is_heading = !line.is_empty() && !line.starts_with("--") && !line.starts_with(char::is_whitespace);
        if is_heading {
            meter.next_record();
            list.hand_on()?;
            list.entry = Entry::headed(line);
            list.intake.statement();
        }
        match &mut list.entry {
            None if number == 1 => return Err(Refusal::Malformed("it does not begin with an advisory".into())),
            None if is_heading => list.intake.problem(format!("line {number}"), "it begins no advisory"),
            Some(entry) if !is_heading => entry.line(line.trim(), list.intake),
            _ => {}
        }
    }
    list.hand_on()
}

/// A list as it is read.
struct List<'p, 's> {
    intake: &'p mut Intake<'s>,
    /// The entry whose lines are being read; `None` before the first and where its heading was not understood.
    entry: Option<Entry>,
    statements_left: usize,
}

impl List<'_, '_> {
    /// Hands on the entry that has ended.
    fn hand_on(&mut self) -> Result<(), Refusal> {
        let Some(mut entry) = self.entry.take() else { return Ok(()) };
        if entry.cves.is_empty() && entry.is_security_update() {
            entry.cves.push(entry.id.clone());
        }
        if entry.cves.is_empty() || entry.affected.is_empty() {
            self.intake.skipped();
            return Ok(());
        }
        let statements = entry.cves.len().saturating_mul(entry.affected.len());
        self.statements_left = self
            .statements_left
            .checked_sub(statements)
            .ok_or(Refusal::PastLimit { what: "the number of fixes", limit: MAX_STATEMENTS as u64 })?;
        for id in &entry.cves {
            let advisory = entry.advisory(id, self.intake.source());
            self.intake.advisory(advisory).map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
        }
        Ok(())
    }
}

/// An advisory of Debian's.
struct Entry {
    id: String,
    title: String,
    published: Option<DateTime<Utc>>,
    cves: Vec<String>,
    affected: Vec<Affected>,
}

impl Entry {
    /// The entry that this line begins: `[29 Mar 2023] DSA-5380-1 xorg-server - security update`.
    fn headed(line: &str) -> Option<Self> {
        let (date, rest) = line.strip_prefix('[')?.split_once("] ")?;
        let (id, title) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = ["DSA-", "DLA-", "DTSA-"].into_iter().find_map(|list| id.strip_prefix(list))?;
        number.starts_with(|c: char| c.is_ascii_digit()).then(|| Self {
            id: id.to_owned(),
            title: title.trim().to_owned(),
            published: published(date),
            cves: vec![],
            affected: vec![],
        })
    }

    /// Takes a line of the entry.
    fn line(&mut self, line: &str, intake: &mut Intake<'_>) {
        if let Some(ids) = line.strip_prefix('{').and_then(|line| line.strip_suffix('}')) {
            for id in ids.split_whitespace() {
                if is_cve(id) {
                    self.cves.push(id.to_owned());
                } else if !OTHER_REFERENCES.iter().any(|prefix| id.starts_with(prefix)) {
                    intake.problem(&self.id, format!("'{id}' is no CVE"));
                }
            }
            return;
        }
        // A line without a release is of unstable, which no image names; `--` begins what the tracker passes over.
        if line.is_empty() || line.starts_with('-') || line.starts_with("NOTE:") || line.starts_with("TODO:") {
            return;
        }
        match affected(line) {
            Ok(affected) => self.affected.push(affected),
            Err(why) => intake.problem(&self.id, why),
        }
    }

    /// Whether it is the first issue of a security update.
    fn is_security_update(&self) -> bool {
        let issue = self.id.split('-').nth(2).unwrap_or("1");
        issue == "1" && self.title.ends_with("security update")
    }

    fn advisory(&self, id: &str, source: &str) -> Advisory {
        let is_own_id = id == self.id;
        Advisory {
            source: source.to_owned(),
            key: if is_own_id { id.to_owned() } else { format!("{}/{id}", self.id) },
            id: id.to_owned(),
            aliases: vec![],
            about: vec![],
            // The entry's title tells of the update, so that it is no title for a CVE.
            title: if is_own_id { self.title.clone() } else { String::new() },
            description: format!("{}: {}", self.id, self.title),
            published: self.published,
            modified: None,
            withdrawn: None,
            cvss: vec![],
            severity: None,
            cwes: vec![],
            references: vec![format!("https://security-tracker.debian.org/tracker/{}", self.id)],
            affected: self.affected.clone(),
        }
    }
}

/// `[buster] - curl 7.64.0-4+deb10u5 (a remark)`, or a state in place of the version; else why not.
fn affected(line: &str) -> Result<Affected, String> {
    let parts = || {
        let (codename, rest) = line.strip_prefix('[')?.split_once("] - ")?;
        let mut words = rest.split_whitespace();
        // Without a version it is not fixed.
        Some((codename, words.next()?, words.next().unwrap_or("<unfixed>")))
    };
    let (codename, package, version) = parts().ok_or_else(|| format!("'{line}' names no fix"))?;
    let release = debian::release(codename).ok_or_else(|| format!("the release {codename} is not known"))?;
    let (state, ranges) = match version {
        "<not-affected>" => (AffectedState::NotAffected, vec![]),
        "<unfixed>" | "<removed>" => (AffectedState::Affected, vec![Range::everything()]),
        "<end-of-life>" => (AffectedState::EndOfLife, vec![Range::everything()]),
        "<no-dsa>" | "<ignored>" | "<postponed>" => (AffectedState::WontFix, vec![Range::everything()]),
        "<undetermined>" => (AffectedState::UnderInvestigation, vec![Range::everything()]),
        unknown if unknown.starts_with('<') => return Err(format!("{codename} has the unknown state {unknown}")),
        fixed => (AffectedState::Affected, vec![Range::until(fixed)]),
    };
    Ok(Affected {
        ecosystem: Ecosystem::with_release("Debian", release),
        package: package.to_owned(),
        state,
        ranges,
        versions: vec![],
        severity: None,
        module: None,
    })
}

/// The day of `29 Mar 2023`, or of the older `August 26th, 2005`.
fn published(date: &str) -> Option<DateTime<Utc>> {
    let older = || {
        let (month, rest) = date.split_once(' ')?;
        let (day, year) = rest.split_once(", ")?;
        let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        NaiveDate::parse_from_str(&format!("{day} {month} {year}"), "%d %B %Y").ok()
    };
    let day = NaiveDate::parse_from_str(date, "%d %b %Y").ok().or_else(older)?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

fn is_cve(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| is_number(year) && is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::{ParseReport, Record};

    fn parsed(text: &[u8]) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("debian-advisories", &mut records);
        let outcome = read_stream(text, &mut intake);
        let report = intake.finish(outcome)?;
        let advisory = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(advisory).collect(), report))
    }

    const LIST: &str = "\
[29 Mar 2023] DSA-5380-1 xorg-server - security update
\t{CVE-2023-1393 CVE-2023-1394 }
\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6
\t[buster] - xwayland  <not-affected> (Vulnerable code not present)
\tNOTE: a remark
[August 26th, 2005] DTSA-1-1 kismet - various
        {CVE-2005-2626}
        [etch] - kismet 2005.08.R1-0.1etch1 (bug #1; high)
";

    #[test]
    fn each_cve_of_an_entry_is_a_vulnerability_of_its_own() {
        let (advisories, report) = parsed(LIST.as_bytes()).unwrap();
        assert_eq!((report.statements, report.records, report.skipped, report.problems), (2, 3, 0, 0));
        let keys: Vec<_> = advisories.iter().map(|advisory| (advisory.key.as_str(), advisory.id.as_str())).collect();
        assert_eq!(
            keys,
            [
                ("DSA-5380-1/CVE-2023-1393", "CVE-2023-1393"),
                ("DSA-5380-1/CVE-2023-1394", "CVE-2023-1394"),
                ("DTSA-1-1/CVE-2005-2626", "CVE-2005-2626"),
            ]
        );
        assert!(advisories.iter().all(|advisory| advisory.aliases.is_empty() && advisory.title.is_empty()));
        let [server, wayland] = advisories[1].affected.as_slice() else { panic!("{advisories:?}") };
        assert_eq!((server.ecosystem.to_string().as_str(), server.package.as_str()), ("Debian:11", "xorg-server"));
        assert_eq!(server.ranges, [Range::until("2:1.20.11-1+deb11u6")]);
        assert_eq!((wayland.ecosystem.to_string().as_str(), wayland.state), ("Debian:10", AffectedState::NotAffected));
        assert_eq!(advisories[0].description, "DSA-5380-1: xorg-server - security update");
        let days: Vec<_> = advisories.iter().map(|advisory| advisory.published.unwrap().to_rfc3339()).collect();
        assert_eq!(days[1..], ["2023-03-29T00:00:00+00:00", "2005-08-26T00:00:00+00:00"]);
        assert_eq!(advisories[2].affected[0].ranges, [Range::until("2005.08.R1-0.1etch1")], "a remark is no version");
    }

    #[test]
    fn every_state_is_kept_as_said() {
        use AffectedState::{Affected, EndOfLife, NotAffected, UnderInvestigation, WontFix};
        for (said, state, ranges) in [
            ("1.2-3", Affected, vec![Range::until("1.2-3")]),
            ("<not-affected>", NotAffected, vec![]),
            ("", Affected, vec![Range::everything()]),
            ("<unfixed>", Affected, vec![Range::everything()]),
            ("<removed>", Affected, vec![Range::everything()]),
            ("<end-of-life>", EndOfLife, vec![Range::everything()]),
            ("<no-dsa> (Minor issue)", WontFix, vec![Range::everything()]),
            ("<ignored>", WontFix, vec![Range::everything()]),
            ("<postponed>", WontFix, vec![Range::everything()]),
            ("<undetermined>", UnderInvestigation, vec![Range::everything()]),
        ] {
            let list =
                format!("[29 Mar 2023] DLA-1-1 a - update\n\t{{CVE-2023-1}}\n\t[stretch] - a {said}\n\t- a 2-1\n");
            let (advisories, report) = parsed(list.as_bytes()).unwrap();
            let [affected] = advisories[0].affected.as_slice() else { panic!("{advisories:?}") };
            assert_eq!((affected.state, &affected.ranges, report.problems), (state, &ranges, 0), "{said}");
            assert_eq!(affected.ecosystem.to_string(), "Debian:9");
        }
    }

    #[test]
    fn an_entry_without_cves_counts_where_it_is_the_first_issue_of_a_security_update() {
        let cases = [
            ("DSA-5268-1 ffmpeg - security update", Some("DSA-5268-1")),
            ("DSA-5279-2 wordpress - security update", None),
            ("DSA-2808-2 openjpeg - regression update", None),
            ("DLA-3366-1 tzdata - new timezone database", None),
            ("DLA-1393-1 wheezy-lts - end-of-life", None),
        ];
        for (heading, id) in cases {
            let list = format!("[29 Mar 2023] {heading}\n\t[wheezy] - a 1-1\n");
            let (advisories, report) = parsed(list.as_bytes()).unwrap();
            assert_eq!(advisories.first().map(|advisory| advisory.id.as_str()), id, "{heading}");
            assert_eq!((report.records + report.skipped, report.problems), (1, 0), "{heading}");
        }
    }

    #[test]
    fn what_is_not_understood_is_a_problem_with_its_place_and_the_rest_is_read() {
        let odd = "\
[29 Mar 2023] DSA-1-1 a - security update
\t{CVE-2023-1 XSA-1}
\t[hoover] - a 1-1
\t[buster] - a <maybe>
\t[buster] a 1-1
\t[buster] - a 1-1
--
MOVED: to another list
\t[buster] - b 1-1
";
        let (advisories, report) = parsed(format!("{odd}{LIST}\n").as_bytes()).unwrap();
        assert_eq!((advisories.len(), advisories[0].affected.len(), report.statements), (4, 1, 4));
        let problems: Vec<_> =
            report.problem_texts.iter().map(|problem| (problem.place.as_str(), problem.what.as_str())).collect();
        assert_eq!(
            problems,
            [
                ("DSA-1-1", "'XSA-1' is no CVE"),
                ("DSA-1-1", "the release hoover is not known"),
                ("DSA-1-1", "buster has the unknown state <maybe>"),
                ("DSA-1-1", "'[buster] a 1-1' names no fix"),
                ("line 8", "it begins no advisory"),
            ]
        );
        let mut latin = LIST.as_bytes().to_vec();
        latin.extend(b"[01 Jan 2001] DSA-2-1 caf\xe9 - security update\n\t{CVE-2001-1}\n\t[etch] - caf 1-1\n");
        assert_eq!(parsed(&latin).unwrap().0.len(), 4);
    }

    #[test]
    fn what_is_no_whole_list_is_refused() {
        for text in
            ["", "\n", "{}", "[]", "<html></html>\n", "\t[buster] - a 1\n", &LIST[..LIST.len() - 1], "[x] DSA-a\n"]
        {
            let refusal = parsed(text.as_bytes()).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed(_)), "{text}: {refusal:?}");
        }
        let many = |what: &str| what.repeat(2_000);
        let product = format!("[a] DSA-1 a\n\t{{{}}}\n{}", many("CVE-1-1 "), many("\t[etch] - a 1\n"));
        let long = format!("[a] DSA-1 a\n{}", "\t- a\n".repeat(1 << 19));
        for (text, passed) in [(product, "the number of fixes"), (long, "a record's size in bytes")] {
            let refusal = parsed(text.as_bytes()).unwrap_err();
            assert!(matches!(refusal, Refusal::PastLimit { what, .. } if what == passed), "{refusal:?}");
        }
    }
}
