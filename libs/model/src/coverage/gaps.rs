//! What was not judged, reason by reason, each with a sentence.

use super::{CoverageEvidence, Gap, GapReason, JudgedPackages, OsSupport};
use crate::{Ecosystem, Problem, ProblemCode};

/// How many examples a gap names.
const EXAMPLES: usize = 10;

/// All of them, each reason once.
pub(super) fn of(evidence: &CoverageEvidence<'_>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    gaps.extend(platform_gap(evidence.platform));
    gaps.extend(os_gaps(evidence));
    // What is said of the platform and the system says it already.
    if gaps.is_empty() {
        gaps.extend(unlisted_gap(evidence.packages));
    }
    for reason in [GapReason::LayerNotRead, GapReason::ArchiveNotRead, GapReason::FileNotRead] {
        gaps.extend(unread_gap(reason, evidence.problems));
    }
    gaps.extend(unordered_gap(evidence.packages));
    gaps.extend(unsourced_gap(evidence));
    gaps.extend(knowledge_gap(evidence));
    gaps
}

fn gap(reason: GapReason, count: u64, statement: impl Into<String>, examples: Vec<String>) -> Gap {
    Gap { reason, count, statement: statement.into(), examples }
}

fn platform_gap(platform: Option<&str>) -> Option<Gap> {
    let platform = platform.filter(|platform| !platform.is_empty() && *platform != "linux")?;
    let shown: String = platform.chars().filter(|character| !character.is_control()).take(40).collect();
    let statement = format!(
        "not judged, because images of {shown} are not supported: what is found in one is not all that it holds"
    );
    Some(gap(GapReason::PlatformNotSupported, 1, statement, vec![shown]))
}

