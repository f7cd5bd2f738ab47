//! Archives and compressed files that are opened, and those that are not, which is told.

use plimsoll_analysis::{Engine, LayerAnalysis, Limits};
use plimsoll_model::ProblemCode;

use crate::builder::*;
use crate::made::{self, Member};

/// Beginnings of what is compressed in ways that are not read.
const PACKED: [(&str, &[u8]); 10] = [
    ("xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46"),
    ("bz2", b"BZh91AY&SY\x12\x34\x56\x78"),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\x04\x12\x34"),
    ("rar", b"Rar!\x1a\x07\x01\0\x12\x34"),
    ("lz", b"LZIP\x01\x0c\x12\x34"),
    ("lz4", b"\x04\x22\x4d\x18\x64\x40\xa7"),
    ("deb", b"!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n"),
    ("rpm", b"\xed\xab\xee\xdb\x03\0\0\0"),
    ("cab", b"MSCF\0\0\0\0\x01\x02"),
    ("cpio", b"070701000000010000"),
];

/// Paths of problems, all of which are `archive_limit`, with what they say.
fn told(layer: &LayerAnalysis) -> Vec<(String, String)> {
    assert!(layer.problems.iter().all(|problem| problem.code == ProblemCode::ArchiveLimit), "{:?}", layer.problems);
    layer.problems.iter().map(|problem| (problem.path.clone().unwrap(), problem.detail.clone())).collect()
}

fn paths(layer: &LayerAnalysis) -> Vec<String> {
    told(layer).into_iter().map(|(path, _)| path).collect()
}

/// A jar with the metadata of one artifact.
fn jar(artifact: &str) -> Vec<u8> {
    let properties = format!("groupId=g\nartifactId={artifact}\nversion=1\n");
    made::zip(&[(&format!("META-INF/maven/g/{artifact}/pom.properties"), properties.as_bytes())])
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    files.iter().fold(Tar::new(), |tar, (path, bytes)| tar.file(path, bytes)).end()
}

/// Bytes that hardly shrink.
fn noise(length: u32) -> Vec<u8> {
    (0..length / 4).flat_map(|number| (number.wrapping_mul(2_654_435_761) ^ (number >> 3)).to_le_bytes()).collect()
}

#[test]
fn an_archive_in_an_archive_that_is_larger_than_members_may_be_is_told() {
    let limits = Limits { member_bytes: 300 << 10, ..Limits::default() };
    let inner = made::zip_of(&[Member::stored("a.txt", &noise(400 << 10))]);
    let small = made::zip_of(&[Member::stored("a.txt", b"a")]);
    let outer = made::zip(&[("inner.zip", &inner), ("small.zip", &small)]);
    let tar = Tar::new()
        .file("a/outer.zip", outer)
        .file("b/inner.zip.gz", gzip(&inner))
        .file("c/outer.tgz", gzip(&tar(&[("inner.bin", &inner)])));
    let layer = Engine::new(limits).layer(&*tar.end(), None).unwrap();
    let most = 300 << 10;
    let size = inner.len();
    let expected = [
        ("a/outer.zip!/inner.zip", format!("{size} bytes; at most {most} of a member are opened")),
        ("b/inner.zip.gz!/inner.zip", format!("more than {most} bytes; at most {most} of a member are opened")),
        ("c/outer.tgz!/inner.bin", format!("{size} bytes; at most {most} of a member are opened")),
    ];
    assert_eq!(told(&layer), expected.map(|(path, detail)| (path.to_owned(), detail)));
}

#[test]
fn what_is_compressed_in_a_way_that_is_not_read_is_told_wherever_it_lies() {
    for (ending, bytes) in PACKED {
        let name = format!("a.tar.{ending}");
        let layer = analyse(
            &Tar::new()
                .file(&format!("opt/{name}"), bytes)
                .file("opt/nameless", bytes)
                .file("opt/z.zip", made::zip(&[(&name, bytes), ("words.txt", b"words")]))
                .file("opt/z.tgz", gzip(&tar(&[(&name, bytes)])))
                .end(),
        );
        let expected =
            [format!("opt/{name}"), "opt/nameless".into(), format!("opt/z.zip!/{name}"), format!("opt/z.tgz!/{name}")];
        assert_eq!(paths(&layer), expected);
        assert!(told(&layer).iter().all(|(_, detail)| detail.ends_with(", which is not read")), "{:?}", layer.problems);
    }
}

