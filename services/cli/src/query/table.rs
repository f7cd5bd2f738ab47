//! An answer for people.

use std::fmt::Write as _;

use comfy_table::{Cell, Color};
use plimsoll_model::{AffectedState, Event, Range};

use crate::escape::shortened;
use crate::query::answer::{AffectingAdvisory, Answer};
use crate::report::columns;

/// What was asked, then every advisory that affects it, then what was not judged.
pub fn table(answer: &Answer, width: Option<u16>) -> String {
    let mut text = String::new();
    let count = answer.advisories.len();
    let verdict = match (count, answer.not_judged.is_empty()) {
        (0, true) => "no advisory that is known here affects it".to_owned(),
        (0, false) => "not judged".to_owned(),
        (1, _) => "1 advisory affects it".to_owned(),
        _ => format!("{count} advisories affect it"),
    };
    let _ = writeln!(text, "\x1b[1m{}\x1b[0m: {verdict}", asked(answer));
    if count > 0 {
        let heading = ["ADVISORY", "SEVERITY", "FIXED IN", "AFFECTED", "ALIASES", "TITLE"];
        let mut table = columns::table(&heading, width);
        for advisory in &answer.advisories {
            table.add_row(row(advisory));
        }
        text.push_str(&columns::lines(table));
    }
    for unjudged in &answer.not_judged {
        let of = unjudged.id.as_deref().map_or_else(String::new, |id| format!(" by {}", shortened(id, 40)));
        let _ = writeln!(text, "\x1b[1;33mNot judged\x1b[0m{of}, because {}", shortened(&unjudged.why, 300));
    }
    text
}

fn asked(answer: &Answer) -> String {
    match (&answer.ecosystem, &answer.package, &answer.version) {
        (Some(ecosystem), Some(package), Some(version)) => {
            format!("{} {} {}", shortened(&ecosystem.to_string(), 60), shortened(package, 80), shortened(version, 60))
        }
        _ => format!("line {}", answer.line.unwrap_or_default()),
    }
}

fn row(advisory: &AffectingAdvisory) -> Vec<Cell> {
    let fixed_in = match (&advisory.fixed_in, advisory.state) {
        (Some(version), _) => Cell::new(shortened(version, 40)).fg(Color::Green),
        (None, AffectedState::WontFix) => Cell::new("won't fix"),
        (None, AffectedState::EndOfLife) => Cell::new("end of life"),
        (None, _) => Cell::new("-"),
    };
    let affected = if advisory.ranges.is_empty() { advisory.versions.join(" || ") } else { ranges(&advisory.ranges) };
    vec![
        Cell::new(shortened(&advisory.id, 40)),
        Cell::new(advisory.severity.as_str()),
        fixed_in,
        Cell::new(shortened(&affected, 60)),
        Cell::new(shortened(&advisory.aliases.join(", "), 60)),
        Cell::new(shortened(&advisory.title, 60)),
    ]
}

/// `>= 3.2, < 3.2.14 || >= 4.0, <= 4.0.5`.
fn ranges(ranges: &[Range]) -> String {
    let mut branches: Vec<String> = Vec::new();
    for range in ranges {
        let mut is_open = false;
        for event in &range.events {
            let (bound, opens) = match event {
                Event::Introduced(from) if from == "0" => (String::new(), true),
                Event::Introduced(from) => (format!(">= {from}"), true),
                Event::Fixed(to) | Event::Limit(to) => (format!("< {to}"), false),
                Event::LastAffected(to) => (format!("<= {to}"), false),
            };
            match branches.last_mut() {
                Some(branch) if is_open && !opens && branch.is_empty() => *branch = bound,
                Some(branch) if is_open && !opens => *branch = format!("{branch}, {bound}"),
                _ => branches.push(bound),
            }
            is_open = opens;
        }
    }
    for branch in &mut branches {
        if branch.is_empty() {
            "all".clone_into(branch);
        }
    }
    branches.join(" || ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_people_write_them() {
        let from = |version: &str| Event::Introduced(version.into());
        let fixed = |version: &str| Event::Fixed(version.into());
        let cases = [
            (vec![from("0"), fixed("3.2.13")], "< 3.2.13"),
            (vec![from("0")], "all"),
            (vec![from("1"), fixed("2"), from("3"), Event::LastAffected("4".into())], ">= 1, < 2 || >= 3, <= 4"),
            (vec![from("0"), fixed("1"), from("2")], "< 1 || >= 2"),
            (vec![], ""),
        ];
        for (events, expected) in cases {
            assert_eq!(ranges(&[Range { events }]), expected);
        }
        assert_eq!(ranges(&[Range::until("1"), Range::everything()]), "< 1 || all");
    }
}
