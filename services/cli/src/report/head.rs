//! The lines that every table begins with: what it is of, and what could not be read.

use std::fmt::Write as _;

use plimsoll_model::{OsRelease, Problem};

use super::ScannedImage;
use crate::escape::{escaped, shortened};
use crate::quantity::counted;

/// One line, its label in bold. The value is shown as it is: text of others is escaped before.
pub fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "\x1b[1m{label:<10}\x1b[0m {value}");
}

/// One line that warns; without a label it goes on with the one before.
pub fn warning(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "\x1b[1;33m{label:<10}\x1b[0m {value}");
}

/// Image, digest and operating system.
pub fn image_lines(text: &mut String, image: &ScannedImage, os: Option<&OsRelease>) {
    line(text, "Image", &escaped(&image.name));
    if let Some(digest) = &image.digest {
        let platform = image.platform.as_deref().map(|platform| format!(" ({platform})")).unwrap_or_default();
        line(text, "Digest", &escaped(&format!("{digest}{platform}")));
    }
    let named = os.map(|os| {
        os.pretty_name.clone().unwrap_or_else(|| format!("{} {}", os.id, os.version_id.as_deref().unwrap_or("")))
    });
    line(text, "System", &shortened(named.as_deref().unwrap_or("none known"), 100));
}

/// What could not be read, `most` of it.
pub fn problem_lines(text: &mut String, problems: &[Problem], most: usize) {
    if !problems.is_empty() {
        let parts = counted(problems.len() as u64, "part");
        warning(text, "Problems", &format!("{parts} of the image could not be read"));
    }
    for problem in problems.iter().take(most) {
        let layer = problem.layer.map(|layer| format!("layer {layer}: ")).unwrap_or_default();
        let path = problem.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        let told = format!("{layer}{path}{} ({})", problem.detail, problem.code.as_str());
        let _ = writeln!(text, "           {}", shortened(&told, 160));
    }
}
