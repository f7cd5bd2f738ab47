use std::collections::HashMap;
use std::io;

use bytes::Bytes;
use plimsoll_model::Digest;
use serde_json::json;
use tar::EntryType;

use super::fixtures::*;
use super::*;
use crate::manifest::digest_of;
use crate::media_type::*;

/// Keeps every file.
#[derive(Default)]
struct Kept {
    blobs: HashMap<Digest, Vec<u8>>,
    current: Vec<u8>,
    largest_chunk: usize,
    fail_after: Option<usize>,
}

impl BlobSink for Kept {
    type Error = io::Error;

    async fn begin(&mut self, _: u64) -> io::Result<()> {
        self.current.clear();
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> io::Result<()> {
        self.largest_chunk = self.largest_chunk.max(chunk.len());
        self.current.extend_from_slice(&chunk);
        match self.fail_after {
            Some(bytes) if self.current.len() > bytes => Err(io::Error::other("the store is full")),
            _ => Ok(()),
        }
    }

    async fn finish(&mut self) -> io::Result<(Digest, u64)> {
        let (digest, size) = (digest_of(&self.current), self.current.len() as u64);
        self.blobs.insert(digest, std::mem::take(&mut self.current));
        Ok((digest, size))
    }
}

fn in_chunks(bytes: &[u8], size: usize) -> impl futures::Stream<Item = io::Result<Bytes>> + use<> {
    let chunks: Vec<_> = bytes.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    futures::stream::iter(chunks)
}

async fn read(bytes: &[u8]) -> Result<ArchiveContents, ArchiveError> {
    read_with(bytes, &mut Kept::default(), ArchiveLimits::default()).await
}

async fn read_with(bytes: &[u8], sink: &mut Kept, limits: ArchiveLimits) -> Result<ArchiveContents, ArchiveError> {
    read_archive(in_chunks(bytes, 1000), sink, limits).await
}

fn error_text(result: Result<ArchiveContents, ArchiveError>) -> String {
    result.expect_err("an error").to_string()
}

#[tokio::test]
async fn a_docker_save_archive_gives_the_same_manifest_whatever_its_compression_and_chunks() {
    let image = Image::new("amd64", &["one", &"two".repeat(100_000), "one"]);
    let plain = image.docker_save(&["app:1", "ghcr.io/team/app:2", "not a tag"]);
    let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
    for (archive, chunk) in [(&plain, 7), (&gzip(&plain), 1), (&gzip(&plain), 100_000), (&zstd, 333)] {
        let mut sink = Kept::default();
        let contents = read_archive(in_chunks(archive, chunk), &mut sink, ArchiveLimits::default()).await.unwrap();
        let [read] = contents.images.as_slice() else { panic!("one image") };
        assert_eq!(read.names, ["docker.io/library/app:1", "ghcr.io/team/app:2"]);
        assert_eq!(read.platform.as_ref().unwrap().to_string(), "linux/amd64");
        let crate::Manifest::Image(made) = read.manifest.parse().unwrap() else { panic!("an image") };
        let layers: Vec<_> = image.layers.iter().map(|layer| digest_of(layer)).collect();
        assert_eq!(made.layers.iter().map(|layer| layer.digest).collect::<Vec<_>>(), layers);
        assert_eq!(made.config.digest, digest_of(&image.config));
        assert_eq!(read.blobs.len(), 3, "the layer that occurs twice is one blob");
        for blob in &read.blobs {
            assert_eq!(sink.blobs.get(&blob.digest).unwrap().len() as u64, blob.size);
        }
        assert!(sink.largest_chunk <= 64 << 10);
        assert_eq!(read.manifest.bytes, expected_manifest(&image), "byte for byte, or known images would be new ones");
    }
}

/// The manifest that is made of a `docker save` image, written out.
fn expected_manifest(image: &Image) -> String {
    let part = |media_type: &str, bytes: &[u8]| {
        format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#, digest_of(bytes), bytes.len())
    };
    let layers: Vec<_> = image.layers.iter().map(|layer| part(OCI_LAYER, layer)).collect();
    let (config, layers) = (part(OCI_CONFIG, &image.config), layers.join(","));
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[{layers}]}}"#)
}

