//! Documents for programs.

use std::io;

use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::escape::is_active;

/// A document as JSON, on several lines. What a terminal would act on is written as `\uXXXX`, which is the same text to a program.
pub fn json(document: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = Quiet(PrettyFormatter::new());
    serde::Serialize::serialize(document, &mut Serializer::with_formatter(&mut bytes, formatter))?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.push('\n');
    Ok(text)
}

/// A value as JSON on one line, without its end, as quiet as [`json`].
pub fn json_line(out: impl io::Write, value: &impl serde::Serialize) -> io::Result<()> {
    Ok(serde::Serialize::serialize(value, &mut Serializer::with_formatter(out, QuietLine))?)
}

/// On one line, as serde_json's own compact form.
struct QuietLine;

impl Formatter for QuietLine {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_quietly(writer, fragment)
    }
}

/// Text with what a terminal would act on as `\uXXXX`.
fn write_quietly<W: ?Sized + io::Write>(writer: &mut W, fragment: &str) -> io::Result<()> {
    let mut units = [0; 2];
    for part in fragment.split_inclusive(is_active) {
        let Some(last) = part.chars().next_back().filter(|character| is_active(*character)) else {
            writer.write_all(part.as_bytes())?;
            continue;
        };
        writer.write_all(part.strip_suffix(last).unwrap_or(part).as_bytes())?;
        for unit in last.encode_utf16(&mut units) {
            write!(writer, "\\u{unit:04x}")?;
        }
    }
    Ok(())
}

struct Quiet(PrettyFormatter<'static>);

impl Formatter for Quiet {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_quietly(writer, fragment)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, is_first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, is_first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_document_has_the_form_that_programs_know() {
        insta::assert_snapshot!(json(&samples::report()).unwrap());
    }

    #[test]
    fn no_character_of_it_acts_on_a_terminal_and_none_is_lost() {
        let mut report = samples::report();
        report.image.name = "a\u{9b}31m\u{202e}b\u{e0041}\u{7f}".into();
        let text = json(&report).unwrap();
        assert!(text.contains(r#""a\u009b31m\u202eb\udb40\udc41\u007f""#), "{text}");
        assert!(!text.chars().any(|character| character != '\n' && is_active(character)));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value, serde_json::to_value(&report).unwrap());
    }
}
