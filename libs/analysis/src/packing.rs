//! Compressed files and archives that are not opened, and which of them are worth telling.
//!
//! Who owns a file is known only when all layers are there: a path has to say what a distribution compressed.

use crate::{ContentKind, path};

/// Folders of manuals and translations, which distributions compress file by file.
const DOCUMENTATION: [&str; 5] =
    ["usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/i18n/"];

/// Folders where distributions keep data in compressed files: kernels with their modules and firmware, fonts, lists of packages, logs (each
/// image in which `apt` ran has a `var/log/apt/eipp.log.xz`). Were these told, hardly any image would be judged in full.
const DATA: [&str; 10] = [
    "boot/",
    "lib/firmware/",
    "lib/modules/",
    "usr/lib/firmware/",
    "usr/lib/modules/",
    "usr/share/fonts/",
    "var/cache/apt/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/log/",
];

/// Data sets of R, of which each package has some.
const DATA_ENDINGS: [&str; 4] = [".rda", ".rdata", ".rdb", ".rds"];

/// Endings of what [`unread`] may know by its content.
const ENDINGS: [&str; 17] = [
    ".xz",
    ".txz",
    ".bz2",
    ".tbz",
    ".tbz2",
    ".7z",
    ".rar",
    ".lz",
    ".lz4",
    ".tlz",
    ".deb",
    ".udeb",
    ".rpm",
    ".cab",
    ".cpio",
    ".snap",
    ".squashfs",
];

/// How a file that begins so is packed, if that is a way that is not read.
pub(crate) fn unread(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if rest.starts_with(b"1AY&SY") => Some("compressed with bzip2"),
        _ if bytes.starts_with(b"\xfd7zXZ\0") => Some("compressed with xz"),
        _ if bytes.starts_with(b"LZIP\x01") => Some("compressed with lzip"),
        _ if bytes.starts_with(b"\x04\x22\x4d\x18") => Some("compressed with lz4"),
        _ if bytes.starts_with(b"!<arch>\ndebian-binary") => Some("a package of Debian"),
        _ if bytes.starts_with(b"\xed\xab\xee\xdb") => Some("a package of RPM"),
        _ if bytes.starts_with(b"MSCF\0\0\0\0") => Some("a cabinet archive"),
        _ if bytes.starts_with(b"070701") || bytes.starts_with(b"070707") => Some("a cpio archive"),
        _ if bytes.starts_with(b"hsqs") => Some("a squashfs image"),
        _ if bytes.starts_with(b"7z\xbc\xaf\x27\x1c") => Some("an archive of 7z"),
        _ if bytes.starts_with(b"Rar!\x1a\x07") => Some("an archive of rar"),
        _ => None,
    }
}

/// Whether a file that is not read, as [`unread`] says, is told: not documentation, and not data of a distribution's or of R's.
pub(crate) fn is_told(path: &str) -> bool {
    let path = innermost(path);
    let is_data = DATA.iter().any(|folder| path.starts_with(folder)) || ends_with_any(path, &DATA_ENDINGS);
    !is_data && !path.ends_with(".ko.xz") && (!is_documentation(path) || is_named_as_archive(path))
}

/// Whether it is documentation that is compressed by itself, which is knowingly left closed: nothing runs it. Archives there are opened.
pub(crate) fn is_left_closed(path: &str, kind: ContentKind) -> bool {
    matches!(kind, ContentKind::Gzip | ContentKind::Zstd) && is_documentation(path) && !is_named_as_archive(path)
}

/// Whether it is worth a look at its first bytes, by its name.
pub(crate) fn may_be_unread(path: &str) -> bool {
    ends_with_any(path, &ENDINGS)
}

fn is_documentation(path: &str) -> bool {
    DOCUMENTATION.iter().any(|folder| path.starts_with(folder))
}

/// Whether the name is that of several files in one, and not of one that is compressed.
fn is_named_as_archive(path: &str) -> bool {
    let name = path::file_name(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ends_with_any(stem, &[".tar"])
        || ends_with_any(name, &[".7z", ".rar", ".tbz", ".tbz2", ".tgz", ".tlz", ".txz", ".tzst"])
}

/// Whether the name ends so, in any case of letters.
pub(crate) fn ends_with_any(path: &str, endings: &[&str]) -> bool {
    let name = path::file_name(path);
    endings.iter().any(|ending| {
        let start = name.len().checked_sub(ending.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    })
}

/// Of a member of an archive, the path within the innermost one.
fn innermost(path: &str) -> &str {
    path.rsplit_once("!/").map_or(path, |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_told_by_its_first_bytes() {
        let cases: [(&[u8], Option<&str>); 14] = [
            (b"BZh91AY&SY\x01", Some("compressed with bzip2")),
            (b"BZhello, this is a text", None),
            (b"\xfd7zXZ\0\0\x04", Some("compressed with xz")),
            (b"7z\xbc\xaf\x27\x1c\0\x04", Some("an archive of 7z")),
            (b"Rar!\x1a\x07\x01\0", Some("an archive of rar")),
            (b"LZIP\x01\x0c", Some("compressed with lzip")),
            (b"\x04\x22\x4d\x18\x64", Some("compressed with lz4")),
            (b"!<arch>\ndebian-binary   1", Some("a package of Debian")),
            (b"!<arch>\n/               1", None),
            (b"\xed\xab\xee\xdb\x03\0", Some("a package of RPM")),
            (b"MSCF\0\0\0\0\x01", Some("a cabinet archive")),
            (b"hsqs\x01", Some("a squashfs image")),
            (b"\x1f\x8b\x08\0", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(unread(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn data_and_documentation_of_distributions_are_not_told() {
        for (path, told) in [
            ("opt/app.tar.xz", true),
            ("opt/rootfs.tgz!/opt/a.xz", true),
            ("usr/share/doc/x/examples.tar.xz", true),
            ("usr/share/doc/x/examples.7z", true),
            ("usr/share/doc/x/changelog.xz", false),
            ("opt/rootfs.tgz!/usr/share/man/man1/a.1.bz2", false),
            ("usr/lib/modules/6.1/kernel/fs/ext4.ko.xz", false),
            ("opt/driver/nvidia.ko.xz", false),
            ("lib/firmware/a.bin.xz", false),
            ("var/log/apt/eipp.log.xz", false),
            ("var/lib/apt/lists/x_Packages.lz4", false),
            ("usr/lib/R/library/x/data/set.RData", false),
        ] {
            assert_eq!(is_told(path), told, "{path}");
        }
    }

    #[test]
    fn only_documentation_that_is_one_file_is_left_closed() {
        for (path, kind, closed) in [
            ("usr/share/man/man1/ls.1.gz", ContentKind::Gzip, true),
            ("usr/share/doc/x/changelog.gz", ContentKind::Gzip, true),
            ("usr/share/doc/x/changelog.zst", ContentKind::Zstd, true),
            ("usr/share/doc/x/examples.tar.gz", ContentKind::Gzip, false),
            ("usr/share/doc/x/examples.TGZ", ContentKind::Gzip, false),
            ("usr/share/doc/x/examples.zip", ContentKind::Zip, false),
            ("opt/notes.gz", ContentKind::Gzip, false),
        ] {
            assert_eq!(is_left_closed(path, kind), closed, "{path}");
        }
    }
}