#[tokio::test]
async fn docker_save_variants_are_understood() {
    let image = Image::new("arm64", &["one", "one", "two"]);
    let layer = |number: usize| image.layers[number].as_slice();
    let manifest =
        |config: &str, layers: [&str; 3]| json!([{ "Config": config, "RepoTags": null, "Layers": layers }]).to_string();
    let crane_config = digest_of(&image.config).to_string();
    let packed = gzip(layer(0));
    #[rustfmt::skip]
    let table = [
        ("links to the first place of a layer, manifest first", OCI_LAYER, Tar::default()
            .file("manifest.json", manifest("c.json", ["a/layer.tar", "b/layer.tar", "c/layer.tar"]))
            .link("b/layer.tar", EntryType::Symlink, "../a/layer.tar").file("a/layer.tar", layer(0)).file("c/layer.tar", layer(2)).file("c.json", &image.config)),
        ("hard links and ./ names", OCI_LAYER, Tar::default()
            .file("./a/layer.tar", layer(0)).link("./b", EntryType::Link, "./a/layer.tar").file("./c", layer(2)).file("./c.json", &image.config)
            .file("./manifest.json", manifest("./c.json", ["a/layer.tar", "b", "./c"]))),
        ("crane's names and compression", OCI_LAYER_GZIP, Tar::default().file(&crane_config, &image.config)
            .file("x.tar.gz", &packed).file("y.tar.gz", gzip(layer(2))).file("manifest.json", manifest(&crane_config, ["x.tar.gz", "x.tar.gz", "y.tar.gz"]))),
        ("a name that occurs twice: the last counts", OCI_LAYER, Tar::default().file("a", "wrong").file("c.json", "{}").file("c.json", &image.config)
            .file("a", layer(0)).file("c", layer(2)).file("manifest.json", "[]").file("manifest.json", manifest("c.json", ["a", "a", "c"]))),
        ("long names", OCI_LAYER, Tar::default().raw(&pax(&[("path", "folder/of/layers/a"), ("mtime", "1.5")])).file("short", layer(0))
            .raw(&[header("././@LongLink", EntryType::GNULongName, "", 2), b"c\0".to_vec(), vec![0; 510]].concat()).file("short", layer(2))
            .file("c.json", &image.config).file("manifest.json", manifest("c.json", ["folder/of/layers/a", "folder/of/layers/a", "c"]))),
    ];
    for (name, media_type, tar) in table {
        let contents = read(&tar.end()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let crate::Manifest::Image(made) = contents.images[0].manifest.parse().unwrap() else { panic!("{name}") };
        assert_eq!(made.layers[0].media_type, media_type, "{name}");
        assert_eq!(made.layers[0].digest, made.layers[1].digest, "{name}");
        assert_eq!(contents.images[0].names, [""; 0], "{name}");
    }
}

#[tokio::test]
async fn an_oci_archive_gives_its_own_manifests_and_names() {
    let image = Image::new("amd64", &["one", "two"]);
    let named = with(
        descriptor(OCI_MANIFEST, &image.manifest()),
        json!({ "annotations": {
        "org.opencontainers.image.ref.name": "1", "io.containerd.image.name": "docker.io/library/app:1" } }),
    );
    let again = with(
        descriptor(OCI_MANIFEST, &image.manifest()),
        json!({ "annotations": { "org.opencontainers.image.ref.name": "v2" } }),
    );
    // Blobs before the index that names them.
    let archive =
        image.add_blobs(Tar::default()).file("oci-layout", "{}").file("index.json", index(&[named, again])).end();
    let mut sink = Kept::default();
    let contents = read_with(&archive, &mut sink, ArchiveLimits::default()).await.unwrap();
    let [read] = contents.images.as_slice() else { panic!("one image") };
    assert_eq!(read.manifest.bytes, image.manifest());
    assert_eq!(read.names, ["docker.io/library/app:1", "v2"]);
    assert_eq!((read.index, read.blobs.len(), read.is_container_image), (None, 3, true));
    assert!(read.blobs.iter().all(|blob| sink.blobs.contains_key(&blob.digest)));
}

#[tokio::test]
async fn docker_saves_layout_takes_full_names_from_manifest_json() {
    let image = Image::new("amd64", &["one"]);
    let entry = with(
        descriptor(OCI_MANIFEST, &image.manifest()),
        json!({ "annotations": { "org.opencontainers.image.ref.name": "1" } }),
    );
    let saved = json!([{ "Config": blob_path(&image.config), "RepoTags": ["app:1", "app:2"], "Layers": [blob_path(&image.layers[0])] }]);
    let archive = image.add_blobs(layout(&[entry])).file("manifest.json", saved.to_string()).end();
    let contents = read(&archive).await.unwrap();
    assert_eq!(contents.images.len(), 1);
    assert_eq!(contents.images[0].names, ["docker.io/library/app:1", "docker.io/library/app:2"]);
    assert_eq!(contents.images[0].manifest.bytes, image.manifest());
}

#[tokio::test]
async fn a_nested_index_may_lack_platforms_but_not_all_of_them() {
    let (amd64, arm64) = (Image::new("amd64", &["a"]), Image::new("arm64", &["b"]));
    let attestation = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG, b"{}"),
        "layers": [descriptor("application/vnd.in-toto+json", b"{\"statement\":1}")] })
    .to_string();
    let unknown = with(
        descriptor(OCI_MANIFEST, attestation.as_bytes()),
        json!({ "platform": { "os": "unknown", "architecture": "unknown" } }),
    );
    let nested = index(&[for_platform(&amd64, "amd64"), for_platform(&arm64, "arm64"), unknown]);
    let entry =
        with(descriptor(OCI_INDEX, &nested), json!({ "annotations": { "org.opencontainers.image.ref.name": "v1" } }));
    let base = || layout(std::slice::from_ref(&entry)).file(&blob_path(&nested), &nested);

    let whole = amd64
        .add_blobs(arm64.add_blobs(base()))
        .file(&blob_path(attestation.as_bytes()), &attestation)
        .file(&blob_path(b"{}"), "{}")
        .file(&blob_path(b"{\"statement\":1}"), "{\"statement\":1}")
        .end();
    let contents = read(&whole).await.unwrap();
    let shown: Vec<_> =
        contents.images.iter().map(|i| (i.platform.as_ref().unwrap().to_string(), i.is_container_image)).collect();
    assert_eq!(
        shown,
        [("linux/amd64".into(), true), ("linux/arm64".into(), true), ("unknown/unknown".to_string(), false)]
    );
    assert!(contents.images.iter().all(|image| image.names == ["v1"] && image.index == Some(digest_of(&nested))));
    assert_eq!(contents.indexes[0].bytes, nested);

    let sparse = read(&amd64.add_blobs(base()).end()).await.unwrap();
    assert_eq!(sparse.images.len(), 1);
    assert!(error_text(read(&base().end()).await).contains("lacks every manifest of its index"));
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let image = Image::new("amd64", &["one", "two"]);
    let entry = descriptor(OCI_MANIFEST, &image.manifest());
    let layer_path = blob_path(&image.layers[1]);
    let without = |path: &str| {
        let parts = [
            (blob_path(&image.manifest()), image.manifest()),
            (blob_path(&image.config), image.config.clone()),
            (blob_path(&image.layers[0]), image.layers[0].clone()),
            (layer_path.clone(), image.layers[1].clone()),
        ];
        parts
            .into_iter()
            .filter(|(name, _)| name != path)
            .fold(layout(std::slice::from_ref(&entry)), |tar, (name, bytes)| tar.file(&name, bytes))
    };
    let lying = with(descriptor(OCI_LAYER, &image.layers[0]), json!({ "size": 5 }));
    let lying =
        json!({ "schemaVersion": 2, "config": descriptor(OCI_CONFIG, &image.config), "layers": [lying] }).to_string();
    let saved = |config: &str, layers: &[&str]| {
        json!([{ "Config": config, "RepoTags": ["app:1"], "Layers": layers }]).to_string()
    };
    let digest = digest_of(&image.layers[1]).to_string();
    let own = image.digest().to_string();
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a missing layer", without(&layer_path).end(), &digest),
        ("a missing manifest", without(&blob_path(&image.manifest())).end(), &own),
        ("a changed blob", without(&layer_path).file(&layer_path, "changed").end(), "digest mismatch"),
        ("a lying size", image.add_blobs(layout(&[descriptor(OCI_MANIFEST, lying.as_bytes())])).file(&blob_path(lying.as_bytes()), &lying).end(), "says 5"),
        ("another media type in the index", image.add_blobs(layout(&[descriptor(DOCKER_MANIFEST, &image.manifest())])).end(), "Content-Type is"),
        ("an empty index", layout(&[]).end(), "holds no image"),
        ("an index that is an image", Tar::default().file("oci-layout", "{}").file("index.json", image.manifest()).end(), "not an index"),
        ("no image at all", Tar::default().file("readme", "x").end(), "neither index.json nor manifest.json"),
        ("index.json alone", image.add_blobs(Tar::default().file("index.json", index(std::slice::from_ref(&entry)))).end(), "neither index.json"),
        ("docker save without its config", Tar::default().file("manifest.json", saved("c.json", &[])).end(), "lacks c.json, which the image docker.io/library/app:1"),
        ("docker save without a layer", Tar::default().file("c.json", &image.config).file("manifest.json", saved("c.json", &["a", "b"])).end(), "lacks a"),
        ("docker save with another number of layers", Tar::default().file("c.json", &image.config).file("manifest.json", saved("c.json", &["a"])).end(), "1 layers, its config 2"),
        ("a config that is none", Tar::default().file("c.json", "[]").file("manifest.json", saved("c.json", &[])).end(), "config does not parse"),
        ("a layer for a config", Tar::default().file("c.json", &image.layers[0]).file("manifest.json", saved("c.json", &[])).end(), "not an image config"),
        ("a manifest.json that is none", Tar::default().file("manifest.json", "{\"a\":1}").end(), "'manifest.json' in the archive"),
        ("no images in manifest.json", Tar::default().file("manifest.json", "[]").end(), "holds no image"),
        ("a path in manifest.json that leads outside", Tar::default().file("manifest.json", saved("../../etc/passwd", &[])).end(), "leads outside"),
        ("links in a circle", Tar::default().link("c.json", EntryType::Symlink, "d").link("d", EntryType::Symlink, "c.json").file("manifest.json", saved("c.json", &[])).end(), "lacks c.json"),
        ("a link that leads outside", Tar::default().link("c.json", EntryType::Symlink, "../../etc/passwd").file("manifest.json", saved("c.json", &[])).end(), "lacks c.json"),
    ];
    for (name, archive, part) in table {
        let error = error_text(read(&archive).await);
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[tokio::test]
async fn hostile_tars_are_errors_within_their_limits() {
    let good = Image::new("amd64", &["one"]).docker_save(&["app:1"]);
    let huge = header("a", EntryType::Regular, "", 1 << 33);
    let mut absurd = tar::Header::new_ustar();
    absurd.set_size(1 << 62);
    absurd.set_cksum();
    let mut negative = tar::Header::new_ustar();
    negative.as_mut_bytes()[124..136].copy_from_slice(&[0xff; 12]);
    negative.set_cksum();
    let mut bad_sum = good.clone();
    let first_size = usize::try_from(tar::Header::from_byte_slice(&good[..512]).size().unwrap()).unwrap();
    let second = 512 + first_size.next_multiple_of(512);
    bad_sum[second] ^= 1;
    let mut truncated_gzip = gzip(&good);
    truncated_gzip.truncate(truncated_gzip.len() - 10);
    let mut corrupt_gzip = gzip(&good);
    let last = corrupt_gzip.len() - 5;
    corrupt_gzip[last] ^= 1;
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    io::Write::write_all(&mut wide, &good).unwrap();
    let wide = wide.finish().unwrap();
    let unsafe_name = |name: &str| Tar::default().file(name, "x").end();
    let long_pax = [header("p", EntryType::XHeader, "", 100 << 20), vec![b'a'; 2048]].concat();
    let long_name = [header("p", EntryType::GNULongName, "", 50 << 20), vec![b'a'; 2048]].concat();
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "not an image archive"), ("text", b"hello".repeat(200), "not an image archive"), ("zeroes", vec![0; 4096], "not an image archive"),
        ("gzip of text", gzip(&b"hello".repeat(200)), "not an image archive"), ("gzip's magic only", vec![0x1f, 0x8b], "does not read"),
        ("zstd's magic only", vec![0x28, 0xb5, 0x2f, 0xfd], "does not read"), ("one byte", vec![7], "not an image archive"),
        ("a size past what follows", huge.clone(), "ends within a file"), ("a size of 2^62", absurd.as_bytes().to_vec(), "larger than"),
        ("a negative size", negative.as_bytes().to_vec(), "size is no number"), ("a wrong checksum", bad_sum, "checksum is wrong"),
        ("cut within a header", good[..second + 100].to_vec(), "ends within a header"), ("cut within a file", good[..600].to_vec(), "ends within a file"),
        ("gzip cut short", truncated_gzip, "does not read"), ("zstd with a window of 128 MiB", wide, "does not read"), ("gzip with a wrong trailer", corrupt_gzip, "does not read"),
        ("a name that leads out", unsafe_name("../../etc/passwd"), "leads outside"), ("another", unsafe_name("a/../../b"), "leads outside"),
        ("PAX of 100 MiB", long_pax, "header of 104857600 bytes"), ("a long name of 50 MiB", long_name, "header of 52428800 bytes"),
        ("PAX without an equals sign", Tar::default().raw(&[header("p", EntryType::XHeader, "", 6), b"6 abc\n".to_vec(), vec![0; 506]].concat()).end(), "PAX record"),
        ("PAX whose length lies", Tar::default().raw(&[header("p", EntryType::XHeader, "", 8), b"99 a=bc\n".to_vec(), vec![0; 504]].concat()).end(), "PAX record"),
        ("PAX with a size that is no number", Tar::default().raw(&pax(&[("size", "x")])).file("a", "b").end(), "PAX record"),
    ];
    for (name, archive, part) in table {
        let error = error_text(read(&archive).await);
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[tokio::test]
async fn the_pax_size_counts_and_what_the_other_size_would_hide_does_not_appear() {
    // With the header's size of 0, the body would be read as an entry: another image.
    let hidden = Tar::default().file("manifest.json", "[]").end();
    let mut wrapped = pax(&[("size", &hidden.len().to_string())]);
    wrapped.extend_from_slice(&header("outer.bin", EntryType::Regular, "", 0));
    wrapped.extend_from_slice(&hidden);
    let image = Image::new("amd64", &["one"]);
    let archive = [wrapped, image.docker_save(&["app:1"])].concat();
    let mut sink = Kept::default();
    let contents = read_with(&archive, &mut sink, ArchiveLimits::default()).await.unwrap();
    assert_eq!(contents.images[0].names, ["docker.io/library/app:1"]);
    assert!(sink.blobs.contains_key(&digest_of(&hidden)));
}

#[tokio::test]
async fn limits_end_archives_that_do_not() {
    let limits = ArchiveLimits { total_bytes: 1 << 20, entries: 50, document_bytes: 1 << 10 };
    let zeroes = gzip(&[header("zeroes", EntryType::Regular, "", 900 << 10), vec![0; 4 << 20]].concat());
    let many = (0..60).fold(Tar::default(), |tar, number| tar.file(&format!("f{number}"), "x")).end();
    let after_end = gzip(&[Tar::default().file("a", "b").end(), vec![7; 4 << 20]].concat());
    let extensions = (0..60).fold(Tar::default(), |tar, _| tar.raw(&pax(&[("a", "b")]))).end();
    let documents = Tar::default().file("manifest.json", format!("[{}]", " ".repeat(2 << 10))).end();
    let claims = header("large", EntryType::Regular, "", 1 << 40);
    #[rustfmt::skip]
    let table = [
        ("a bomb", zeroes, "checksum|larger than 1048576"), ("many entries", many, "more than 50 entries"), ("data behind the end", after_end, "larger than 1048576"),
        ("only extensions", extensions, "more than 50 entries"), ("many documents", documents, "1024 bytes of JSON"), ("a size", claims, "larger than 1048576"),
    ];
    for (name, archive, part) in table {
        let error = error_text(read_with(&archive, &mut Kept::default(), limits).await);
        assert!(part.split('|').any(|part| error.contains(part)), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_index_that_nests_too_deep_is_refused() {
    let image = Image::new("amd64", &["one"]);
    let mut tar = image.add_blobs(Tar::default());
    let mut entry = descriptor(OCI_MANIFEST, &image.manifest());
    for _ in 0..10 {
        let nested = index(&[entry]);
        tar = tar.file(&blob_path(&nested), &nested);
        entry = descriptor(OCI_INDEX, &nested);
    }
    let archive = tar.file("oci-layout", "{}").file("index.json", index(&[entry])).end();
    assert!(error_text(read(&archive).await).contains("too deep"));
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_reading_even_if_the_input_never_ends() {
    use futures::StreamExt as _;
    let start = header("large", EntryType::Regular, "", 1 << 33);
    let endless = in_chunks(&start, 512).chain(futures::stream::repeat_with(|| Ok(Bytes::from_static(&[1; 4096]))));
    let mut sink = Kept { fail_after: Some(200_000), ..Kept::default() };
    let error = error_text(read_archive(endless, &mut sink, ArchiveLimits::default()).await);
    assert!(error.contains("'large'") && error.contains("the store is full"), "{error}");
}

#[tokio::test]
async fn an_input_that_breaks_off_is_told_as_it_says() {
    use futures::StreamExt as _;
    let archive = Image::new("amd64", &["one"]).docker_save(&[]);
    let broken =
        in_chunks(&archive[..700], 100).chain(futures::stream::iter([Err(io::Error::other("the client has gone"))]));
    let error = error_text(read_archive(broken, &mut Kept::default(), ArchiveLimits::default()).await);
    assert!(error.contains("the client has gone"), "{error}");
}
