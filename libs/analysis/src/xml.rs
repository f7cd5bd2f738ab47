//! XML documents as a walk over their elements, [`plimsoll_interchange::xml`].

use std::ops::ControlFlow;

pub(crate) use plimsoll_interchange::xml::{Element, attribute};

use crate::Malformed;

/// As [`plimsoll_interchange::xml::walk`].
pub(crate) fn walk(bytes: &[u8], see: impl FnMut(&str, Element<'_>) -> ControlFlow<()>) -> Result<(), Malformed> {
    plimsoll_interchange::xml::walk(bytes, see).map_err(|error| Malformed { line: error.line, detail: error.detail })
}
