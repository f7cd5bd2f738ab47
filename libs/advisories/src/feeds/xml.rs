//! A document of any length as a walk over its elements. Nothing is declared, resolved or fetched, and depth is bounded.

use std::io::{self, BufRead};

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader};

use super::Refusal;
use super::metered::Meter;

/// How deep elements may lie in each other. Oracle's criteria, the deepest known, lie nine deep.
const DEPTH: usize = 64;
/// The longest text of an element, in bytes; what is longer is cut. What is longer than a name or version may be is refused at admission.
const TEXT_BYTES: usize = 64 * 1024;

/// What the walk comes across.
pub enum Element<'x> {
    /// An element begins.
    Opened(&'x BytesStart<'x>),
    /// An element ends; its text is what follows its last child, trimmed.
    Closed(&'x str),
}

/// What is walked.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The local name of the element at its root; a document of another is refused.
    pub root: &'static str,
    /// How deep the elements lie, the root at 1, that are a record each: [`Meter`] bounds the length of one.
    pub record_depth: usize,
}

/// Walks a document that has one element at its root. `see` gets each element's path by local names
/// (`oval_definitions/tests`). A document type is refused: none of these documents has one, and declaring entities is what makes XML explode.
pub fn walk(
    shape: Shape,
    reader: impl BufRead,
    meter: &Meter,
    mut see: impl FnMut(&str, Element<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut reader = Reader::from_reader(reader);
    reader.config_mut().allow_dangling_amp = true;
    let mut place = Place::of(shape);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| refusal(meter, error))? {
            Event::Start(start) => place.open(&start, &mut see)?,
            Event::Empty(start) => {
                place.open(&start, &mut see)?;
                place.close(meter, &mut see)?;
            }
            Event::End(_) => place.close(meter, &mut see)?,
            Event::Text(part) => place.add(&part.xml10_content()),
            Event::CData(part) => place.add(&part.xml10_content()),
            Event::GeneralRef(reference) => place.resolve(&reference),
            Event::DocType(_) => return Err(Refusal::Malformed("it declares a document type".into())),
            Event::Eof if !place.has_root => return Err(Refusal::Malformed("it has no element".into())),
            Event::Eof if place.ends.is_empty() => return Ok(()),
            Event::Eof => return Err(Refusal::Malformed(format!("it ends inside of {}", place.path))),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// An attribute's value, trimmed; nothing where the element has none of this name or it does not resolve.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.trim().to_owned())
}

/// What is not whole or not XML, or could not be read.
fn refusal(meter: &Meter, error: Error) -> Refusal {
    if let Some(refusal) = meter.refusal() {
        return refusal;
    }
    match error {
        Error::Io(error) if !is_of_content(error.kind()) => Refusal::Read(io::Error::new(error.kind(), error)),
        error => Refusal::Malformed(error.to_string()),
    }
}

/// Whether an error tells that what was unpacked is broken, rather than that it could not be read.
fn is_of_content(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}

/// Where in the document the walk is.
struct Place {
    shape: Shape,
    /// The names of the open elements.
    path: String,
    /// Of each of them, how long the path was before it.
    ends: Vec<usize>,
    text: String,
    has_root: bool,
}

impl Place {
    const fn of(shape: Shape) -> Self {
        Self { shape, path: String::new(), ends: Vec::new(), text: String::new(), has_root: false }
    }

    fn open(
        &mut self,
        start: &BytesStart<'_>,
        see: &mut impl FnMut(&str, Element<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.ends.len() >= DEPTH {
            return Err(Refusal::PastLimit { what: "the depth of elements", limit: DEPTH as u64 });
        }
        if self.ends.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(Refusal::Malformed("it has a second element at its root".into()));
        }
        let name = start.local_name().into_inner();
        if self.ends.is_empty() && name != self.shape.root {
            let name: String = name.chars().take(80).collect();
            return Err(Refusal::Malformed(format!("it is a document of {name}, not of {}", self.shape.root)));
        }
        self.ends.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.text.clear();
        see(&self.path, Element::Opened(start))
    }

    fn close(
        &mut self,
        meter: &Meter,
        see: &mut impl FnMut(&str, Element<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        see(&self.path, Element::Closed(self.text.trim()))?;
        if self.ends.len() <= self.shape.record_depth {
            meter.next_record();
        }
        self.path.truncate(self.ends.pop().unwrap_or_default());
        self.text.clear();
        Ok(())
    }

    fn add(&mut self, part: &str) {
        let room = TEXT_BYTES.saturating_sub(self.text.len());
        let end = (0..=room.min(part.len())).rev().find(|&end| part.is_char_boundary(end)).unwrap_or_default();
        self.text.push_str(part.get(..end).unwrap_or_default());
    }

    /// Of XML's own entities and characters by number; others stay as they are written, as nothing can declare them.
    fn resolve(&mut self, reference: &BytesRef<'_>) {
        let character = match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        match character {
            Some(character) => self.add(character.encode_utf8(&mut [0; 4])),
            None => ["&", &**reference, ";"].into_iter().for_each(|part| self.add(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::metered::Limits;

    const SHAPE: Shape = Shape { root: "a", record_depth: 3 };

    fn texts(document: &str) -> (Vec<String>, Option<Refusal>) {
        let meter = Meter::new(Limits { document_bytes: 4 << 20, record_bytes: 1 << 20 });
        let mut found = Vec::new();
        let outcome = walk(SHAPE, meter.reader(document.as_bytes()), &meter, |path, element| {
            if let Element::Closed(text) = element {
                found.push(format!("{path}={}", text.get(..40).unwrap_or(text)));
            }
            Ok(())
        });
        (found, outcome.err())
    }

    #[test]
    fn elements_come_with_their_path_and_text() {
        for (document, expected) in [
            ("<?xml version=\"1.0\"?><!-- c --><a><b> x </b><c/></a>\n", &["a/b=x", "a/c=", "a="][..]),
            ("<m:a xmlns:m='u'><m:b>x</m:b></m:a>", &["a/b=x", "a="]),
            ("<a>1<!-- c -->2<![CDATA[<3>]]> &amp; &#33; &v; & </a>", &["a=12<3> & ! &v; &"]),
        ] {
            let (found, refused) = texts(document);
            assert!(refused.is_none(), "{document}: {refused:?}");
            assert_eq!(found, expected, "{document}");
        }
    }

    #[test]
    fn what_is_no_whole_document_is_refused_and_told() {
        let laughs = "<!DOCTYPE a [<!ENTITY l 'ha'><!ENTITY m '&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;'>]><a>&m;</a>";
        let external = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
        let (deep, long) = ("<a>".repeat(100_000), format!("<a><b>{}</b></a>", "x".repeat(2 << 20)));
        let attributes = format!("<a {}/>", "b='c' ".repeat(400_000));
        for (document, told) in [
            ("", "no element"),
            ("<a><b>502 Bad Gateway", "ends inside of a/b"),
            ("<html><body>502 Bad Gateway", "a document of html, not of a"),
            ("<a><b></a>", "expected"),
            ("<a/><b/>", "second element"),
            (laughs, "declares a document type"),
            (external, "declares a document type"),
            (&deep, "the depth of elements is past the limit of 64"),
            (&long, "a record's size in bytes is past"),
            (&attributes, "a record's size in bytes is past"),
        ] {
            let (_, refused) = texts(document);
            let refused = refused.map(|refusal| refusal.to_string()).unwrap_or_default();
            assert!(refused.contains(told), "{told}: {refused}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let meter = Meter::new(Limits { document_bytes: 4 << 20, record_bytes: 1 << 20 });
        let document = format!("<a>x{}</a>", "é".repeat(TEXT_BYTES));
        let mut length = 0;
        walk(SHAPE, meter.reader(document.as_bytes()), &meter, |_, element| {
            if let Element::Closed(text) = element {
                length = text.len();
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(length, TEXT_BYTES - 1);
    }
}