fn os_gaps(evidence: &CoverageEvidence<'_>) -> Vec<Gap> {
    let Some(os) = evidence.os else { return Vec::new() };
    let name = os.pretty_name.clone().unwrap_or_else(|| {
        [Some(os.id.as_str()), os.version_id.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let of_it = |reason, statement| gap(reason, 1, statement, vec![name.clone()]);
    if os.ecosystem().is_none() {
        let statement = format!("not judged, because no advisories are known here for the packages of {name}");
        return vec![of_it(GapReason::OsUnknown, statement)];
    }
    let mut gaps = Vec::new();
    if let OsSupport::Ended { since } = evidence.support {
        let statement = format!(
            "not judged in full, because {name} has been past its end of life since {since}: new vulnerabilities are no longer \
             published for it"
        );
        gaps.push(of_it(GapReason::OsEnded, statement));
    }
    if !evidence.packages.iter().any(|packages| packages.kind.is_distribution()) {
        let statement = format!("not judged, because {name} has no database here that lists its packages");
        gaps.push(of_it(GapReason::PackageDatabaseMissing, statement));
    }
    gaps
}

/// Programs may be there all the same, without anything that tells what they are.
fn unlisted_gap(packages: &[JudgedPackages]) -> Option<Gap> {
    let statement = "not judged, because nothing that was read lists packages: what programs there are is not known";
    packages.is_empty().then(|| gap(GapReason::NothingListsPackages, 1, statement, Vec::new()))
}

/// What kind of gap a problem is. A whiteout that names nothing hides nothing.
const fn reason_of(code: ProblemCode) -> Option<GapReason> {
    match code {
        ProblemCode::LayerTruncated
        | ProblemCode::LayerCorrupt
        | ProblemCode::LayerTooLarge
        | ProblemCode::LayerUnreadable
        | ProblemCode::DigestMismatch
        | ProblemCode::DiffIdMismatch
        | ProblemCode::TarCorrupt
        | ProblemCode::TarHeaderTooLarge => Some(GapReason::LayerNotRead),
        ProblemCode::ArchiveLimit => Some(GapReason::ArchiveNotRead),
        ProblemCode::FileTooLarge | ProblemCode::FileMalformed | ProblemCode::FileNotExamined => {
            Some(GapReason::FileNotRead)
        }
        ProblemCode::WhiteoutInvalid => None,
    }
}

fn unread_gap(reason: GapReason, problems: &[Problem]) -> Option<Gap> {
    let of_reason = problems.iter().filter(|problem| reason_of(problem.code) == Some(reason));
    // What stands for several names none of them.
    let (listed, unlisted): (Vec<&Problem>, Vec<&Problem>) = of_reason.partition(|problem| problem.count <= 1);
    let mut places: Vec<String> = listed
        .iter()
        .map(|problem| match (&problem.path, problem.layer) {
            (Some(path), _) => path.clone(),
            (None, Some(layer)) => format!("layer {layer}"),
            // Of an image, each is of a layer.
            (None, None) => "the folder".to_owned(),
        })
        .collect();
    places.dedup();
    let count = unlisted.iter().fold(places.len() as u64, |sum, problem| sum.saturating_add(problem.count));
    if count == 0 {
        return None;
    }
    let counted = |one: &str, many: &str| if count == 1 { one.to_owned() } else { format!("{count} {many}") };
    // Such a layer was read to its end; it is just not the one that the image says it has.
    let is_whole = |problem: &Problem| problem.code == ProblemCode::DiffIdMismatch;
    let statement = match listed.into_iter().chain(unlisted).find(|problem| !is_whole(problem)) {
        None => {
            let are = counted("a layer is", "layers are");
            format!("not judged in full, because {are} not what the image's configuration names")
        }
        Some(first) => {
            let were = match reason {
                GapReason::LayerNotRead if first.layer.is_none() => "the folder was".to_owned(),
                GapReason::LayerNotRead => counted("a layer was", "layers were"),
                GapReason::ArchiveNotRead => counted("an archive was", "archives were"),
                _ => counted("a file was", "files were"),
            };
            format!("not judged, because {were} not read in full, the first: {}", first.detail)
        }
    };
    places.truncate(EXAMPLES);
    Some(gap(reason, count, statement, places))
}

fn unordered_gap(packages: &[JudgedPackages]) -> Option<Gap> {
    let unordered = packages.iter().filter(|packages| packages.unordered > 0);
    let count: u64 = unordered.clone().map(|packages| packages.unordered).sum();
    let versions =
        if count == 1 { "the version of 1 package".into() } else { format!("the versions of {count} packages") };
    let statement = format!("not judged, because {versions} cannot be ordered");
    (count > 0)
        .then(|| gap(GapReason::VersionUnordered, count, statement, unordered.map(name_of).take(EXAMPLES).collect()))
}

fn unsourced_gap(evidence: &CoverageEvidence<'_>) -> Option<Gap> {
    let unsourced = evidence.packages.iter().filter(|packages| !packages.has_source && packages.awaits.is_none());
    let count: u64 = unsourced.clone().map(|packages| packages.count).sum();
    // In a distribution that is known, all packages but those of others have its ecosystem.
    let is_known = evidence.os.is_some_and(|os| os.ecosystem().is_some());
    let is_of_others =
        |packages: &JudgedPackages| is_known && packages.kind.is_distribution() && packages.ecosystem.is_none();
    let name_of = |packages: &JudgedPackages| {
        let name = name_of(packages);
        if is_of_others(packages) { format!("{name} of third parties") } else { name }
    };
    let names: Vec<String> = unsourced.map(name_of).take(EXAMPLES).collect();
    let statement = format!(
        "not judged, because no advisory source that is loaded speaks of {count} package{}: {}",
        if count == 1 { "" } else { "s" },
        names.join(", ")
    );
    (count > 0).then(|| gap(GapReason::EcosystemWithoutSource, count, statement, names))
}

/// A feed that has not been read yet may say what it will: what it will say is not known.
fn knowledge_gap(evidence: &CoverageEvidence<'_>) -> Option<Gap> {
    let awaiting = evidence.packages.iter().filter(|packages| packages.awaits.is_some());
    let count: u64 = awaiting.clone().map(|packages| packages.count).sum();
    if count == 0 {
        let is_missing = evidence.knowledge.is_none() && evidence.packages.iter().any(|packages| packages.has_source);
        let statement =
            "not judged by all that is known, because a feed that speaks of these packages has never answered";
        return is_missing.then(|| gap(GapReason::KnowledgeMissing, 1, statement, Vec::new()));
    }
    let names: Vec<String> = awaiting.clone().map(name_of).take(EXAMPLES).collect();
    let mut feeds: Vec<&str> = awaiting.clone().filter_map(|packages| packages.awaits.as_deref()).collect();
    feeds.sort_unstable();
    feeds.dedup();
    let judged = if awaiting.clone().any(|packages| packages.has_source) { " by all that is known" } else { "" };
    let statement = format!(
        "not judged{judged}, because what the feed{} {} say{} of {count} package{} has not been read yet: {}",
        if feeds.len() == 1 { "" } else { "s" },
        feeds.join(", "),
        if feeds.len() == 1 { "s" } else { "" },
        if count == 1 { "" } else { "s" },
        names.join(", ")
    );
    Some(gap(GapReason::KnowledgeMissing, count, statement, names))
}

fn name_of(packages: &JudgedPackages) -> String {
    let name = packages.ecosystem.as_ref().map_or_else(|| packages.kind.to_string(), Ecosystem::to_string);
    packages.program.as_ref().map(|program| format!("{name} {program}")).unwrap_or(name)
}
