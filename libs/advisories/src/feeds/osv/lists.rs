//! Lists of which only the objects that tell something are kept while they are read.
//!
//! A document of 8 MiB can hold three million empty objects, which would take some hundred bytes of memory each.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// An object that may say nothing.
pub trait Telling {
    /// Whether it says something.
    fn tells(&self) -> bool;
}

/// Reads a list, or `null` as an empty one.
pub fn telling<'de, T: Deserialize<'de> + Telling, D: Deserializer<'de>>(json: D) -> Result<Vec<T>, D::Error> {
    json.deserialize_any(List(PhantomData))
}

struct List<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Telling> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut kept = Vec::new();
        while let Some(value) = list.next_element::<T>()? {
            if value.tells() {
                kept.push(value);
            }
        }
        Ok(kept)
    }
}
