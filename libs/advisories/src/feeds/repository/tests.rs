//! What leads to a document, and what is not followed.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::Mutex;

use super::*;
use crate::feeds::by_name;

const LIST: &str = "al2023/core/mirrors/latest/x86_64/mirror.list";
const SHA256: &str = "9dd3ce045294b530720d13829817254e3cd67ec1ac36f66069238d9d111d3cc0";
const MIRROR: &str = "http://127.0.0.1:8000/feeds";

fn repository() -> Repository {
    by_name("amazon").unwrap().document(LIST).repository().unwrap()
}

fn repomd(list: &str, base: Option<&str>) -> Result<String, String> {
    repository().repomd(base, list.as_bytes()).map(|document| document.path).map_err(|error| error.reason.to_string())
}

/// An index with a file of this kind, place and checksum.
fn index(kind: &str, path: &str, checksum_kind: &str, checksum: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>
           <data type="primary"><checksum type="sha256">{}</checksum><location href="repodata/primary.xml.gz"/></data>
           <data type="{kind}"><checksum type="{checksum_kind}">{checksum}</checksum><open-checksum type="sha256">00</open-checksum>
           <location href="{path}"/><size>610596</size></data></repomd>"#,
        "0".repeat(64)
    )
}

fn updateinfo(index: &str) -> Result<Published, String> {
    let repomd = by_name("amazon").unwrap().document("2/core/2.0/x86_64/221a/repodata/repomd.xml");
    repository().updateinfo(&repomd, index.as_bytes()).map_err(|error| error.reason.to_string())
}

#[test]
fn a_documents_path_tells_whether_it_lies_in_a_repository() {
    assert!(by_name("amazon").unwrap().documents().iter().all(|document| document.repository().is_some()));
    for path in ["al2023/mirror.list.gz", "a-mirror.list", "repodata/updateinfo.xml.gz"] {
        assert!(by_name("amazon").unwrap().document(path).repository().is_none(), "{path}");
    }
}

#[test]
fn the_first_address_below_upstream_or_the_mirror_is_followed() {
    for (list, base, expected) in [
        ("https://cdn.amazonlinux.com/al2023/core/guids/46ff/x86_64/\n", None, "al2023/core/guids/46ff/x86_64"),
        ("https://cdn.amazonlinux.com/2/core/2.0/x86_64/221a\n\n", None, "2/core/2.0/x86_64/221a"),
        ("# a comment\r\n\r\n  https://cdn.amazonlinux.com/2/a\r\n", None, "2/a"),
        ("https://example.org/2/a\nhttps://cdn.amazonlinux.com/2/b\nhttps://cdn.amazonlinux.com/2/c\n", None, "2/b"),
        // A copy of upstream's list, and one that a mirror wrote itself.
        ("https://cdn.amazonlinux.com/2/a", Some(MIRROR), "2/a"),
        ("http://127.0.0.1:8000/feeds/amazon/2/a", Some(MIRROR), "2/a"),
    ] {
        assert_eq!(repomd(list, base), Ok(format!("{expected}/repodata/repomd.xml")), "{list}");
    }
}

#[test]
fn an_address_elsewhere_is_refused_with_what_it_is() {
    let long = format!("https://cdn.amazonlinux.com/{}", "a".repeat(300));
    for (address, base) in [
        ("https://example.org/2/core", None),
        ("http://cdn.amazonlinux.com/2/core", None),
        ("http://169.254.169.254/latest/meta-data", Some(MIRROR)),
        ("file:///etc/passwd", Some(MIRROR)),
        ("https://cdn.amazonlinux.com.example.org/2/core", None),
        ("https://cdn.amazonlinux.com@example.org/2/core", None),
        ("https://cdn.amazonlinux.com/../2/core", None),
        ("https://cdn.amazonlinux.com/2/%2e%2e/core", None),
        ("https://cdn.amazonlinux.com//example.org/core", None),
        ("https://cdn.amazonlinux.com/2/core?x=/../y", None),
        ("https://cdn.amazonlinux.com/2\\core", None),
        ("https://cdn.amazonlinux.com/", None),
        (MIRROR, Some(MIRROR)),
        ("http://127.0.0.1:8000/feeds/osv/2", Some(MIRROR)),
        ("http://127.0.0.1:8000/feeds/amazon/2/a", None),
        (long.as_str(), None),
        ("2/core", None),
    ] {
        let told = repomd(address, base).unwrap_err();
        let shown: String = address.chars().take(120).flat_map(char::escape_debug).collect();
        let expected = format!("it names '{shown}', which is no folder below https://cdn.amazonlinux.com");
        assert!(told.ends_with(&expected), "{told}");
    }
}

