//! Bundles of feeds: one signed file with all that offline scans know.

pub mod export;
pub mod import;
pub mod keygen;

use plimsoll_bundle::{FeedContent, Header};
use serde_json::{Value, json};

use crate::escape::escaped;
use crate::quantity::counted;

/// What is in a bundle, for people: a line a feed.
fn lines(header: &Header) -> String {
    let line = |feed: &FeedContent| {
        let (documents, records) = (counted(feed.documents, "document"), counted(feed.records, "record"));
        format!("{:<18} {documents}, {records}, as of {}\n", escaped(&feed.feed), feed.checked_at.format("%F %R UTC"))
    };
    header.feeds.iter().map(line).collect()
}

/// The same for programs.
fn fields(header: &Header) -> Value {
    json!({
        "built_at": header.built_at, "made_by": header.made_by, "database_format": header.database.format,
        "database_size": header.database.unpacked_size, "feeds": header.feeds,
    })
}
