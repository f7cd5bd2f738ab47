use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::*;
use crate::archive::fixtures::*;
use crate::media_type::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Unpacks a tar made by the fixtures.
    fn unpack(&self, tar: &[u8]) -> &Path {
        for entry in tar::Archive::new(tar).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            self.write(&name, &bytes);
        }
        self.0.path()
    }
}

fn two_platforms() -> (Vec<u8>, [Image; 2]) {
    let images = [Image::new("amd64", &["a", "common"]), Image::new("s390x", &["b", "common"])];
    let nested = index(&[for_platform(&images[0], "amd64"), for_platform(&images[1], "s390x")]);
    let named = json!({ "annotations": { "org.opencontainers.image.ref.name": "v1" } });
    let other = Image::new("amd64", &["other"]);
    let entries = [
        with(descriptor(OCI_INDEX, &nested), named),
        with(
            descriptor(OCI_MANIFEST, &other.manifest()),
            json!({ "annotations": { "org.opencontainers.image.ref.name": "v2" } }),
        ),
    ];
    let tar = layout(&entries).file(&blob_path(&nested), &nested);
    let tar = images.iter().chain([&other]).fold(tar, |tar, image| image.add_blobs(tar));
    (tar.end(), images)
}

fn platform(text: &str) -> PlatformChoice {
    PlatformChoice::Exactly(text.parse().unwrap())
}

