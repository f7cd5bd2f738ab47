//! JSON documents that hold a list of packages: read as a stream, an entry at a time, so that what came before a break is kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Malformed;

/// Entries that are read of one document. The largest real ones have a tenth of it.
const ENTRIES: usize = 100_000;

/// The entries of the list or object under `key` of a document that is an object; of a document that is a list itself, its own. In
/// an object each has its name, in a list an empty one. A document without the key has none.
///
/// The second part says what is wrong with the document after those entries.
pub(crate) fn entries<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    key: &str,
) -> (Vec<Entry<'de, T>>, Result<(), Malformed>) {
    let mut entries = Vec::new();
    // Some tools begin their documents with a byte-order mark, which JSON has not.
    let mut json = serde_json::Deserializer::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let outcome = Document { key, entries: &mut entries }.deserialize(&mut json).and_then(|()| json.end());
    (entries, outcome.map_err(|error| Malformed::at(error.line(), format!("not a list of packages: {error}"))))
}

/// An entry's name, which is empty in a list, and the entry.
pub(crate) type Entry<'de, T> = (Cow<'de, str>, T);

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

struct Document<'k, 'e, 'de, T> {
    key: &'k str,
    entries: &'e mut Vec<Entry<'de, T>>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Document<'_, '_, 'de, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Document<'_, '_, 'de, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key == self.key {
                map.next_value_seed(Entries { entries: self.entries, of: PhantomData })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Entries { entries: self.entries, of: PhantomData }.visit_seq(seq)
    }
}

struct Entries<'e, 'de, T> {
    entries: &'e mut Vec<Entry<'de, T>>,
    of: PhantomData<T>,
}

impl<'de, T> Entries<'_, 'de, T> {
    fn push<E: Error>(&mut self, name: Cow<'de, str>, entry: T) -> Result<(), E> {
        if self.entries.len() >= ENTRIES {
            return Err(E::custom(format!("more than {ENTRIES} packages")));
        }
        self.entries.push((name, entry));
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Entries<'_, 'de, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<'_, 'de, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of packages")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            let entry = map.next_value()?;
            self.push(name, entry)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(entry) = seq.next_element()? {
            self.push(Cow::Borrowed(""), entry)?;
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<String>, bool) {
        let (entries, outcome) = entries::<u32>(text.as_bytes(), "k");
        (entries.into_iter().map(|(name, entry)| format!("{name}{entry}")).collect(), outcome.is_ok())
    }

    #[test]
    fn entries_before_a_break_are_kept() {
        let deep = format!("{{\"k\":[1],\"x\":{}", "[".repeat(500));
        let cases: [(&str, &[&str], bool); 12] = [
            (r#"{"a":[5],"k":[1,2],"b":{"k":[7]}}"#, &["1", "2"], true),
            (r#"{"k":{"a":1,"b\n":2}}"#, &["a1", "b\n2"], true),
            ("\u{feff}[1,2]", &["1", "2"], true),
            (r#"{"k":null}"#, &[], true),
            ("{}", &[], true),
            (r#"{"k":[1],"k":[2],"x":1e999999}"#, &["1", "2"], true),
            (r#"{"k":[1,"#, &["1"], false),
            (r#"{"k":[1,"two",3]}"#, &["1"], false),
            (r#"{"k":[1]} trailing"#, &["1"], false),
            (r#"{"k":"text"}"#, &[], false),
            ("", &[], false),
            (&deep, &["1"], false),
        ];
        for (text, expected, is_whole) in cases {
            assert_eq!(found(text), (expected.iter().map(|name| (*name).to_owned()).collect(), is_whole), "{text}");
        }
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let text = format!("[{}1]", "1,".repeat(ENTRIES));
        let (entries, outcome) = entries::<u32>(text.as_bytes(), "k");
        assert!(entries.len() == ENTRIES && outcome.unwrap_err().to_string().contains("more than"));
    }
}
