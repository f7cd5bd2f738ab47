//! Layers folded: whiteouts, replacements, and since when a package has been there.

use plimsoll_analysis::{LayerAnalysis, squash};
use plimsoll_model::InstalledPackage;

use crate::builder::*;

const A: &str = "opt/a/x-1.dist-info/METADATA";
const B: &str = "opt/b/y-1.dist-info/METADATA";

fn below() -> Tar {
    Tar::new().directory("opt/").directory("opt/a/").file(A, metadata("x", "1")).file(B, metadata("y", "1"))
}

#[test]
fn what_a_layer_deletes_or_replaces_is_gone() {
    let x = "x@1 0";
    let y = "y@1 0";
    let new = metadata("new", "2");
    let cases = [
        ("nothing", Tar::new().file("opt/c", b""), vec![x, y]),
        ("a file", Tar::new().file("opt/a/x-1.dist-info/.wh.METADATA", b""), vec![y]),
        ("its folder", Tar::new().file("opt/a/.wh.x-1.dist-info", b""), vec![y]),
        ("a folder above", Tar::new().file("opt/.wh.a", b""), vec![y]),
        ("a folder whose name begins alike", Tar::new().file("opt/a/.wh.x-1", b"").file(".wh.op", b""), vec![x, y]),
        ("everything", Tar::new().file(".wh.opt", b""), vec![]),
        ("what is not there", Tar::new().file("opt/.wh.z", b""), vec![x, y]),
        ("what lies inside an opaque folder", Tar::new().file("opt/a/.wh..wh..opq", b""), vec![y]),
        ("an opaque root", Tar::new().file(".wh..wh..opq", b""), vec![]),
        ("a file with another", Tar::new().file(A, &new), vec!["new@2 1", y]),
        ("a file with a link", Tar::new().symlink(A, "/x"), vec![y]),
        ("a file with a folder", Tar::new().directory("opt/a/x-1.dist-info/METADATA/"), vec![y]),
        ("a folder with a link", Tar::new().symlink("opt/a", "b"), vec![y]),
        ("a folder with a file", Tar::new().file("opt/a", b""), vec![y]),
        ("a folder with a device", Tar::new().link(b'3', "opt", ""), vec![]),
        ("a folder with itself", Tar::new().directory("opt/a/"), vec![x, y]),
        ("whiteouts through dots", Tar::new().file("./opt/../opt/.wh.a", b""), vec![y]),
    ];
    for (name, above, expected) in cases {
        assert_eq!(found(&image(&[below(), above])), expected, "{name}");
    }
}

#[test]
fn a_layer_s_own_files_outlive_its_whiteouts_wherever_these_stand() {
    let new = metadata("new", "2");
    let path = "opt/a/new-2.dist-info/METADATA";
    let cases = [
        ("opaque before", Tar::new().file("opt/a/.wh..wh..opq", b"").file(path, &new)),
        ("opaque after", Tar::new().file(path, &new).file("opt/a/.wh..wh..opq", b"")),
        ("whiteout of the folder before", Tar::new().file("opt/.wh.a", b"").file(path, &new)),
        ("whiteout of the folder after", Tar::new().file(path, &new).file("opt/.wh.a", b"")),
    ];
    for (name, above) in cases {
        assert_eq!(found(&image(&[below(), above])), ["new@2 1", "y@1 0"], "{name}");
    }
}

#[test]
fn a_metadata_file_that_becomes_a_folder_is_replaced() {
    let lower = Tar::new().file("lib/six-1.egg-info", metadata("six", "1"));
    let upper = Tar::new().file("lib/six-1.egg-info/PKG-INFO", metadata("six", "2"));
    assert_eq!(found(&image(&[lower, upper])), ["six@2 1"]);
}

