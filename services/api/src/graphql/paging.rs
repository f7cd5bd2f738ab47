//! Pages: `first` and `after`, opaque cursors, and totals that are counted only when asked for. Source: the Relay cursor connections
//! specification.

use std::borrow::Cow;

use async_graphql::connection::{Edge, EmptyFields, PageInfo};
use async_graphql::{Error, Object, OutputType, Result, TypeName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::complaint::complaint;

/// The most elements of a page.
pub const MOST: i32 = 200;
/// The elements of a page where none is named.
pub const DEFAULT: i32 = 50;
const CHECK_BYTES: usize = 8;

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window<K> {
    /// The place after which it begins.
    pub after: Option<K>,
    /// How many at most.
    pub first: i32,
    /// Which list it is: a cursor of another is refused.
    list: String,
}

impl<K: Serialize + DeserializeOwned> Window<K> {
    /// Reads the arguments of a list. `list` names what is listed and in which order.
    ///
    /// # Errors
    /// When more is wanted than a page holds, or the cursor is none of this list.
    pub fn of(list: impl Into<String>, first: Option<i32>, after: Option<String>) -> Result<Self> {
        let (list, first) = (list.into(), first.unwrap_or(DEFAULT));
        if !(0..=MOST).contains(&first) {
            return Err(complaint("LIMIT_FIRST", format!("first is {first}; it may be 0 to {MOST}.")));
        }
        let after = after.map(|cursor| decode(&list, &cursor)).transpose()?;
        Ok(Self { after, first, list })
    }

    /// How many rows to read: one more than wanted tells whether there are more.
    pub const fn limit(&self) -> i64 {
        self.first as i64 + 1
    }

    /// The page that these rows make, each with its place.
    ///
    /// # Errors
    /// When a place does not become JSON, which none does.
    pub fn page<N: OutputType>(&self, rows: impl IntoIterator<Item = (K, N)>, total: Total) -> Result<Page<N>> {
        let wanted = usize::try_from(self.first).unwrap_or(0);
        let mut rows = rows.into_iter();
        let mut page = Page { edges: Vec::new(), has_previous: self.after.is_some(), has_next: false, total };
        for (place, node) in rows.by_ref().take(wanted) {
            page.edges.push(Edge::new(encode(&self.list, &place)?, node));
        }
        page.has_next = rows.next().is_some();
        Ok(page)
    }
}

/// What an element of a list costs, for a field's complexity.
pub fn cost(first: Option<i32>, child: usize) -> usize {
    usize::try_from(first.unwrap_or(DEFAULT).clamp(1, MOST)).unwrap_or(1).saturating_mul(child).saturating_add(1)
}

fn encode(list: &str, place: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(place).map_err(|error| super::complaint::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode([&check(list, &json)[..], &json].concat()))
}

fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Result<K> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (found, json) = bytes.split_at_checked(CHECK_BYTES)?;
        (found == check(list, json)).then(|| serde_json::from_slice(json).ok())?
    };
    read().ok_or_else(bad_cursor)
}

/// Tells a cursor that was edited, or is of another list, from ours. It guards nothing: a page holds only what who asks may see.
fn check(list: &str, json: &[u8]) -> [u8; CHECK_BYTES] {
    let hash: [u8; 32] = Sha256::new().chain_update(list).chain_update([0]).chain_update(json).finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

fn bad_cursor() -> Error {
    complaint(
        "BAD_CURSOR",
        "after is not a cursor of this list in this order. Take cursors from its pages as they are.",
    )
}

/// How many there are in all, counted when asked.
pub struct Total(Box<dyn Fn() -> BoxFuture<'static, Result<i64>> + Send + Sync>);

impl Total {
    /// The total that `count` counts.
    pub fn new(count: impl Fn() -> BoxFuture<'static, Result<i64>> + Send + Sync + 'static) -> Self {
        Self(Box::new(count))
    }
}

/// A page of a list.
pub struct Page<N: OutputType> {
    edges: Vec<Edge<String, N, EmptyFields>>,
    has_previous: bool,
    has_next: bool,
    total: Total,
}

/// A page of a list.
#[Object(name_type)]
impl<N: OutputType> Page<N> {
    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// Its elements, each with the cursor after which the next page may begin.
    async fn edges(&self) -> &[Edge<String, N, EmptyFields>] {
        &self.edges
    }

    /// Its elements alone.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// How many there are in all pages. Counted only when asked for.
    async fn total_count(&self) -> Result<i64> {
        (self.total.0)().await
    }
}

impl<N: OutputType> TypeName for Page<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_list_and_whole() {
        let cursor = encode("images NEWEST", &(1, "a")).unwrap();
        assert_eq!(decode::<(i32, String)>("images NEWEST", &cursor).unwrap(), (1, "a".to_owned()));
        assert!(decode::<(i32, String)>("images OLDEST", &cursor).is_err());
        for at in 0..cursor.len() {
            let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
            let edited = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
            assert!(decode::<(i32, String)>("images NEWEST", &edited).is_err(), "{edited}");
        }
        for bad in ["", "AAAA", &cursor[..8], &"A".repeat(10_000)] {
            assert!(decode::<(i32, String)>("images NEWEST", bad).is_err());
        }
    }

    #[test]
    fn a_page_holds_no_more_than_the_limit() {
        for (first, is_good) in
            [(None, true), (Some(0), true), (Some(200), true), (Some(201), false), (Some(-1), false)]
        {
            assert_eq!(Window::<i32>::of("x", first, None).is_ok(), is_good, "{first:?}");
        }
        assert_eq!(cost(Some(i32::MAX), usize::MAX), usize::MAX);
    }
}
