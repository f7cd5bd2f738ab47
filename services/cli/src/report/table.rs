//! The report for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use comfy_table::{Attribute, Cell, CellAlignment, Color};
use plimsoll_model::{AffectedState, Finding, Severity};

use crate::escape::shortened;
use crate::quantity::counted;
use crate::report::advice::first_steps;
use crate::report::{JudgedCoverage, ScanReport, columns, head, hidden, observations};

/// How many steps are told to be done first.
const STEPS: usize = 3;
/// How many problems and unknown packages are shown; JSON has them all.
const SHOWN: usize = 5;
/// Characters of a build step.
const BUILD_STEP: usize = 48;

/// Which findings are shown, and how wide.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Of this severity or a higher one.
    pub severity: Option<Severity>,
    /// Those with a fix only.
    pub fixable: bool,
    /// At most so many; 0 for all.
    pub limit: usize,
    /// Columns of the terminal; none where there is no terminal.
    pub width: Option<u16>,
}

/// The report with colours.
pub fn table(report: &ScanReport, view: View, now: DateTime<Utc>) -> String {
    let mut text = head(report, now);
    let steps = first_steps(&report.findings, STEPS);
    if !steps.is_empty() {
        text.push_str("\n\x1b[1mDo first\x1b[0m\n");
        for (number, step) in steps.iter().enumerate() {
            let _ = writeln!(text, "  {}. {step}", number + 1);
        }
    }
    let wanted: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| view.severity.is_none_or(|severity| finding.severity >= severity))
        .filter(|finding| !view.fixable || finding.fixed_in.is_some())
        .collect();
    let limit = if view.limit == 0 { wanted.len() } else { view.limit };
    if !wanted.is_empty() {
        text.push('\n');
        text.push_str(&rows(wanted.iter().take(limit).copied(), view.width));
    }
    text.push_str(&left_out(report.findings.len() - wanted.len(), wanted.len().saturating_sub(limit)));
    text.push_str(&hidden::paragraph(&report.hidden, view));
    text.push_str(&observations::paragraphs(report.observations.as_deref().unwrap_or_default(), &report.layers, view));
    text
}

fn left_out(not_asked_for: usize, past_the_limit: usize) -> String {
    match (not_asked_for, past_the_limit) {
        (0, 0) => String::new(),
        (0, more) => format!("\n{more} more: --limit 0 shows all\n"),
        (hidden, 0) => format!("\n{hidden} not shown: of lower severity or without a fix\n"),
        (hidden, more) => format!("\n{more} more: --limit 0 shows all; {hidden} not asked for\n"),
    }
}

fn head(report: &ScanReport, now: DateTime<Utc>) -> String {
    let mut text = String::new();
    let coverage = report.coverage.as_ref().map(|judged| &judged.coverage);
    head::image_lines(&mut text, &report.image, report.os.as_ref(), coverage.map(|coverage| coverage.os));
    let layers = match report.layers.len() {
        0 => String::new(),
        layers => format!(" in {}", counted(layers as u64, "layer")),
    };
    head::line(&mut text, "Packages", &format!("{}{layers}", report.package_count));
    if let Some(coverage) = coverage {
        head::read_line(&mut text, &coverage.sources);
    }
    let mut line = |label: &str, value: &str| head::line(&mut text, label, value);
    line("Findings", &summary(report));
    for said in not_counted(&report.not_counted) {
        line("", &said);
    }
    if !report.hidden.is_empty() {
        line("", &format!("hidden by VEX: {}", report.hidden.len()));
    }
    if let Some(observed) = &report.observations {
        line("Observed", &observations::summary(observed));
    }
    head::knowledge_line(&mut text, &report.knowledge, now);
    head::malware_lines(&mut text, report.malware_sources.as_deref().unwrap_or_default(), now);
    if let Some(coverage) = &report.coverage {
        covered(coverage, &mut text);
    }
    unread(report, &mut text);
    text
}

/// What was not judged, each reason in its own line: never left out.
fn covered(judged: &JudgedCoverage, text: &mut String) {
    let gaps = &judged.coverage.gaps;
    if gaps.is_empty() {
        head::line(text, "Coverage", "all packages that were found were judged");
    }
    for (gap, number) in gaps.iter().zip(0..) {
        head::warning(text, if number == 0 { "Coverage" } else { "" }, &sentence(&gap.statement));
    }
    for limit in &judged.coverage.limits {
        head::line(text, "", &sentence(&limit.statement));
    }
    let mut checks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for unjudged in &judged.unjudged_checks {
        checks.entry(&unjudged.reason).or_default().push(&unjudged.check);
    }
    for (reason, checks) in checks {
        head::line(text, "", &format!("Checks not judged, because {reason}: {}", checks.join(", ")));
    }
}