async fn read_all(source: &ImageSource, blob: &Descriptor) -> io::Result<Vec<u8>> {
    let mut reader = source.open(blob)?;
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn an_archive_and_a_layout_give_the_same_images_and_bytes() {
    let (tar, [amd64, s390x]) = two_platforms();
    let folder = Folder::new();
    let archive = ImageSource::from_archive(&folder.write("a.tar", &tar), ArchiveOptions::default()).await.unwrap();
    let layout_folder = Folder::new();
    let layout = ImageSource::from_layout(layout_folder.unpack(&tar)).await.unwrap();
    for source in [&archive, &layout] {
        #[rustfmt::skip]
        let table = [
            (Selection { name: Some("v1".into()), platform: platform("linux/s390x") }, vec!["v1"]),
            (Selection { name: Some("v1".into()), platform: PlatformChoice::All }, vec!["v1", "v1"]),
            (Selection { name: None, platform: platform("linux/amd64") }, vec!["v1", "v2"]),
            (Selection { name: Some("v2".into()), platform: platform("linux/arm64") }, vec!["v2"]),
            (Selection { name: Some(amd64.digest().to_string()), platform: platform("linux/amd64") }, vec!["v1"]),
        ];
        for (selection, names) in table {
            let images = source.images(&selection).await.unwrap();
            assert_eq!(images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(), names, "{selection:?}");
        }
        let selection = Selection { name: Some("v1".into()), platform: platform("linux/s390x") };
        let image = source.images(&selection).await.unwrap().remove(0);
        assert_eq!(image.manifest.bytes, s390x.manifest());
        assert_eq!(image.other_platforms, ["linux/amd64".parse().unwrap()]);
        assert_eq!(source.config(&image).await.unwrap().architecture, "s390x");
        assert_eq!(read_all(source, &image.blobs[1]).await.unwrap(), s390x.layers[0]);
        let streamed: Vec<Bytes> = futures::TryStreamExt::try_collect(source.stream(&image.blobs[2])).await.unwrap();
        assert_eq!(streamed.concat(), s390x.layers[1]);
    }
}

#[tokio::test]
async fn the_other_platforms_of_an_index_are_told_though_they_are_not_there() {
    let [amd64, arm64] = ["amd64", "arm64"].map(|architecture| Image::new(architecture, &[architecture]));
    let attestation = with(
        descriptor(OCI_MANIFEST, b"{\"statement\":1}"),
        json!({ "platform": { "os": "unknown", "architecture": "unknown" } }),
    );
    let nested = index(&[for_platform(&amd64, "amd64"), for_platform(&arm64, "arm64"), attestation]);
    let tar = amd64.add_blobs(layout(&[descriptor(OCI_INDEX, &nested)]).file(&blob_path(&nested), &nested)).end();
    let folder = Folder::new();
    let source = ImageSource::from_archive(&folder.write("a.tar", &tar), ArchiveOptions::default()).await.unwrap();
    let image = source.images(&Selection::default()).await.unwrap().remove(0);
    assert_eq!(image.manifest.bytes, amd64.manifest());
    assert_eq!(image.other_platforms, ["linux/arm64".parse().unwrap()]);
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_is() {
    let (tar, _) = two_platforms();
    let folder = Folder::new();
    let source = ImageSource::from_archive(&folder.write("a.tar", &tar), ArchiveOptions::default()).await.unwrap();
    #[rustfmt::skip]
    let table = [
        (Selection { name: Some("v3".into()), platform: PlatformChoice::All }, "there is no image 'v3'; there is v1, v1, v2"),
        (Selection { name: Some("v1".into()), platform: platform("linux/arm64") }, "no image for linux/arm64; there is linux/amd64, linux/s390x"),
    ];
    for (selection, expected) in table {
        let error = source.images(&selection).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_compressed_archive_is_inflated_once_and_told() {
    let image = Image::new("amd64", &["one", "two"]);
    let plain = image.docker_save(&["app:1"]);
    let folder = Folder::new();
    for (name, bytes) in [("a.tar.gz", gzip(&plain)), ("a.tar.zst", zstd::encode_all(plain.as_slice(), 1).unwrap())] {
        let told = Arc::new(AtomicU64::new(0));
        let teller = Arc::clone(&told);
        let path = folder.write(name, &bytes);
        let on_inflate: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(move |size| teller.store(size, Ordering::Relaxed));
        let temporary = Folder::new();
        let options = ArchiveOptions {
            temporary_folder: Some(temporary.0.path().to_owned()),
            on_inflate: Some(on_inflate),
            ..ArchiveOptions::default()
        };
        let source = ImageSource::from_archive(&path, options).await.unwrap();
        assert_eq!(told.load(Ordering::Relaxed), bytes.len() as u64);
        assert_eq!(std::fs::read_dir(temporary.0.path()).unwrap().count(), 0, "the file has no name");
        let read = source.images(&Selection::default()).await.unwrap().remove(0);
        assert_eq!(read.name, "docker.io/library/app:1");
        for (blob, layer) in read.blobs[1..].iter().zip(&image.layers) {
            assert_eq!(&read_all(&source, blob).await.unwrap(), layer);
        }
    }
}

#[tokio::test]
async fn a_changed_blob_is_an_error_at_its_streams_end() {
    let image = Image::new("amd64", &["one"]);
    let mut changed = image.layers[0].clone();
    changed[512] ^= 1;
    let entry = descriptor(OCI_MANIFEST, &image.manifest());
    let tar = layout(&[entry]).file(&blob_path(&image.manifest()), image.manifest());
    let tar = tar.file(&blob_path(&image.config), &image.config).file(&blob_path(&image.layers[0]), &changed).end();
    let folder = Folder::new();
    let archive = ImageSource::from_archive(&folder.write("a.tar", &tar), ArchiveOptions::default()).await.unwrap();
    let layout_folder = Folder::new();
    let layout = ImageSource::from_layout(layout_folder.unpack(&tar)).await.unwrap();
    for source in [archive, layout] {
        let image = source.images(&Selection::default()).await.unwrap().remove(0);
        // Whoever reads it makes its digest: it is not made a second time.
        assert_eq!(read_all(&source, &image.blobs[1]).await.unwrap(), changed);
        let streamed: Result<Vec<Bytes>, _> = futures::TryStreamExt::try_collect(source.stream(&image.blobs[1])).await;
        assert!(streamed.unwrap_err().to_string().contains("digest mismatch"));
    }
}

#[tokio::test]
async fn what_is_no_archive_or_layout_is_told_by_path() {
    let folder = Folder::new();
    let path = folder.write("notes.txt", &b"some text ".repeat(100));
    let error = ImageSource::from_archive(&path, ArchiveOptions::default()).await.unwrap_err().to_string();
    assert!(error.contains("notes.txt") && error.contains("not an image archive"), "{error}");
    let bomb = folder.write("bomb.gz", &gzip(&vec![0; 4 << 20]));
    let limits = crate::archive::ArchiveLimits { total_bytes: 1 << 20, ..Default::default() };
    let options = ArchiveOptions { limits, ..ArchiveOptions::default() };
    let error = ImageSource::from_archive(&bomb, options).await.unwrap_err().to_string();
    assert!(error.contains("larger than 1048576 bytes"), "{error}");
    for missing in [folder.0.path().join("none"), folder.0.path().to_owned()] {
        assert!(ImageSource::from_archive(&missing, ArchiveOptions::default()).await.is_err());
        assert!(matches!(ImageSource::from_layout(&missing).await, Err(SourceError::Io { .. })));
    }
}
