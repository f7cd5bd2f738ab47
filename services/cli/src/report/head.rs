//! The lines that every table begins with: what it is of, and what could not be read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_model::{OsRelease, OsSupport, PackageSource, Problem};

use super::{MalwareKind, MalwareSource, ScannedImage};
use crate::escape::{escaped, shortened};
use crate::quantity::{age, counted};

/// One line, its label in bold. The value is shown as it is: text of others is escaped before.
pub fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "\x1b[1m{label:<10}\x1b[0m {value}");
}

/// One line that warns; without a label it goes on with the one before.
pub fn warning(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "\x1b[1;33m{label:<10}\x1b[0m {value}");
}

/// Image, digest, other platforms and operating system; whether that is still mended, where it was asked.
pub fn image_lines(text: &mut String, image: &ScannedImage, os: Option<&OsRelease>, support: Option<OsSupport>) {
    // An image without a name goes by its digest, which has a line of its own; what has no digest is a folder or file.
    if image.digest.as_ref() != Some(&image.name) {
        line(text, if image.digest.is_some() { "Image" } else { "Path" }, &escaped(&image.name));
    }
    if let Some(digest) = &image.digest {
        let platform = image.platform.as_deref().map(|platform| format!(" ({platform})")).unwrap_or_default();
        line(text, "Digest", &escaped(&format!("{digest}{platform}")));
    }
    if !image.other_platforms.is_empty() {
        let others = shortened(&image.other_platforms.join(", "), 160);
        line(text, "Platforms", &format!("this one alone; its index has {others} too: --platform picks one"));
    }
    let named = os.map(|os| {
        os.pretty_name.clone().unwrap_or_else(|| format!("{} {}", os.id, os.version_id.as_deref().unwrap_or("")))
    });
    let named = shortened(named.as_deref().unwrap_or("none known"), 100);
    line(text, "System", &format!("{named}{}", support.map(supported).unwrap_or_default()));
}

/// Whether an operating system is still mended, behind its name.
fn supported(support: OsSupport) -> String {
    match support {
        OsSupport::Supported { until: Some(until) } => format!(", supported until {until}"),
        OsSupport::Supported { until: None } => ", supported".into(),
        OsSupport::Extended { ended, until } => {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!(", in extended support{until}; the support for all ended {ended}")
        }
        OsSupport::Ended { since } => format!(", support ended {since}"),
        OsSupport::Unknown => ", support not known here".into(),
        OsSupport::Absent => String::new(),
    }
}

/// What packages were read from; what had none is left out.
pub fn read_line(text: &mut String, sources: &[PackageSource]) {
    let sources: Vec<String> = sources
        .iter()
        .filter(|source| source.packages > 0)
        .map(|source| {
            let (files, packages) = (counted(source.files, "file"), counted(source.packages, "package"));
            format!("{} {files} with {packages}", escaped(&source.analyser))
        })
        .collect();
    line(text, "Read", &if sources.is_empty() { "nothing that lists packages".into() } else { sources.join(", ") });
}

/// How old what is known of each feed is.
pub fn knowledge_line(text: &mut String, knowledge: &BTreeMap<String, DateTime<Utc>>, now: DateTime<Utc>) {
    let ages: Vec<String> = knowledge.iter().map(|(feed, at)| format!("{} {}", escaped(feed), ago(*at, now))).collect();
    line(text, "Knowledge", &if ages.is_empty() { "none".into() } else { ages.join(", ") });
}

/// Whose rules and hashes of malware files were looked through with, and which there are besides.
pub fn malware_lines(text: &mut String, sources: &[MalwareSource], now: DateTime<Utc>) {
    let told = |source: &MalwareSource| {
        let noun = match source.kind {
            MalwareKind::YaraRules => "rule",
            MalwareKind::FileHashes => "hash",
        };
        let count = match (source.count, source.kind) {
            (None, _) => String::new(),
            (Some(count), MalwareKind::FileHashes) if count != 1 => format!("{count} hashes of "),
            (Some(count), _) => format!("{} of ", counted(count, noun)),
        };
        let old = source.checked_at.map(|at| format!(" {}", ago(at, now))).unwrap_or_default();
        format!("{count}{}{old}", escaped(&source.name))
    };
    let (used, unused): (Vec<&MalwareSource>, Vec<&MalwareSource>) = sources.iter().partition(|source| source.is_used);
    if !sources.is_empty() {
        let mut names = vec!["built-in rules".to_owned()];
        names.extend(used.into_iter().map(told));
        line(text, "Malware", &format!("looked for by {}", names.join(", ")));
    }
    if !unused.is_empty() {
        let names: Vec<String> = unused.into_iter().map(told).collect();
        line(text, "", &format!("not used, --malware-feeds chooses: {}", names.join(", ")));
    }
}

fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} ago", age((now - at).max(TimeDelta::zero())))
}

/// What could not be read, `most` of it.
pub fn problem_lines(text: &mut String, problems: &[Problem], most: usize) {
    if !problems.is_empty() {
        let count = problems.iter().fold(0, |sum: u64, problem| sum.saturating_add(problem.count));
        let parts = counted(count, "part");
        warning(text, "Problems", &format!("{parts} of the image could not be read"));
    }
    for problem in problems.iter().take(most) {
        let layer = problem.layer.map(|layer| format!("layer {layer}: ")).unwrap_or_default();
        let path = problem.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        let told = format!("{layer}{path}{} ({})", problem.detail, problem.code.as_str());
        let _ = writeln!(text, "           {}", shortened(&told, 160));
    }
}
