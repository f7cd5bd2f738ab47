//! Blobs, staged parts and documents in a folder of the test's own; or in S3, when `PLIMSOLL_TEST_S3` names one, such as
//! `s3://bucket?endpoint=http://127.0.0.1:9000&allow_http=true`, with the credentials in `AWS_*`.
#![expect(clippy::unwrap_used, reason = "what tests use outside of test functions may panic as they do")]

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use plimsoll_blobs::{BlobError, Blobs, MAX_DOCUMENT_BYTES, Staged};
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

const NO_LIMIT: u64 = u64::MAX;

/// The store, and its folder.
fn blobs() -> (Blobs, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = match std::env::var("PLIMSOLL_TEST_S3") {
        Ok(s3) => s3.replacen('?', &format!("/{}?", Uuid::new_v4()), 1).parse().unwrap(),
        Err(_) => url::Url::from_file_path(folder.path().join("not/yet/there")).unwrap(),
    };
    (Blobs::open(&url).unwrap(), folder)
}

fn is_folder() -> bool {
    std::env::var_os("PLIMSOLL_TEST_S3").is_none()
}

/// Bytes that differ at every place.
fn content(length: usize) -> Bytes {
    (0..length).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>().into()
}

fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}

fn pieces(bytes: &Bytes, size: usize) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let pieces: Vec<_> = bytes.chunks(size.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn stage(blobs: &Blobs, upload: Uuid, part: u32, bytes: &Bytes) -> Staged {
    blobs.stage(upload, part, pieces(bytes, 100_000), NO_LIMIT).await.unwrap()
}

async fn store(blobs: &Blobs, bytes: &Bytes) -> Digest {
    let part = stage(blobs, Uuid::new_v4(), 0, bytes).await;
    let digest = digest_of(bytes);
    assert_eq!(blobs.commit(std::slice::from_ref(&part), &digest).await.unwrap(), bytes.len() as u64);
    blobs.discard(&[part]).await.unwrap();
    digest
}

async fn read(blobs: &Blobs, digest: &Digest, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
    let open = blobs.open_blob(digest, range).await.unwrap();
    let bytes = open.stream.try_fold(Vec::new(), async |mut all, bytes| {
        all.extend_from_slice(&bytes);
        Ok(all)
    });
    bytes.await.unwrap()
}

/// Every file below the folder, temporary ones too.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "files have the machine's time")]
    Utc::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_staged_in_any_number_of_parts_is_read_back_as_one_blob() {
    let (blobs, folder) = blobs();
    let large = 6 * 1024 * 1024;
    let cases: &[&[usize]] = &[&[], &[0], &[1], &[1000, 0, 1], &[large], &[large, 7], &[3, large * 2, large, 11]];
    for lengths in cases {
        let whole = content(lengths.iter().sum());
        let (upload, mut rest, mut parts) = (Uuid::new_v4(), whole.clone(), Vec::new());
        for (number, length) in lengths.iter().enumerate() {
            parts.push(stage(&blobs, upload, u32::try_from(number).unwrap(), &rest.split_to(*length)).await);
        }
        let digest = digest_of(&whole);
        assert!(!blobs.exists(&digest).await.unwrap() || whole.len() <= 1, "{lengths:?}");
        assert_eq!(blobs.commit(&parts, &digest).await.unwrap(), whole.len() as u64, "{lengths:?}");
        blobs.discard(&parts).await.unwrap();
        blobs.discard(&parts).await.unwrap();
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(whole.len() as u64));
        assert!(read(&blobs, &digest, None).await == whole, "{lengths:?}");
        let mut reader = blobs.reader(&digest).await.unwrap();
        let mut by_thread = Vec::new();
        let by_thread =
            tokio::task::spawn_blocking(move || reader.read_to_end(&mut by_thread).map(|_| by_thread)).await;
        assert!(by_thread.unwrap().unwrap() == whole, "{lengths:?}");
    }
    if is_folder() {
        let left = files(folder.path());
        assert!(left.iter().all(|name| name.len() == 64), "only blobs are left: {left:?}");
    }
}

#[tokio::test]
async fn a_staged_part_says_its_size_and_digest() {
    let (blobs, _folder) = blobs();
    let bytes = content(300_001);
    let part = stage(&blobs, Uuid::nil(), 7, &bytes).await;
    assert_eq!((part.size, part.sha256), (300_001, digest_of(&bytes)));
    assert_eq!(part.key, "staged/00000000-0000-0000-0000-000000000000/0000000007");
}

