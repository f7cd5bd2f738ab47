//! Findings that VEX statements hide, for people: apart from the others, each with who says so and why.

use comfy_table::Cell;

use super::{HiddenFinding, VexNote, View, columns};
use crate::escape::shortened;

/// A paragraph of them, as many as there may be findings; nothing where there are none.
pub fn paragraph(hidden: &[HiddenFinding], view: View) -> String {
    if hidden.is_empty() {
        return String::new();
    }
    let limit = if view.limit == 0 { hidden.len() } else { view.limit };
    let heading = ["VULNERABILITY", "PACKAGE", "INSTALLED", "STATUS", "WHY", "BY", "DOCUMENT"];
    let mut table = columns::table(&heading, view.width);
    for HiddenFinding { finding, vex } in hidden.iter().take(limit) {
        table.add_row(vec![
            Cell::new(shortened(&finding.vulnerability, 40)),
            Cell::new(shortened(&finding.package, 60)),
            Cell::new(shortened(&finding.version, 40)),
            Cell::new(vex.status.as_str().replace('_', " ")),
            Cell::new(shortened(&why(vex), 100)),
            Cell::new(shortened(if vex.author.is_empty() { "-" } else { &vex.author }, 40)),
            Cell::new(shortened(&vex.document, 80)),
        ]);
    }
    let more = match hidden.len().saturating_sub(limit) {
        0 => String::new(),
        more => format!("\n{more} more: --limit 0 shows all\n"),
    };
    format!("\n\x1b[1mHidden by VEX: {}\x1b[0m\n{}{more}", hidden.len(), columns::lines(table))
}

fn why(vex: &VexNote) -> String {
    let justification = vex.justification.map(|justification| justification.as_str().replace('_', " "));
    let parts: Vec<String> =
        justification.into_iter().chain([vex.impact.clone()]).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "-".into() } else { parts.join(": ") }
}
