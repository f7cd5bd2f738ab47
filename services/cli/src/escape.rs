//! Text of others on our terminal.
//!
//! Package names, build steps and registries' answers are written by whoever made the image. Control characters would move the cursor or
//! set the terminal's title, and bidirectional controls show text in another order than it has (CVE-2021-42574).

use std::borrow::Cow;

/// The text with every character that a terminal would act on, or that shows nothing, written as `\u{...}`. Line ends too: one text is one line.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_active) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_active(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// At most `most` characters of the text, escaped; what was cut is shown as `…`.
pub fn shortened(text: &str, most: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = escaped(&one_line);
    if safe.chars().count() <= most {
        return safe.into_owned();
    }
    let mut short: String = safe.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The last `most` characters of a path, escaped: its end says more than its beginning.
pub fn shortened_path(path: &str, most: usize) -> String {
    let safe = escaped(path);
    let count = safe.chars().count();
    if count <= most {
        return safe.into_owned();
    }
    std::iter::once('…').chain(safe.chars().skip((count + 1).saturating_sub(most))).collect()
}

/// Whether a terminal acts on a character, or shows nothing for it.
pub fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        let cases = [
            ("RUN pip install", "RUN pip install"),
            ("größe 日本", "größe 日本"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_shows_it() {
        assert_eq!(shortened("RUN  a &&\n  b", 20), "RUN a && b");
        assert_eq!(shortened("RUN something long", 8), "RUN som…");
        assert_eq!(shortened_path("usr/lib/node_modules/x", 22), "usr/lib/node_modules/x");
        assert_eq!(shortened_path("usr/lib/node_modules/\n", 8), "…ules/\\n");
    }
}
