//! Observations for people: by kind, the most severe first, each with its places and what to do.

use std::fmt::Write as _;

use plimsoll_model::{Layer, Observation, ObservationKind, Place, Severity};

use super::table::{View, coloured};
use crate::escape::{escaped, shortened};
use crate::quantity::counted;

/// Characters of a path, and of what was seen.
const PLACE: usize = 100;
/// Characters of advice.
const ADVICE: usize = 240;

/// How many there are, in words.
pub fn summary(observations: &[Observation]) -> String {
    if observations.is_empty() {
        return "none".into();
    }
    let count = |is_it: &dyn Fn(&Observation) -> bool| observations.iter().filter(|seen| is_it(seen)).count();
    let severities = Severity::ALL
        .map(|severity| (severity.as_str().to_lowercase(), count(&|seen| seen.severity == severity)))
        .into_iter();
    let kinds =
        ObservationKind::ALL.map(|kind| (words(kind).to_lowercase(), count(&|seen| seen.kind == kind))).into_iter();
    let told = |counts: &mut dyn Iterator<Item = (String, usize)>| {
        let some = counts.filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}"));
        some.collect::<Vec<_>>().join(", ")
    };
    format!("{}: {}; {}", observations.len(), told(&mut { severities }), told(&mut { kinds }))
}

/// A paragraph for each kind that occurs. What the view leaves out is counted.
pub fn paragraphs(observations: &[Observation], layers: &[Layer], view: View) -> String {
    let wanted: Vec<&Observation> =
        observations.iter().filter(|seen| view.severity.is_none_or(|severity| seen.severity >= severity)).collect();
    let limit = if view.limit == 0 { wanted.len() } else { view.limit };
    let mut text = String::new();
    let mut told = 0;
    for kind in ObservationKind::ALL {
        let mut of_kind: Vec<&Observation> = wanted.iter().copied().filter(|seen| seen.kind == kind).collect();
        of_kind.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
        of_kind.truncate(limit - told);
        told += of_kind.len();
        if !of_kind.is_empty() {
            let _ = writeln!(text, "\n\x1b[1m{}\x1b[0m", words(kind));
        }
        for alike in of_kind.chunk_by(|a, b| (a.severity, &a.rule, &a.advice) == (b.severity, &b.rule, &b.advice)) {
            text.push_str(&of_rule(alike, layers));
        }
    }
    let (more, hidden) = (wanted.len() - told, observations.len() - wanted.len());
    if more > 0 {
        let _ = writeln!(text, "\n{more} more observed: --limit 0 shows all");
    }
    if hidden > 0 {
        let _ = writeln!(text, "\n{} of lower severity not shown", counted(hidden as u64, "observation"));
    }
    text
}

/// What one rule says, of all places.
fn of_rule(alike: &[&Observation], layers: &[Layer]) -> String {
    let mut text = String::new();
    let Some(first) = alike.first() else { return text };
    let names: Vec<&str> = std::iter::once(&first.rule).chain(&first.references).map(String::as_str).collect();
    let family = first.family.as_deref().map(|family| format!(" of {family}")).unwrap_or_default();
    let title = shortened(&format!("{}{family} ({})", first.title, names.join(", ")), 160);
    let _ = writeln!(text, "  {}  {title}", coloured(first.severity));
    for seen in alike {
        let layer = layer(seen, layers).map(|layer| format!("  {layer}")).unwrap_or_default();
        let evidence =
            if seen.evidence.is_empty() { String::new() } else { format!("  {}", shortened(&seen.evidence, PLACE)) };
        let _ = writeln!(text, "      {}{evidence}{layer}", place(&seen.place));
    }
    if !first.advice.is_empty() {
        let _ = writeln!(text, "      \x1b[1mAdvice\x1b[0m {}", shortened(&first.advice, ADVICE));
    }
    text
}

/// The kind as a heading.
const fn words(kind: ObservationKind) -> &'static str {
    match kind {
        ObservationKind::Malware => "Malware",
        ObservationKind::Secret => "Secrets",
        ObservationKind::Misconfiguration => "Misconfiguration",
        ObservationKind::EndOfLife => "End of life",
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::File { path, line, offset } => {
            let at = match (line, offset) {
                (Some(line), _) => format!(":{line}"),
                (None, Some(offset)) => format!(" at byte {offset}"),
                (None, None) => String::new(),
            };
            format!("{}{at}", shortened(path, PLACE))
        }
        Place::Environment { name } => format!("environment variable {}", shortened(name, PLACE)),
        Place::Label { name } => format!("label {}", shortened(name, PLACE)),
        Place::History { step } => format!("build step {step}"),
        Place::Config { field } => escaped(field).into_owned(),
        Place::Image => "the image".into(),
    }
}

/// The layer that brought it, and the one that hides it; none of a folder.
fn layer(seen: &Observation, layers: &[Layer]) -> Option<String> {
    let layer = layers.iter().find(|layer| Some(layer.index) == seen.layer)?;
    let step =
        layer.build_step.as_ref().map(|step| format!(": {}", shortened(&step.created_by, 48))).unwrap_or_default();
    let removed = seen
        .removed_in
        .map(|index| format!("; removed in layer {index}, but whoever pulls the image has it"))
        .unwrap_or_default();
    Some(format!("[layer {}{step}{removed}]", layer.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    const ALL: View = View { severity: None, fixable: false, limit: 0, width: None };

    fn shown(view: View) -> String {
        let report = samples::report();
        let text = paragraphs(&report.observations.unwrap(), &report.layers, view);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn what_is_observed_is_told_by_kind_with_its_place_and_advice() {
        insta::assert_snapshot!(shown(ALL));
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let text = shown(View { severity: Some(Severity::High), limit: 1, ..ALL });
        assert!(
            text.ends_with("\n1 more observed: --limit 0 shows all\n\n1 observation of lower severity not shown\n"),
            "{text}"
        );
    }

    #[test]
    fn nothing_of_the_image_acts_on_the_terminal() {
        assert!(!shown(ALL).chars().any(|c| c != '\n' && crate::escape::is_active(c)));
        assert_eq!(summary(&[]), "none");
    }
}