#[tokio::test]
async fn content_of_another_digest_is_refused_and_leaves_nothing() {
    let (blobs, folder) = blobs();
    let (first, second) = (content(10), content(200_000));
    let upload = Uuid::new_v4();
    let parts = [stage(&blobs, upload, 0, &first).await, stage(&blobs, upload, 1, &second).await];
    let claimed = digest_of(b"something else");
    for (parts, actual) in [
        (&parts[..1], digest_of(&first)),
        (&parts[..], digest_of(&[&first[..], &second[..]].concat())),
        (&[][..], digest_of(b"")),
    ] {
        match blobs.commit(parts, &claimed).await {
            Err(BlobError::DigestMismatch { expected, actual: found }) => {
                assert_eq!((expected, found), (claimed, actual))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(blobs.size(&claimed).await.unwrap(), None);
    }
    blobs.discard(&parts).await.unwrap();
    if is_folder() {
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_part_that_lies_about_itself_becomes_no_blob() {
    let (blobs, _folder) = blobs();
    let digest = store(&blobs, &content(100)).await;
    let stored = format!("blobs/sha256/{}/{}", &digest.hex()[..2], digest.hex());
    let claimed = digest_of(b"something else");
    for key in [stored.as_str(), "staged/../blobs", "/etc/passwd", "", "documents/x"] {
        let part = Staged { key: key.to_owned(), size: 1, sha256: claimed };
        assert!(
            matches!(blobs.commit(std::slice::from_ref(&part), &claimed).await, Err(BlobError::NotFound { .. })),
            "{key}"
        );
        assert!(blobs.discard(&[part]).await.is_err(), "{key}");
    }
    assert!(blobs.exists(&digest).await.unwrap());
    // Too large for its claim, in a commit that reads it.
    let mut part = stage(&blobs, Uuid::new_v4(), 0, &content(5000)).await;
    part.size = 10;
    let parts = [part.clone(), part];
    assert!(matches!(blobs.commit(&parts, &claimed).await, Err(BlobError::TooLarge { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_of_the_same_blob_at_once_all_succeed() {
    let (blobs, folder) = blobs();
    for (round, length) in [10usize, 3_000_000].into_iter().enumerate() {
        let whole = content(length + round);
        let digest = digest_of(&whole);
        let commits = (0..8u32).map(|uploader| {
            let (blobs, whole) = (blobs.clone(), whole.clone());
            tokio::spawn(async move {
                let upload = Uuid::new_v4();
                let middle = if uploader % 2 == 0 { whole.len() } else { whole.len() / 2 };
                let mut parts = vec![stage(&blobs, upload, 0, &whole.slice(..middle)).await];
                if middle < whole.len() {
                    parts.push(stage(&blobs, upload, 1, &whole.slice(middle..)).await);
                }
                let committed = blobs.commit(&parts, &digest).await.unwrap();
                // The same again, as a client that missed the answer does.
                assert_eq!(blobs.commit(&parts, &digest).await.unwrap(), committed);
                assert!(read(&blobs, &digest, None).await == whole);
                blobs.discard(&parts).await.unwrap();
                committed
            })
        });
        for committed in futures::future::join_all(commits).await {
            assert_eq!(committed.unwrap(), whole.len() as u64);
        }
    }
    if is_folder() {
        assert_eq!(files(folder.path()).len(), 2);
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (blobs, folder) = blobs();
    let broken = pieces(&content(12_000_000), 1_000_000).chain(stream::iter([Err(std::io::Error::other("gone"))]));
    match blobs.stage(Uuid::new_v4(), 0, broken, NO_LIMIT).await {
        Err(BlobError::Interrupted { source, .. }) => assert_eq!(source.to_string(), "gone"),
        other => panic!("{other:?}"),
    }
    if is_folder() {
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_upload_whose_client_left_leaves_nothing() {
    let (blobs, folder) = blobs();
    let endless = pieces(&content(12_000_000), 1_000_000).chain(stream::pending());
    let stage = blobs.stage(Uuid::new_v4(), 0, endless, NO_LIMIT);
    assert!(tokio::time::timeout(Duration::from_millis(500), stage).await.is_err());
    if is_folder() {
        let gone = async {
            while !files(folder.path()).is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_beyond_its_limit_is_refused_and_leaves_nothing() {
    let (blobs, folder) = blobs();
    let bytes = content(7_000_000);
    let too_large = blobs.stage(Uuid::nil(), 0, pieces(&bytes, 1_000_000), 6_999_999).await;
    assert!(matches!(too_large, Err(BlobError::TooLarge { limit: 6_999_999, .. })));
    if is_folder() {
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }
    assert!(blobs.stage(Uuid::nil(), 0, pieces(&bytes, 1_000_000), 7_000_000).await.is_ok());
    // Endless: only the limit ends it.
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 65_536])));
    assert!(matches!(blobs.stage(Uuid::nil(), 1, endless, 20_000_000).await, Err(BlobError::TooLarge { .. })));
}

#[tokio::test]
async fn a_part_that_is_staged_again_replaces_the_first() {
    let (blobs, _folder) = blobs();
    stage(&blobs, Uuid::nil(), 0, &content(50)).await;
    let (second, digest) = (stage(&blobs, Uuid::nil(), 0, &content(60)).await, digest_of(&content(60)));
    assert_eq!(blobs.commit(&[second], &digest).await.unwrap(), 60);
    // A blob is not changed by what happens to the part that it was made of.
    stage(&blobs, Uuid::nil(), 0, &content(70)).await;
    assert!(read(&blobs, &digest, None).await == content(60));
}

#[tokio::test]
async fn ranges_are_read_as_asked_and_ended_at_the_end() {
    let (blobs, _folder) = blobs();
    let whole = content(1_000_000);
    let digest = store(&blobs, &whole).await;
    for (range, expected) in [
        (0..1, 0..1),
        (5..700_000, 5..700_000),
        (999_999..1_000_000, 999_999..1_000_000),
        (10..u64::MAX, 10..1_000_000),
    ] {
        let open = blobs.open_blob(&digest, Some(range.clone())).await.unwrap();
        assert_eq!((open.size, open.range), (1_000_000, expected.clone()));
        let (start, end) = (usize::try_from(expected.start).unwrap(), usize::try_from(expected.end).unwrap());
        assert!(read(&blobs, &digest, Some(range.clone())).await == whole[start..end], "{range:?}");
    }
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
    for range in [5..5, 7..3, 1_000_000..1_000_001, u64::MAX..u64::MAX] {
        let refused = blobs.open_blob(&digest, Some(range.clone())).await;
        assert!(matches!(refused, Err(BlobError::Range { size: 1_000_000, .. })), "{range:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (blobs, _folder) = blobs();
    let digest = digest_of(b"never stored");
    assert!(!blobs.exists(&digest).await.unwrap());
    assert!(matches!(blobs.open_blob(&digest, None).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(blobs.open_blob(&digest, Some(0..1)).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(blobs.reader(&digest).await.err(), Some(BlobError::NotFound { .. })));
    assert!(matches!(blobs.get_document("none").await, Err(BlobError::NotFound { .. })));
    let gone = Staged { key: "staged/x/0".into(), size: 12, sha256: digest };
    assert!(matches!(blobs.commit(std::slice::from_ref(&gone), &digest).await, Err(BlobError::NotFound { .. })));
    assert!(matches!(blobs.commit(&[gone.clone(), gone], &digest).await, Err(BlobError::NotFound { .. })));
}

#[tokio::test]
async fn a_document_is_replaced_as_a_whole_and_its_key_stays_among_documents() {
    let (blobs, _folder) = blobs();
    for text in ["first, and longer", "second"] {
        blobs.put_document("layers/v1/abc.json", text.into()).await.unwrap();
        assert_eq!(blobs.get_document("layers/v1/abc.json").await.unwrap(), text);
    }
    for _ in 0..2 {
        blobs.remove_document("layers/v1/abc.json").await.unwrap();
        assert!(matches!(blobs.get_document("layers/v1/abc.json").await, Err(BlobError::NotFound { .. })));
    }
    for key in ["", "/", "../blobs/x", "a/../../b", "a//b", "./a", "a/", "/a", &"a".repeat(501)] {
        assert!(matches!(blobs.put_document(key, "x".into()).await, Err(BlobError::Key { .. })), "{key}");
        assert!(matches!(blobs.get_document(key).await, Err(BlobError::Key { .. })), "{key}");
    }
    let too_large = Bytes::from(vec![0; usize::try_from(MAX_DOCUMENT_BYTES).unwrap() + 1]);
    assert!(matches!(blobs.put_document("large", too_large).await, Err(BlobError::TooLarge { .. })));
}

#[tokio::test]
async fn a_sweep_removes_stale_parts_and_temporary_files_and_nothing_else() {
    let (blobs, folder) = blobs();
    let digest = store(&blobs, &content(10)).await;
    blobs.put_document("kept", "kept".into()).await.unwrap();
    stage(&blobs, Uuid::new_v4(), 0, &content(10)).await;
    stage(&blobs, Uuid::new_v4(), 3, &content(20)).await;
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(blobs.sweep_staged(day, now()).await.unwrap(), 0);
    assert_eq!(blobs.sweep_staged(Duration::MAX, now()).await.unwrap(), 0);
    let tomorrow = now() + TimeDelta::hours(25);
    let mut stale = 2;
    if is_folder() {
        // As a process leaves them that died while writing.
        let root = folder.path().join("not/yet/there");
        std::fs::write(root.join("blobs/dead#1"), "half").unwrap();
        std::fs::write(root.join("staged/dead#22"), "half").unwrap();
        std::fs::write(root.join("blobs/no#number"), "somebody's").unwrap();
        std::fs::create_dir_all(root.join("staged/empty")).unwrap();
        assert_eq!(blobs.sweep_staged(day, now()).await.unwrap(), 0);
        stale = 4;
    }
    assert_eq!(blobs.sweep_staged(day, tomorrow).await.unwrap(), stale);
    assert_eq!(blobs.sweep_staged(day, tomorrow).await.unwrap(), 0);
    assert!(blobs.exists(&digest).await.unwrap());
    assert_eq!(blobs.get_document("kept").await.unwrap(), "kept");
    if is_folder() {
        let mut left = files(folder.path());
        left.sort();
        let mut expected = vec![digest.hex(), "kept".to_owned(), "no#number".to_owned()];
        expected.sort();
        assert_eq!(left, expected);
    }
}
