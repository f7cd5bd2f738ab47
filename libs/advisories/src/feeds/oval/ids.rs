//! OVAL's ids, small enough to hold a million of.

use std::num::NonZeroU64;

/// The most namespaces of a document. Real documents have one.
const MAX_NAMESPACES: usize = 64;
/// How many bits a number has; Photon's, the longest known, need 38.
const NUMBER_BITS: u32 = 56;

/// An id: its number, and above it the position of its namespace, from 1. What it is an id of is told by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(NonZeroU64);

/// The namespaces of a document's ids.
#[derive(Debug, Default)]
pub struct Namespaces(Vec<Box<str>>);

impl Namespaces {
    /// The id in a text such as `oval:com.oracle.elsa:tst:20070057001` (OVAL, `TestIDPattern` and its like); `None` for what is none.
    pub fn id(&mut self, text: &str) -> Option<Id> {
        let mut parts = text.split(':');
        let (Some("oval"), Some(name), Some(_kind), Some(number), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let number = number.parse::<u64>().ok().filter(|number| number >> NUMBER_BITS == 0)?;
        let known = self.0.iter().position(|known| **known == *name);
        let namespace = match known {
            Some(position) => position,
            None if self.0.len() < MAX_NAMESPACES && name.len() <= 200 => {
                self.0.push(name.into());
                self.0.len() - 1
            }
            None => return None,
        };
        Some(Id(NonZeroU64::new((namespace as u64 + 1) << NUMBER_BITS | number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_as_their_texts_are() {
        let mut namespaces = Namespaces::default();
        let texts = ["oval:com.a:tst:1", "oval:com.a:tst:2", "oval:com.b:tst:1", "oval:com.a:tst:72057594037927935"];
        let ids = texts.map(|text| namespaces.id(text).unwrap());
        assert_eq!(ids, texts.map(|text| namespaces.id(text).unwrap()));
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), texts.len());
        for text in ["", "oval:com.a:tst", "oval:com.a:tst:", "oval:com.a:tst:x", "oval:a:b:c:1", "a:b:c:1"] {
            assert_eq!(namespaces.id(text), None, "{text}");
        }
        assert_eq!(namespaces.id("oval:com.a:tst:72057594037927936"), None, "a number past any");
    }

    #[test]
    fn namespaces_are_bounded() {
        let mut namespaces = Namespaces::default();
        let known = (0..1_000).filter(|n| namespaces.id(&format!("oval:{n}:tst:1")).is_some()).count();
        assert_eq!(known, MAX_NAMESPACES);
    }
}
