//! XML documents as a walk over their elements. No entity is resolved but the five of XML itself and characters by number, nothing
//! is fetched, and depth is bounded.

use std::ops::ControlFlow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// How deep elements may lie in each other. Real documents need a fifth of it.
const DEPTH: usize = 64;
/// The longest text of an element that is given. Names, versions and licences are shorter.
const TEXT_BYTES: usize = 4096;

/// Why a document is not walked to the end of its root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct XmlError {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong. It may quote the document.
    pub detail: String,
}

impl XmlError {
    fn new(detail: impl Into<String>) -> Self {
        Self { line: None, detail: detail.into() }
    }
}

/// What the walk comes across.
pub enum Element<'x> {
    /// An element begins.
    Opened(&'x BytesStart<'x>),
    /// An element without children ends, or one with children (its text then is what follows the last of them). The text is trimmed;
    /// it is `None` where it is too long or needs a declaration that is not followed.
    Closed(Option<&'x str>),
}

/// Walks the first element of a document, its root. `see` gets each element's path by local names (`project/dependencies`) and may
/// end the walk; what follows the root is not looked at. Bytes that are not UTF-8 become replacement characters.
///
/// # Errors
/// Where it is no XML, ends too early or nests too deep. What was seen before stands.
pub fn walk(bytes: &[u8], mut see: impl FnMut(&str, Element<'_>) -> ControlFlow<()>) -> Result<(), XmlError> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    let mut place = Place::default();
    loop {
        let event = reader.read_event().map_err(|error| {
            let before = usize::try_from(reader.error_position()).ok().and_then(|end| text.as_bytes().get(..end));
            let line = before.map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
            XmlError { line, detail: format!("not XML: {error}") }
        })?;
        let flow = match event {
            Event::Start(start) => place.open(&start, &mut see)?,
            Event::Empty(start) => place.open(&start, &mut see).map(|flow| match flow {
                ControlFlow::Continue(()) => place.close(&mut see),
                stop => stop,
            })?,
            Event::End(_) => place.close(&mut see),
            Event::Text(part) => place.add(&part.xml10_content()),
            Event::CData(part) => place.add(&part.xml10_content()),
            Event::GeneralRef(reference) => place.resolve(&reference),
            Event::Eof if place.ends.is_empty() => return Err(XmlError::new("not XML: there is no element")),
            Event::Eof => {
                return Err(XmlError::new(format!("it ends inside of {}", place.path)));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => ControlFlow::Continue(()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}

/// An attribute's value, unless the element has none of this name or it does not resolve.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.trim().to_owned())
}

/// The namespace of an element, if the element itself declares it.
pub fn namespace(element: &BytesStart<'_>) -> Option<String> {
    let prefix = element.name().prefix().map(|prefix| format!("xmlns:{}", prefix.into_inner()));
    attribute(element, prefix.as_deref().unwrap_or("xmlns"))
}

/// Where in the document the walk is.
#[derive(Default)]
struct Place {
    /// The names of the open elements.
    path: String,
    /// Of each of them, how long the path was before it.
    ends: Vec<usize>,
    text: String,
    is_unreadable: bool,
}

impl Place {
    fn open(
        &mut self,
        start: &BytesStart<'_>,
        see: &mut impl FnMut(&str, Element<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, XmlError> {
        if self.ends.len() >= DEPTH {
            return Err(XmlError::new(format!("elements lie deeper than {DEPTH}")));
        }
        self.ends.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(start.local_name().into_inner());
        self.forget_text();
        Ok(see(&self.path, Element::Opened(start)))
    }

    fn close(&mut self, see: &mut impl FnMut(&str, Element<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let text = (!self.is_unreadable).then(|| self.text.trim());
        let flow = see(&self.path, Element::Closed(text));
        self.path.truncate(self.ends.pop().unwrap_or_default());
        self.forget_text();
        if self.ends.is_empty() { ControlFlow::Break(()) } else { flow }
    }

    fn add(&mut self, part: &str) -> ControlFlow<()> {
        if self.text.len() + part.len() > TEXT_BYTES {
            self.is_unreadable = true;
        } else {
            self.text.push_str(part);
        }
        ControlFlow::Continue(())
    }

    fn resolve(&mut self, reference: &BytesRef<'_>) -> ControlFlow<()> {
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
            None => {
                self.is_unreadable = true;
                ControlFlow::Continue(())
            }
        }
    }

    fn forget_text(&mut self) {
        self.text.clear();
        self.is_unreadable = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(document: &str) -> (Vec<String>, Option<String>) {
        let mut found = Vec::new();
        let outcome = walk(document.as_bytes(), |path, element| {
            if let Element::Closed(text) = element {
                found.push(format!("{path}={}", text.unwrap_or("?")));
            }
            ControlFlow::Continue(())
        });
        (found, outcome.err().map(|error| error.to_string()))
    }

    #[test]
    fn elements_come_with_their_path_and_text() {
        let cases: [(&str, &[&str]); 6] = [
            ("<?xml version=\"1.0\"?><!-- c --><a><b> x </b><c/></a>", &["a/b=x", "a/c=", "a="]),
            ("<m:a xmlns:m='u'><m:b>x</m:b></m:a>", &["a/b=x", "a="]),
            ("words <a>1<!-- c -->2<![CDATA[<3>]]></a> more <b/> & <", &["a=12<3>"]),
            ("<a>x &amp; y &#33;</a>", &["a=x & y !"]),
            (
                "<!DOCTYPE a [<!ENTITY v SYSTEM 'file:///etc/passwd'>]><a><b>&v;</b><c>1</c></a>",
                &["a/b=?", "a/c=1", "a="],
            ),
            ("<a>R & D</a>", &["a=R & D"]),
        ];
        for (document, expected) in cases {
            assert_eq!(texts(document), (expected.iter().map(|text| (*text).to_owned()).collect(), None), "{document}");
        }
    }

    #[test]
    fn a_namespace_is_that_of_the_prefix() {
        for (document, expected) in [
            ("<a xmlns='u' xmlns:x='v'/>", Some("u")),
            ("<x:a xmlns='u' xmlns:x=' v '/>", Some("v")),
            ("<x:a xmlns='u'/>", None),
            ("<a b='u'/>", None),
        ] {
            let mut found = None;
            let outcome = walk(document.as_bytes(), |_, element| {
                if let Element::Opened(element) = element {
                    found = namespace(element);
                }
                ControlFlow::Continue(())
            });
            assert_eq!((found.as_deref(), outcome), (expected, Ok(())), "{document}");
        }
    }

    #[test]
    fn what_is_broken_too_deep_or_too_long_is_told_and_not_followed() {
        let deep = "<a>".repeat(100_000);
        for (document, complaint) in [
            ("", "no element"),
            ("text", "no element"),
            ("<a>\n<b></a>", "line 2: not XML"),
            ("<a><b>", "ends inside of a/b"),
            (&deep, "deeper than 64"),
        ] {
            let (_, told) = texts(document);
            assert!(told.as_deref().is_some_and(|told| told.contains(complaint)), "{complaint}: {told:?}");
        }
        let long = format!("<a><b>{}</b><c>1</c></a>", "x".repeat(1 << 20));
        assert_eq!(texts(&long), (vec!["a/b=?".into(), "a/c=1".into(), "a=".into()], None));
    }
}
