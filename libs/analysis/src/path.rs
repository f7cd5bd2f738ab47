//! Paths inside an image: normalised, without a leading slash, and escaped so that they can be shown anywhere.
//!
//! The escaped form is what the whole crate goes by. Escaping is injective and leaves `/` alone, so comparing escaped paths,
//! or their beginnings, is comparing the real ones.

use std::fmt::Write as _;

/// Appends the normalised form of `raw` to the cleared `out`: `./`, `//` and a leading `/` vanish, `..` goes up but never
/// above the root. The root itself is the empty text.
pub(crate) fn normalise_into(raw: &[u8], out: &mut String) {
    out.clear();
    for component in raw.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => out.truncate(out.rfind('/').unwrap_or(0)),
            name => {
                if !out.is_empty() {
                    out.push('/');
                }
                escape_into(name, out);
            }
        }
    }
}

/// The normalised form of `raw`.
pub(crate) fn normalise(raw: &[u8]) -> String {
    let mut path = String::with_capacity(raw.len());
    normalise_into(raw, &mut path);
    path
}

/// Where `raw` leads from `folder`, which is a normalised path; the root's is empty.
pub(crate) fn below(folder: &str, raw: &[u8]) -> String {
    let mut path = folder.to_owned();
    let mut component = String::new();
    for name in raw.split(|&byte| byte == b'/') {
        if name == b".." {
            path.truncate(path.rfind('/').unwrap_or(0));
            continue;
        }
        normalise_into(name, &mut component);
        if !component.is_empty() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&component);
        }
    }
    path
}

/// `raw` made safe to show, otherwise as it is.
pub(crate) fn escape(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    escape_into(raw, &mut text);
    text
}

/// The longest detail of a problem, in characters. Parsers quote what they stumble over, however long it is.
const SHOWN: usize = 400;

/// A text of ours that may quote a file's, made safe to show and cut.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN));
    for character in text.chars().take(SHOWN) {
        match character {
            '\\' => shown.push(character),
            _ => escape_character(character, &mut shown),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Appends `raw` with what must not reach a terminal, a log or a page made visible: control characters and bytes that are not
/// UTF-8 as `\x1b`, marks that turn the writing direction as `\u{202e}`, a backslash doubled.
fn escape_into(raw: &[u8], out: &mut String) {
    for chunk in raw.utf8_chunks() {
        let valid = chunk.valid();
        if valid.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b'\\') {
            out.push_str(valid);
        } else {
            for character in valid.chars() {
                escape_character(character, out);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

fn escape_character(character: char, out: &mut String) {
    if character == '\\' {
        out.push_str("\\\\");
    } else if character.is_ascii_control() {
        let _ = write!(out, "\\x{:02x}", u32::from(character));
    } else if is_invisible(character) {
        let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
    } else {
        out.push(character);
    }
}

/// Whether showing it would do something other than show it: control characters, line separators, direction marks.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The last component.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The folders that `path` lies in, the deepest first, without the root.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |folder| parent(folder))
}

/// The folder of `path`, unless that is the root.
pub(crate) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// The path as it is once `/lib`, `/bin` and `/sbin` are links into `/usr`: distributions' file lists may still name the old place.
pub(crate) fn merged_usr(path: &str) -> std::borrow::Cow<'_, str> {
    match path.split('/').next() {
        Some("lib" | "lib64" | "bin" | "sbin") => format!("usr/{path}").into(),
        _ => path.into(),
    }
}

/// Whether folders of this name hold samples: what looks like a package there was not installed.
pub(crate) fn is_samples_folder(name: &str) -> bool {
    matches!(
        name,
        "test"
            | "tests"
            | "__tests__"
            | "testdata"
            | "spec"
            | "fixture"
            | "fixtures"
            | "__fixtures__"
            | "example"
            | "examples"
    )
}

/// Whether a path lies among what package managers keep or install: a lock file or manifest there says what the authors of some
/// package had, not what is here. Caches count too.
pub(crate) fn is_among_packages(path: &str) -> bool {
    let mut above = "";
    ancestors_names(path).any(|folder| {
        let is_store = match folder {
            "node_modules" | "bower_components" | "site-packages" | "dist-packages" | "gems" | "vendor" | "Pods" => {
                true
            }
            ".cache" | ".cargo" | ".m2" | ".gradle" | ".ivy2" | ".nuget" | ".pub-cache" | ".conan" | ".conan2" => true,
            ".stack" | ".stack-work" | ".cabal" | ".mix" | ".hex" | ".build" | ".npm" | ".yarn" => true,
            "mod" => above == "pkg",
            _ => false,
        };
        above = folder;
        is_store
    })
}

/// The names of the folders that `path` lies in, the topmost first.
fn ancestors_names(path: &str) -> impl Iterator<Item = &str> {
    parent(path).into_iter().flat_map(|folders| folders.split('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_never_leave_the_image() {
        let cases: [(&[u8], &str); 12] = [
            (b"etc/passwd", "etc/passwd"),
            (b"/etc/passwd", "etc/passwd"),
            (b"../../etc/passwd", "etc/passwd"),
            (b"a/../../b", "b"),
            (b"a/b/../c", "a/c"),
            (b"./", ""),
            (b"./a//b/.", "a/b"),
            (b"", ""),
            (b"..", ""),
            (b"a\nb/\x1b[31m", "a\\x0ab/\\x1b[31m"),
            (b"caf\xe9/\xff", "caf\\xe9/\\xff"),
            ("x\u{202e}y\\z/ü".as_bytes(), "x\\u{202e}y\\\\z/ü"),
        ];
        for (raw, expected) in cases {
            assert_eq!(normalise(raw), expected);
        }
    }

    #[test]
    fn links_lead_from_their_folder_and_never_out_of_the_image() {
        let cases: [(&str, &[u8], &str); 6] = [
            ("usr/share/doc", b"gcc-12-base", "usr/share/doc/gcc-12-base"),
            ("usr/share/doc", b"../doc/./x//y", "usr/share/doc/x/y"),
            ("usr/share/doc", b"../../../../etc", "etc"),
            ("", b"/etc/x", "etc/x"),
            ("a\\x0a", b"\x1b", "a\\x0a/\\x1b"),
            ("a", b"..", ""),
        ];
        for (folder, raw, expected) in cases {
            assert_eq!(below(folder, raw), expected);
        }
    }

    #[test]
    fn details_are_escaped_once_and_cut() {
        assert_eq!(shown("expected `</\u{7}>`, at a\\x0ab"), "expected `</\\x07>`, at a\\x0ab");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn ancestors_go_up_to_the_topmost_folder() {
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(ancestors("a").count(), 0);
    }

    #[test]
    fn the_old_places_are_taken_for_their_new_ones() {
        for (path, merged) in [("lib/a", "usr/lib/a"), ("usr/lib/a", "usr/lib/a"), ("library/a", "library/a")] {
            assert_eq!(merged_usr(path), merged);
        }
    }

    #[test]
    fn folders_of_packages_and_caches_are_known() {
        let cases = [
            ("pom.xml", false),
            ("app/vendor/x/y/composer.lock", true),
            ("root/.m2/repository/g/pom.xml", true),
            ("root/go/pkg/mod/x@v1/go.mod", true),
            ("app/mod/go.mod", false),
            ("app/pkg/go.mod", false),
            ("app/vendor", false),
        ];
        for (path, expected) in cases {
            assert_eq!(is_among_packages(path), expected, "{path}");
        }
    }
}
