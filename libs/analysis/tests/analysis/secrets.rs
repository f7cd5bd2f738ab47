//! Secrets in what is large, and in what is compressed.

use plimsoll_analysis::LayerAnalysis;
use plimsoll_model::{Place, ProblemCode};

use crate::builder::*;
use crate::made;

/// A text that begins with a token and goes on for so many bytes.
fn text(bytes: usize) -> Vec<u8> {
    let token = format!("TOKEN=ghp_{}\n", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let mut text = token.into_bytes();
    text.extend(b"# Nothing to see here\n".iter().cycle().take(bytes.saturating_sub(text.len())));
    text
}

/// Where secrets are.
fn found(layer: &LayerAnalysis) -> Vec<&str> {
    let observed = layer.contents.files.values().flat_map(|file| &file.observations);
    observed
        .map(|seen| match &seen.place {
            Place::File { path, .. } => path.as_str(),
            _ => "elsewhere",
        })
        .collect()
}

fn told(layer: &LayerAnalysis) -> Vec<(ProblemCode, &str, &str)> {
    let problems = layer.problems.iter();
    problems.map(|problem| (problem.code, problem.path.as_deref().unwrap(), problem.detail.as_str())).collect()
}

#[test]
fn the_beginning_of_a_large_text_is_looked_through_and_the_rest_is_told() {
    let mut data = text(18 << 20);
    data[0] = 0;
    let large = text(18 << 20);
    let tar = Tar::new()
        .file("app/config.env", &large)
        .file("app/data.bin", &data)
        .file("var/lib/apt/lists/a_Packages", &large);
    let layer = analyse(&tar.file("app/all.zip", made::zip(&[("config.env", &large), ("data.bin", &data)])).end());
    assert_eq!(found(&layer), ["app/all.zip!/config.env", "app/config.env"]);
    let detail = "18874368 bytes; secrets reads at most 16777216";
    let expected = ["app/config.env", "app/all.zip!/config.env"].map(|path| (ProblemCode::FileTooLarge, path, detail));
    assert_eq!(told(&layer), expected);
}

#[test]
fn files_that_are_compressed_by_themselves_are_looked_through() {
    let (short, large) = (text(0), text(17 << 20));
    let data = [b"\0".as_slice(), &text(1 << 20)].concat();
    let tar = Tar::new()
        .file("app/a.env.gz", gzip(&short))
        .file("app/b.env.zst", zstd(&short))
        .file("app/c.zip", made::zip(&[("c.env.gz", &gzip(&short))]))
        .file("app/d.gz", gzip(&data))
        .file("app/e.env.gz", gzip(&large));
    let layer = analyse(&tar.end());
    let paths = ["app/a.env.gz!/a.env", "app/b.env.zst!/b.env", "app/c.zip!/c.env.gz!/c.env", "app/e.env.gz!/e.env"];
    assert_eq!(found(&layer), paths);
    let detail = "more than 16777216 bytes; secrets reads at most 16777216";
    assert_eq!(told(&layer), [(ProblemCode::FileTooLarge, "app/e.env.gz!/e.env", detail)]);
}

#[test]
fn members_of_archives_are_looked_through_as_far_as_files_are() {
    let archive = made::zip(&[("large.env", &text(1_100_000)), ("larger.env", &text(9 << 20))]);
    let layer = analyse(&Tar::new().file("app/all.zip", archive).end());
    assert_eq!((found(&layer), told(&layer)), (vec!["app/all.zip!/large.env", "app/all.zip!/larger.env"], vec![]));
}

#[test]
fn tokens_that_are_compiled_into_the_makers_own_programs_are_found() {
    let program = |bytes: usize| [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".as_slice(), &text(bytes)].concat();
    let large = program(17 << 20);
    let tar = Tar::new()
        .file("app/server", program(0))
        .file("usr/bin/git", program(0))
        .file("usr/local/bin/agent", &large)
        .file("app/tools.zip", made::zip(&[("agent", &program(0))]));
    let layer = analyse(&tar.end());
    assert_eq!(found(&layer), ["app/server", "app/tools.zip!/agent", "usr/local/bin/agent"]);
    let seen = layer.contents.files.values().flat_map(|file| &file.observations).map(|seen| &seen.place);
    assert!(seen.into_iter().all(|place| matches!(place, Place::File { line: None, offset: Some(22), .. })));
    assert_eq!(told(&layer), []);
}