#[test]
fn a_list_that_is_none_or_without_end_is_refused() {
    for (list, told) in [
        ("", "it has no address"),
        ("\n# nothing\n", "it has no address"),
        ("<html><body>502 Bad Gateway</body></html>", "it names '<html>"),
    ] {
        assert!(repomd(list, None).unwrap_err().contains(told), "{list}");
    }
    for endless in [b'x', b'\n'] {
        let error = repository().repomd(None, std::io::repeat(endless)).unwrap_err();
        assert!(matches!(error.reason, Refusal::PastLimit { limit: 65_536, .. }), "{error}");
    }
    let error = repository().repomd(None, &b"https://cdn.amazonlinux.com/\xff"[..]).unwrap_err();
    assert!(matches!(error.reason, Refusal::Malformed(_)), "{error}");
    let error = named(&b"<repomd><data type='\xff'/></repomd>"[..]).unwrap_err();
    assert!(matches!(error, Refusal::Malformed(_)), "{error}");
}

#[test]
fn an_index_names_the_document_and_its_checksum() {
    for checksum in [SHA256.to_owned(), format!("\n  {SHA256}  \n")] {
        let published = updateinfo(&index("updateinfo", "repodata/updateinfo.xml.gz", "sha256", &checksum)).unwrap();
        assert_eq!(published.document.path, "2/core/2.0/x86_64/221a/repodata/updateinfo.xml.gz");
        assert_eq!(published.edition(), format!("sha256:{SHA256}"));
    }
}

#[test]
fn an_index_that_names_none_or_one_elsewhere_is_refused() {
    let place = "repodata/updateinfo.xml.gz";
    let of = |path: &str| index("updateinfo", path, "sha256", SHA256);
    let deep = format!("<repomd>{}", "<data>".repeat(1_000));
    let laughs = "<!DOCTYPE repomd [<!ENTITY l 'ha'>]><repomd>&l;</repomd>".to_owned();
    for (index, told) in [
        (index("primary_db", place, "sha256", SHA256), "it names no updateinfo"),
        (of("../../../2/core/updateinfo.xml.gz"), "which is no path below it"),
        (
            of("https://example.org/updateinfo.xml.gz"),
            "'https://example.org/updateinfo.xml.gz', which is no path below it",
        ),
        (of("//example.org/updateinfo.xml.gz"), "which is no path below it"),
        (of("/etc/passwd"), "which is no path below it"),
        (of(""), "which is no path below it"),
        (index("updateinfo", place, "sha", SHA256), "no SHA-256"),
        (index("updateinfo", place, "sha256", "9dd3"), "no SHA-256"),
        (index("updateinfo", place, "sha256", &"x".repeat(64)), "no SHA-256"),
        (index("updateinfo", place, "sha256", &format!("{SHA256}00")), "no SHA-256"),
        ("<html/>".to_owned(), "a document of html, not of repomd"),
        (of(place)[..400].to_owned(), "it ends inside of"),
        (deep, "the depth of elements is past the limit of 64"),
        (laughs, "declares a document type"),
        (format!("<repomd>{}</repomd>", "<data/>".repeat(200_000)), "the document's size in bytes is past"),
    ] {
        let refused = updateinfo(&index).unwrap_err();
        assert!(refused.contains(told), "{told}: {refused}");
    }
}

#[test]
fn a_document_that_is_not_the_published_one_is_refused() {
    let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let published = updateinfo(&index("updateinfo", "repodata/updateinfo.xml.gz", "sha256", sha256)).unwrap();
    let mut whole = Cursor::new(b"hello".to_vec());
    whole.set_position(3);
    published.verify(&mut whole).unwrap();
    assert_eq!(whole.position(), 0, "the reader begins at the beginning");
    for other in ["hell", "hello ", ""] {
        let error = published.verify(&mut Cursor::new(other.as_bytes().to_vec())).unwrap_err();
        assert!(error.to_string().contains(&format!("and its repository names sha256:{sha256}")), "{error}");
    }
}

/// Files by their paths, and which were asked for.
struct Files {
    files: BTreeMap<String, String>,
    asked: Mutex<Vec<String>>,
}

impl Pointers for Files {
    type Error = FeedError;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, FeedError> {
        self.asked.lock().unwrap().push(pointer.path.clone());
        let missing = || refused(pointer, Refusal::Malformed("not there".into()));
        let text = self.files.get(&pointer.path).ok_or_else(missing)?;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        Ok(file)
    }
}

#[tokio::test]
async fn each_file_leads_to_the_next_and_nothing_else_is_asked_for() {
    let folder = "al2023/core/guids/46ff/x86_64";
    let list = format!("https://cdn.amazonlinux.com/{folder}/\n");
    let repomd = format!("{folder}/repodata/repomd.xml");
    let index = index("updateinfo", "repodata/updateinfo.xml.gz", "sha256", SHA256);
    let files = BTreeMap::from([(LIST.to_owned(), list), (repomd.clone(), index)]);
    let files = Files { files, asked: Mutex::default() };
    let published = repository().published(None, &files).await.unwrap();
    assert_eq!(published.document.path, format!("{folder}/repodata/updateinfo.xml.gz"));
    assert_eq!(*files.asked.lock().unwrap(), [LIST.to_owned(), repomd]);
}