/// What is said, as it begins a line.
fn sentence(statement: &str) -> String {
    let statement = shortened(statement, 300);
    let mut characters = statement.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn summary(report: &ScanReport) -> String {
    if report.findings.is_empty() {
        return "none".into();
    }
    let severities: Vec<String> = report
        .severities()
        .into_iter()
        .map(|(severity, count)| format!("{count} {}", severity.as_str().to_lowercase()))
        .collect();
    let mut words = format!("{}: {}", report.findings.len(), severities.join(", "));
    let count = |is_it: fn(&Finding) -> bool| report.findings.iter().filter(|finding| is_it(finding)).count();
    let exploited = count(|finding| finding.known_exploited_since.is_some());
    if exploited > 0 {
        let _ = write!(words, "; {exploited} known to be exploited");
    }
    let malicious = count(|finding| finding.is_malware);
    if malicious > 0 {
        let _ = write!(words, "; {malicious} of malicious packages");
    }
    let _ = write!(words, "; {} with a fix", count(|finding| finding.fixed_in.is_some()));
    words
}

/// What is told of but no finding, by why it is none.
fn not_counted(told: &[Finding]) -> impl Iterator<Item = String> {
    let of = |state, why: &str| {
        let of_state = told.iter().filter(|finding| finding.state == state);
        let packages: BTreeSet<&str> = of_state.clone().map(|finding| finding.package.as_str()).collect();
        let mut names: Vec<String> = packages.iter().take(SHOWN).map(|name| shortened(name, 60)).collect();
        names.extend((packages.len() > SHOWN).then(|| "...".to_owned()));
        let count = of_state.count() as u64;
        (count > 0).then(|| format!("not counted: {count} {why} ({})", names.join(", ")))
    };
    let lines = [
        of(AffectedState::NotRunning, "in packages from which they do not run here"),
        of(AffectedState::UnderInvestigation, "that their source still looks into"),
    ];
    lines.into_iter().flatten()
}

/// What could not be read or judged: the findings are then not all there may be.
fn unread(report: &ScanReport, text: &mut String) {
    head::problem_lines(text, &report.problems, SHOWN);
    if !report.unknown.is_empty() {
        let packages = counted(report.unknown.len() as u64, "package");
        let _ = writeln!(text, "\x1b[1;33mUnknown\x1b[0m    {packages} could not be judged");
    }
    for unknown in report.unknown.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "           {}",
            shortened(&format!("{} {}: {}", unknown.package, unknown.version, unknown.why), 160)
        );
    }
}

