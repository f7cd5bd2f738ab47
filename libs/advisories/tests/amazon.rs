//! What the shared corpus has of Amazon Linux's repositories.
#![expect(clippy::unwrap_used, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;

use plimsoll_advisories::feeds::{self, Document, FeedError, Pointers};

/// A repository of which the corpus has the index alone.
struct Sample(PathBuf);

impl Pointers for Sample {
    type Error = FeedError;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, FeedError> {
        if pointer.repository().is_none() {
            return Ok(File::open(&self.0).unwrap());
        }
        let mut list = tempfile::tempfile().unwrap();
        list.write_all(b"https://cdn.amazonlinux.com/2/core/2.0/x86_64/221a4af09d96\n").unwrap();
        list.rewind().unwrap();
        Ok(list)
    }
}

#[tokio::test]
async fn the_index_of_a_real_repository_names_its_updates() {
    let Some(samples) = corpus::shared("feeds/samples/amazon") else { return };
    let list = feeds::by_name("amazon").unwrap().document("2/core/latest/x86_64/mirror.list");
    let published = list.repository().unwrap().published(None, &Sample(samples.join("repomd.xml"))).await.unwrap();
    assert_eq!(
        published.document.address(None),
        "https://cdn.amazonlinux.com/2/core/2.0/x86_64/221a4af09d96/repodata/updateinfo.xml.gz"
    );
    assert_eq!(published.edition(), "sha256:9dd3ce045294b530720d13829817254e3cd67ec1ac36f66069238d9d111d3cc0");
}
