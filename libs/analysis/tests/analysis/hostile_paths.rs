//! Entries whose names, kinds and links are hostile: rows L10 to L13 and L15 of the conformance list.

use plimsoll_model::ProblemCode;

use crate::builder::*;

const OS: &str = "ID=debian\nVERSION_ID=12\n";

#[test]
fn l10_names_are_normalised_inside_the_image_and_shown_escaped() {
    let names: [(&[u8], &str); 8] = [
        (b"../../etc/os-release", "etc/os-release"),
        (b"/etc/os-release", "etc/os-release"),
        (b"./etc//./os-release", "etc/os-release"),
        (b"a/../../etc/os-release", "etc/os-release"),
        (b"x\n\x1b[2J/Cargo.lock", "x\\x0a\\x1b[2J/Cargo.lock"),
        (b"caf\xe9/Cargo.lock", "caf\\xe9/Cargo.lock"),
        (b"etc/os-release\0.txt", "etc/os-release"),
        ("\u{202e}x/Cargo.lock".as_bytes(), "\\u{202e}x/Cargo.lock"),
    ];
    for (name, expected) in names {
        let tar = Tar::new().raw(&Header::new(name, b'0', 4).block()).content(b"ID=a");
        let layer = analyse(&tar.end());
        assert_eq!(layer.contents.files.keys().collect::<Vec<_>>(), [expected]);
        assert!(layer.problems.iter().all(|problem| problem.path.as_deref() == Some(expected)));
    }
    for name in ["", "./", "/", "..", "a/.."] {
        let layer = analyse(&Tar::new().file(name, b"x").directory(name).file("etc/os-release", OS).end());
        assert_eq!((codes(&layer), layer.contents.files.len()), (vec![], 1), "{name}");
    }
}

#[test]
fn l10_names_come_from_every_place_that_tar_has_for_them() {
    let long = format!("{}/x-1.dist-info/METADATA", "deep/".repeat(60));
    let mut prefixed = Header::new(b"x-1.dist-info/METADATA", b'0', 26).block();
    prefixed[345..350].copy_from_slice(b"a/b/c");
    seal(&mut prefixed);
    let body = metadata("x", "1");
    let body = body.as_bytes();
    let size = body.len() as u64;
    let mut gnu_with_atime =
        Header { magic: b"ustar  \0", ..Header::new(b"x-1.dist-info/METADATA", b'0', size) }.block();
    gnu_with_atime[345..357].copy_from_slice(b"14000000000\0");
    seal(&mut gnu_with_atime);
    prefixed[124..136].copy_from_slice(&octal(size));
    seal(&mut prefixed);
    let cases = [
        (
            Tar::new().pax(&[("path", &long)]).raw(&Header::new(b"short", b'0', size).block()).content(body),
            long.clone(),
        ),
        (
            Tar::new()
                .extension(b'L', format!("{long}\0").as_bytes())
                .raw(&Header::new(b"short", b'0', size).block())
                .content(body),
            long.clone(),
        ),
        (Tar::new().raw(&prefixed).content(body), "a/b/c/x-1.dist-info/METADATA".into()),
        (Tar::new().raw(&gnu_with_atime).content(body), "x-1.dist-info/METADATA".into()),
    ];
    for (tar, expected) in cases {
        let layer = analyse(&tar.end());
        assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["x@1".into()]));
        assert_eq!(layer.contents.files.keys().next().map(String::as_str), Some(&*expected.replace("//", "/")));
    }
}

#[test]
fn l11_links_are_not_followed_out_of_the_image_or_round_in_circles() {
    let tar = Tar::new()
        .symlink("root", "/")
        .symlink("a", "b")
        .symlink("b", "a")
        .symlink("etc/os-release", "../usr/lib/os-release")
        .file("usr/lib/os-release", OS)
        .symlink("usr/lib/python3", "../../../../../..")
        .symlink("app/node_modules/x/package.json", "/etc/passwd");
    let inventory = image(&[tar]);
    assert_eq!(inventory.os.map(|os| os.id), Some("debian".into()));
    assert_eq!((inventory.packages.len(), inventory.problems.len()), (0, 0));
}