#[test]
fn each_package_of_a_rewritten_database_dates_from_its_first_layer() {
    let status = |packages: &[(&str, &str)]| Tar::new().file("var/lib/dpkg/status", dpkg_status(packages));
    let inventory = image(&[
        status(&[("base", "1"), ("curl", "7"), ("gone", "1"), ("back", "1")]),
        status(&[("base", "1"), ("curl", "8"), ("back", "2"), ("git", "2")]),
        Tar::new().file("unrelated", b""),
        status(&[("base", "1"), ("curl", "8"), ("back", "1"), ("git", "2"), ("late", "1")]),
    ]);
    assert_eq!(found(&inventory), ["back@1 3", "base@1 0", "curl@8 1", "git@2 1", "late@1 3"]);
    let again = image(&[status(&[("a", "1")]), status(&[]), status(&[("a", "1")])]);
    assert_eq!(found(&again), ["a@1 2"], "removed and installed again");
}

#[test]
fn a_database_that_moves_or_whose_folder_is_opaque_keeps_its_dates() {
    let records = "P:musl\nV:1.2\nA:x86_64\n\n";
    let moved = image(&[
        Tar::new().file("lib/apk/db/installed", records),
        Tar::new().symlink("lib", "usr/lib").file("usr/lib/apk/db/installed", records),
    ]);
    assert_eq!(found(&moved), ["musl@1.2 0"]);
    let opaque = image(&[
        Tar::new().file("lib/apk/db/installed", records),
        Tar::new().file("lib/apk/db/.wh..wh..opq", b"").file("lib/apk/db/installed", records),
    ]);
    assert_eq!(found(&opaque), ["musl@1.2 0"]);
}