fn rows<'f>(findings: impl Iterator<Item = &'f Finding>, width: Option<u16>) -> String {
    let heading = ["SEVERITY", "VULNERABILITY", "PACKAGE", "INSTALLED", "FIXED IN", "EPSS", "KEV", "LAYER"];
    let mut table = columns::table(&heading, width);
    for finding in findings {
        table.add_row(row(finding));
    }
    if let Some(column) = table.column_mut(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    columns::lines(table)
}

fn row(finding: &Finding) -> Vec<Cell> {
    let severity = Cell::new(finding.severity.as_str());
    let severity = match finding.severity {
        Severity::Critical => severity.fg(Color::Red).add_attribute(Attribute::Bold),
        Severity::High => severity.fg(Color::Red),
        Severity::Medium => severity.fg(Color::Yellow),
        Severity::Low | Severity::Negligible | Severity::Unknown => severity,
    };
    let fixed_in = match (&finding.fixed_in, finding.state) {
        (Some(version), _) => Cell::new(shortened(version, 40)).fg(Color::Green),
        (None, AffectedState::WontFix) => Cell::new("won't fix"),
        (None, AffectedState::EndOfLife) => Cell::new("end of life"),
        (None, _) => Cell::new("-"),
    };
    let epss = finding.epss.map_or_else(|| "-".to_owned(), |score| format!("{:.1}%", score * 100.0));
    let exploited = finding.known_exploited_since.is_some();
    let by = &finding.introduced_by;
    let step = by.build_step.as_deref().unwrap_or_default();
    let layer = if by.diff_id.is_empty() {
        shortened(&finding.path, BUILD_STEP)
    } else {
        format!("{} {}", by.layer, shortened(step, BUILD_STEP))
    };
    vec![
        severity,
        Cell::new(shortened(&finding.vulnerability, 40)),
        Cell::new(shortened(&finding.package, 60)),
        Cell::new(shortened(&finding.version, 40)),
        fixed_in,
        Cell::new(epss),
        if exploited { Cell::new("yes").fg(Color::Red).add_attribute(Attribute::Bold) } else { Cell::new("") },
        Cell::new(layer),
    ]
}

/// The severity's word in its colour, as wide as the longest.
pub fn coloured(severity: Severity) -> String {
    let colour = match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low | Severity::Negligible | Severity::Unknown => "0",
    };
    format!("\x1b[{colour}m{severity:<10}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Coverage, OsSupport, PackageSource};

    use super::*;
    use crate::report::samples;

    const ALL: View = View { severity: None, fixable: false, limit: 0, width: None };

    fn shown(report: &ScanReport, view: View) -> String {
        let now = "2026-08-20T12:00:00Z".parse().unwrap();
        anstream::adapter::strip_str(&table(report, view, now)).to_string()
    }

    #[test]
    fn the_table_says_what_to_do_first_and_what_is_wrong() {
        insta::assert_snapshot!(shown(&samples::report(), ALL));
    }

    #[test]
    fn an_image_without_findings_says_so() {
        let coverage = Coverage { is_complete: true, gaps: vec![], limits: vec![], ..samples::coverage().coverage };
        let report = ScanReport {
            findings: vec![],
            not_counted: vec![],
            hidden: vec![],
            problems: vec![],
            unknown: vec![],
            observations: Some(vec![]),
            coverage: Some(JudgedCoverage { coverage, unjudged_checks: vec![] }),
            ..samples::report()
        };
        insta::assert_snapshot!(shown(&report, ALL));
    }

    #[test]
    fn the_table_says_whether_the_system_is_still_mended_and_what_packages_were_read_from() {
        let day = |text: &str| text.parse().unwrap();
        let told = |os, sources| {
            let mut report = samples::report();
            if let Some(judged) = &mut report.coverage {
                (judged.coverage.os, judged.coverage.sources) = (os, sources);
            }
            let text = shown(&report, ALL);
            let of = |label: &str| text.lines().find_map(|line| line.strip_prefix(label)).unwrap().trim().to_owned();
            (of("System").replace("Debian GNU/Linux 12 (bookworm)", ""), of("Read"))
        };
        let (ended, until) = (day("2026-06-10"), day("2028-06-30"));
        for (os, expected) in [
            (OsSupport::Supported { until: Some(until) }, ", supported until 2028-06-30"),
            (OsSupport::Supported { until: None }, ", supported"),
            (
                OsSupport::Extended { ended, until: Some(until) },
                ", in extended support until 2028-06-30; the support for all ended 2026-06-10",
            ),
            (OsSupport::Extended { ended, until: None }, ", in extended support; the support for all ended 2026-06-10"),
            (OsSupport::Ended { since: ended }, ", support ended 2026-06-10"),
            (OsSupport::Unknown, ", support not known here"),
            (OsSupport::Absent, ""),
        ] {
            assert_eq!(told(os, vec![]), (expected.to_owned(), "nothing that lists packages".to_owned()));
        }
        let source = |analyser: &str, files, packages| PackageSource { analyser: analyser.into(), files, packages };
        let sources = vec![source("dpkg", 1, 40), source("npm", 3, 0), source("\u{1b}[2J", 2, 1)];
        let read = told(OsSupport::Absent, sources).1;
        assert_eq!(read, "dpkg 1 file with 40 packages, \\u{1b}[2J 2 files with 1 package");
        let unknown = ScanReport { coverage: None, ..samples::report() };
        assert!(!shown(&unknown, ALL).contains("\nRead"), "what an older server does not tell is not said");
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let report = ScanReport { observations: None, hidden: vec![], ..samples::report() };
        let of = |view| shown(&report, view);
        let last = |view| of(view).lines().last().unwrap().to_owned();
        assert_eq!(last(View { limit: 1, ..ALL }), "2 more: --limit 0 shows all");
        assert_eq!(last(View { fixable: true, ..ALL }), "1 not shown: of lower severity or without a fix");
        let view = View { severity: Some(Severity::Medium), limit: 1, ..ALL };
        assert_eq!(last(view), "1 more: --limit 0 shows all; 1 not asked for");
    }

    #[test]
    fn nothing_of_the_image_acts_on_the_terminal() {
        for width in [None, Some(60), Some(200)] {
            let text = shown(&samples::report(), View { width, ..ALL });
            assert!(!text.chars().any(|c| c != '\n' && crate::escape::is_active(c)), "{text:?}");
        }
    }
}
