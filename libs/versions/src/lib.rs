//! Version schemes: ordering and ranges, one file a scheme. No I/O.
//!
//! [`Scheme`] is the list of the orders we know, [`Version`] a text read once in one of them, [`judge`] answers whether
//! an advisory's ranges hold a version and what fixes it (OSV schema, "Evaluation"), and a [`Constraint`] is what people ask
//! by. A text that a scheme cannot read is [`Unknown`]: to be counted and shown, never taken for "not affected".

mod constraint;
mod natural;
mod range;
mod scheme;
mod schemes;
mod version;

pub use constraint::{BadConstraint, Constraint, OrderedConstraint};
pub use range::{Judgement, judge};
pub use scheme::Scheme;
pub use version::{MAX_LENGTH, Unknown, Version, compare};