#[test]
fn a_package_at_several_paths_stays_several() {
    let inventory = image(&[Tar::new()
        .file("a/node_modules/x/package.json", r#"{"name":"x","version":"1"}"#)
        .file("b/node_modules/x/package.json", r#"{"name":"x","version":"1"}"#)]);
    let paths: Vec<_> = inventory.packages.iter().map(|package| package.path.as_str()).collect();
    assert_eq!(paths, ["a/node_modules/x/package.json", "b/node_modules/x/package.json"]);
}

#[test]
fn the_operating_system_gives_distribution_packages_their_ecosystem() {
    let tar = |release: &str| {
        Tar::new().file("etc/os-release", release).file("var/lib/dpkg/status", dpkg_status(&[("a", "1")]))
    };
    let cases = [
        ("ID=debian\nVERSION_ID=12\n", Some("Debian:12"), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12"),
        ("ID=mystery\nVERSION_ID=7\n", None, "pkg:deb/mystery/a@1?arch=amd64&distro=mystery-7"),
    ];
    for (release, ecosystem, purl) in cases {
        let inventory = image(&[tar(release)]);
        let package = &inventory.packages[0];
        assert_eq!(package.ecosystem.as_ref().map(ToString::to_string).as_deref(), ecosystem);
        assert_eq!(package.purl.as_deref(), Some(purl));
    }
    let fallback =
        image(&[Tar::new().file("etc/alpine-release", "3.18.4\n").file("lib/apk/db/installed", "P:a\nV:1\n")]);
    assert_eq!(fallback.packages[0].ecosystem.as_ref().map(ToString::to_string).as_deref(), Some("Alpine:v3.18"));
    assert_eq!(fallback.os.and_then(|os| os.version_id).as_deref(), Some("3.18.4"));
}

#[test]
fn what_the_distribution_owns_is_not_reported_twice() {
    let path = "usr/lib/python3/dist-packages/six-1.egg-info/PKG-INFO";
    let merged = "lib/node_modules/npm/package.json";
    let files =
        Tar::new().file(path, metadata("six", "1")).file(&format!("usr/{merged}"), r#"{"name":"npm","version":"9"}"#);
    let list = Tar::new().file("var/lib/dpkg/info/six.list", format!("/.\n/{path}\n/{merged}\n"));
    // The list may come in the same layer or in another, before or after.
    assert_eq!(found(&image(&[files.clone(), list.clone()])), Vec::<String>::new());
    assert_eq!(found(&image(&[list.clone(), files.clone()])), Vec::<String>::new());
    assert_eq!(found(&image(&[list, files.clone(), Tar::new().file("var/lib/dpkg/.wh.info", b"")])).len(), 2);
    assert_eq!(found(&image(&[files])).len(), 2);
}

#[test]
fn layers_carry_their_build_step_and_the_outcome_does_not_depend_on_the_order_given() {
    let analyses: Vec<LayerAnalysis> =
        [below(), Tar::new().file("opt/.wh.a", b"")].map(|tar| analyse(&gzip(&tar.end()))).to_vec();
    let ordered = layers(&analyses);
    let inventory = squash(&ordered);
    assert_eq!(inventory.layers[1].build_step.as_ref().map(|step| step.created_by.as_str()), Some("RUN step 1"));
    let reversed: Vec<_> = ordered.iter().rev().cloned().collect();
    assert_eq!(squash(&reversed), inventory);
}

#[test]
fn an_analysis_reads_back_as_it_was_written() {
    let analysis =
        analyse(&gzip(&below().file("opt/.wh.z", b"").file("opt/q/.wh..wh..opq", b"").file("Cargo.lock", "x").end()));
    let written = serde_json::to_vec(&analysis).unwrap();
    assert_eq!(serde_json::from_slice::<LayerAnalysis>(&written).unwrap(), analysis);
}

#[test]
fn what_no_advisory_speaks_of_is_not_taken_for_the_distribution_s() {
    let tar = Tar::new()
        .file("etc/os-release", b"ID=debian\nVERSION_ID=12\n")
        .file("opt/conda/conda-meta/nginx-1.21.4-0.json", br#"{"name":"nginx","version":"1.21.4"}"#)
        .file("var/lib/dpkg/status", dpkg_status(&[("nginx", "1.22.1-9")]));
    let ecosystems = image(&[tar]).packages.into_iter().map(|found| found.ecosystem.map(|name| name.to_string()));
    assert_eq!(ecosystems.collect::<Vec<_>>(), [Some("Debian:12".to_owned()), None]);
}

#[test]
fn a_debian_package_has_the_licence_that_its_folder_says_wherever_links_lead() {
    let copyright = |license: &str| format!("Format: 1\n\nFiles: *\nLicense: {license}\n");
    let doc = |name: &str| format!("usr/share/doc/{name}");
    let file = |name: &str| format!("usr/share/doc/{name}/copyright");
    let below = || {
        let packages = ["a", "b", "c", "d", "e", "f", "loop"].map(|name| (name, "1"));
        Tar::new()
            .file("var/lib/dpkg/status", dpkg_status(&packages))
            .file(&file("a"), copyright("Expat"))
            .symlink(&doc("b"), "a")
            .symlink(&doc("c"), "../../../usr/share/doc/b")
            .symlink(&file("d"), "../a/copyright")
            .symlink(&doc("loop"), "loop")
            .symlink(&file("f"), "/usr/share/doc/f/copyright")
    };
    let licenses = |tars: &[Tar]| {
        let stated = |found: InstalledPackage| Some(format!("{} {}", found.package.name, found.package.license?));
        image(tars).packages.into_iter().filter_map(stated).collect::<Vec<_>>()
    };
    let mit = ["a MIT", "b MIT", "c MIT", "d MIT"];
    let cases = [
        ("one layer", Tar::new(), mit.to_vec()),
        ("replaced", Tar::new().file(&file("a"), copyright("ISC")), vec!["a ISC", "b ISC", "c ISC", "d ISC"]),
        ("a folder of its own", Tar::new().directory(&doc("b")).file(&file("b"), copyright("ISC")), {
            vec!["a MIT", "b ISC", "c ISC", "d MIT"]
        }),
        ("deleted", Tar::new().file("usr/share/doc/.wh.a", b""), vec![]),
        ("a link deleted", Tar::new().file("usr/share/doc/.wh.b", b""), vec!["a MIT", "d MIT"]),
        ("a link replaced", Tar::new().symlink(&doc("e"), "a"), [&mit[..], &["e MIT"]].concat()),
        (
            "a chain without an end",
            (0..20).fold(Tar::new().symlink(&doc("e"), "x0"), |tar, n| {
                tar.symlink(&doc(&format!("x{n}")), &format!("x{}", n + 1))
            }),
            mit.to_vec(),
        ),
    ];
    for (name, above, expected) in cases {
        assert_eq!(licenses(&[below(), above]), expected, "{name}");
    }
}

#[test]
fn bytes_that_later_layers_delete_or_replace_are_counted_in_the_layer_that_has_them() {
    let below = || Tar::new().directory("a/").file("a/b/one", [1; 100]).file("a/two", [2; 20]).file("three", [3; 3]);
    let hidden = |above: &[Tar]| {
        let all: Vec<Tar> = std::iter::once(below()).chain(above.iter().cloned()).collect();
        let counted = image(&all).layer_bytes;
        assert!(counted.iter().zip(0..).all(|(layer, index)| layer.layer == index));
        counted.into_iter().map(|layer| (layer.bytes, layer.hidden)).collect::<Vec<_>>()
    };
    let cases = [
        ("nothing", vec![Tar::new().file("four", [4; 4])], vec![(123, 0), (4, 0)]),
        ("a file", vec![Tar::new().file("a/.wh.two", b"")], vec![(123, 20), (0, 0)]),
        ("a folder", vec![Tar::new().file(".wh.a", b"")], vec![(123, 120), (0, 0)]),
        ("a folder that has no entry", vec![Tar::new().file("a/.wh.b", b"")], vec![(123, 100), (0, 0)]),
        ("a folder's content", vec![Tar::new().file("a/.wh..wh..opq", b"").file("a/two", [0; 5])], {
            vec![(123, 120), (5, 0)]
        }),
        ("everything", vec![Tar::new().file(".wh..wh..opq", b"")], vec![(123, 123), (0, 0)]),
        ("replaced by a file", vec![Tar::new().file("a/b/one", [1; 100])], vec![(123, 100), (100, 0)]),
        ("replaced by a folder", vec![Tar::new().directory("three/")], vec![(123, 3), (0, 0)]),
        ("a folder that is there already", vec![Tar::new().directory("a/")], vec![(123, 0), (0, 0)]),
        ("a folder replaced by a link", vec![Tar::new().symlink("a", "x")], vec![(123, 120), (0, 0)]),
        (
            "hidden twice",
            vec![Tar::new().file("a/.wh.b", b"").file("a/two", [2; 30]), Tar::new().file(".wh.a", b"")],
            vec![(123, 120), (30, 30), (0, 0)],
        ),
    ];
    for (name, above, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|(bytes, hidden)| (bytes, Some(hidden))).collect();
        assert_eq!(hidden(&above), expected, "{name}");
    }
}

#[test]
fn what_a_layer_hides_is_not_known_where_one_was_not_read_to_its_end() {
    let whole = analyse(&Tar::new().file("a", [1; 600]).end());
    let cut = analyse(&Tar::new().file("a", [1; 600]).end()[..700]);
    let analyses = [whole, cut];
    let counted = squash(&layers(&analyses)).layer_bytes;
    assert_eq!(counted[1].hidden, None);
    assert!(analyses[0].contents.sizes.is_some());
}

#[test]
fn the_last_of_several_entries_of_one_path_is_its_size() {
    let tar = Tar::new().file("a", [1; 600]).file("a", [1; 7]);
    let hidden = image(&[tar, Tar::new().file(".wh.a", b"")]).layer_bytes[0].hidden;
    assert_eq!(hidden, Some(7));
}