#[test]
fn what_distributions_compress_is_not_told() {
    let [(_, xz), (_, bz2), ..] = PACKED;
    let files: [(&str, &[u8]); 9] = [
        ("usr/share/doc/x/changelog.xz", xz),
        ("usr/share/man/man1/x.1.bz2", bz2),
        ("usr/share/man/man1/y.1.gz", b"\x1f\x8b\x08broken, but nobody looks"),
        ("usr/share/doc/x/changelog.zst", b"\x28\xb5\x2f\xfdbroken too"),
        ("usr/lib/modules/6.1.0/kernel/ext4.ko.xz", xz),
        ("lib/firmware/card.bin.xz", xz),
        ("var/log/apt/eipp.log.xz", xz),
        ("var/lib/apt/lists/a_Packages.lz4", b"\x04\x22\x4d\x18\x64\x40\xa7"),
        ("opt/rootfs.tar", &tar(&[("usr/share/doc/x/changelog.xz", xz)])),
    ];
    assert_eq!(analyse(&tar(&files)).problems, []);
}

#[test]
fn archives_among_documentation_are_opened() {
    let files: [(&str, &[u8]); 4] = [
        ("usr/share/doc/x/a.zip", &made::zip(&[("lib/zip.jar", &jar("zip"))])),
        ("usr/share/doc/x/a.tar.gz", &gzip(&tar(&[("lib/gz.jar", &jar("gz"))]))),
        ("usr/share/doc/x/a.tar", &tar(&[("lib/tar.jar", &jar("tar"))])),
        ("usr/share/doc/x/a.tar.zst", &zstd(&tar(&[("lib/zst.jar", &jar("zst"))]))),
    ];
    let layer = analyse(&tar(&files));
    assert_eq!(
        (names(&layer), layer.problems),
        (["gz", "tar", "zip", "zst"].map(|a| format!("g:{a}@1")).into(), vec![])
    );
}

#[test]
fn zstd_streams_are_opened() {
    let zst = zstd(&tar(&[("lib/a.jar", &jar("a")), ("lib/b.jar.zst", &zstd(&jar("b")))]));
    let two_frames = [zstd(&[0; 512]), zstd(&[0; 512])].concat();
    let layer = analyse(
        &Tar::new()
            .file("opt/a.tar.zst", &zst)
            .file("opt/all.zip", made::zip(&[("c.tzst", &zstd(&tar(&[("c.jar", &jar("c"))])))]))
            .file("opt/two.zst", two_frames)
            .end(),
    );
    assert_eq!((names(&layer), layer.problems), (["a", "b", "c"].map(|name| format!("g:{name}@1")).into(), vec![]));
}

#[test]
fn zstd_streams_that_take_too_much_or_break_off_are_told() {
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(24).unwrap();
    std::io::Write::write_all(&mut wide, &noise(64 << 10)).unwrap();
    let whole = zstd(&noise(64 << 10));
    // Each takes a window, and members have room for two and themselves.
    let deep = (0..3).fold(b"bottom".to_vec(), |inner, _| zstd(&inner));
    let layer = analyse(
        &Tar::new()
            .file("a.zst", wide.finish().unwrap())
            .file("b.zst", &whole[..whole.len() / 2])
            .file("c.zst.zst.zst", deep)
            .end(),
    );
    let told = told(&layer);
    let paths: Vec<&str> = told.iter().map(|(path, _)| path.as_str()).collect();
    let deepest = "c.zst.zst.zst!/c.zst.zst!/c.zst";
    assert_eq!(paths, ["a.zst", "b.zst", deepest], "{told:?}");
    assert!(told[2].1.contains("a zstd window of 8388608 bytes"), "{told:?}");
}