#[test]
fn l11_a_hard_link_says_what_its_target_in_the_layer_says() {
    let (one, two) = (dist_info("one"), dist_info("two"));
    let layer = analyse(&Tar::new().file(&one, metadata("six", "1")).hard_link(&two, &one).end());
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1".into(), "six@1".into()]));
    // To itself; to a file of a lower layer or one that was not held: named, and nothing is guessed.
    let layer = analyse(&Tar::new().file(&one, metadata("six", "1")).hard_link(&one, &one).end());
    assert_eq!((codes(&layer), names(&layer)), (vec![], vec!["six@1".into()]));
    for target in ["usr/lib/elsewhere", "../../../etc/shadow", "etc/os-release"] {
        let layer = analyse(&Tar::new().file("etc/os-release", OS).hard_link(&one, target).end());
        assert_eq!((codes(&layer), names(&layer).len()), (vec![ProblemCode::FileMalformed], 0), "{target}");
        assert!(layer.contents.files.contains_key(&one));
    }
}

#[test]
fn l12_the_last_of_several_entries_of_one_path_counts() {
    let path = dist_info("six");
    let tar = Tar::new()
        .file(&path, metadata("six", "1"))
        .file(&path, metadata("six", "2"))
        .file(&path, metadata("six", "3"));
    assert_eq!(names(&analyse(&tar.clone().end())), ["six@3"]);
    assert_eq!(names(&analyse(&tar.clone().symlink(&path, "/x").end())), Vec::<String>::new());
    // A folder that becomes something else within the layer takes its content with it.
    assert_eq!(names(&analyse(&tar.symlink("usr/lib/python3", "/x").end())), Vec::<String>::new());
}

#[test]
fn l13_whiteouts_that_name_nothing_are_problems() {
    for name in ["a/.wh.", ".wh.", "a/.wh...", ".wh..", ".wh...", "a/.wh.."] {
        let layer = analyse(&Tar::new().file(name, b"").file(&dist_info("six"), metadata("six", "1")).end());
        assert_eq!(codes(&layer), [ProblemCode::WhiteoutInvalid], "{name}");
        assert_eq!((layer.contents.whiteouts.len(), names(&layer).len()), (0, 1));
    }
    for name in [".wh..wh.plnk", "a/.wh..wh.aufs", ".wh..wh.orph/"] {
        let layer = analyse(&Tar::new().file(name, b"").end());
        assert_eq!((codes(&layer), layer.contents.whiteouts.len()), (vec![], 0), "{name}");
    }
}

#[test]
fn l14_a_path_thousands_of_folders_deep_is_bounded() {
    let deep = format!("{}Cargo.lock", "a/".repeat(2000));
    let layer = analyse(&Tar::new().file(&deep, "version = 4\n").end());
    assert_eq!((codes(&layer), layer.contents.files.len()), (vec![], 1));
    let deeper = format!("{}Cargo.lock", "a/".repeat(4096));
    let layer = analyse(&Tar::new().file(&deeper, "version = 4\n").file("etc/os-release", OS).end());
    assert_eq!((codes(&layer), layer.contents.files.len()), (vec![ProblemCode::TarHeaderTooLarge], 1));
}

#[test]
fn l15_sparse_files_and_devices_are_skipped_without_their_content() {
    let mut old_gnu = Header { magic: b"ustar  \0", ..Header::new(b"etc/os-release", b'S', 512) }.block();
    old_gnu[482] = 1;
    seal(&mut old_gnu);
    let (mut more, last) = ([0_u8; 512], [0_u8; 512]);
    more[504] = 1;
    let tar = Tar::new()
        .raw(&old_gnu)
        .raw(&more)
        .raw(&last)
        .content(&[7; 512])
        .pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "app/Cargo.lock"),
            ("GNU.sparse.realsize", "9999"),
        ])
        .raw(&Header::new(b"app/GNUSparseFile.0/Cargo.lock", b'0', 512).block())
        .content(&[8; 512])
        .link(b'3', "dev/null", "")
        .link(b'4', "dev/sda", "")
        .link(b'6', "etc/debian_version", "")
        .raw(&Header::new(b"var/lib/dpkg/status", b'6', 1 << 32).block())
        .file(&dist_info("six"), metadata("six", "1"));
    let layer = analyse(&tar.end());
    assert_eq!(codes(&layer), [ProblemCode::FileMalformed, ProblemCode::FileMalformed]);
    let paths: Vec<_> = layer.problems.iter().filter_map(|problem| problem.path.as_deref()).collect();
    assert_eq!((paths, names(&layer)), (vec!["etc/os-release", "app/Cargo.lock"], vec!["six@1".into()]));
    assert_eq!(layer.contents.files.len(), 5);
}
