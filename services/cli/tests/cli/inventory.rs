//! `plimsoll inventory`.

use serde_json::{Value, json};

use crate::image::{Image, digest};
use crate::mirror::Place;
use crate::program::{command, finished, plimsoll};

fn archive(place: &Place) -> String {
    place.write("app.tar", Image::debian().docker_save("shop/app:1"))
}

/// Of each package: purl, layer, path.
fn told(document: &Value) -> Vec<Value> {
    let packages = document["packages"].as_array().unwrap();
    packages.iter().map(|package| json!([package["purl"], package["layer"], package["path"]])).collect()
}

#[test]
fn an_archive_is_told_without_a_database_or_a_server() {
    let place = Place::new();
    let run = plimsoll(place.home(), &["inventory", "--format", "json", &archive(&place)]);
    assert_eq!(run.code, 0, "{run:?}");
    let document = run.json();
    let site = "usr/local/lib/python3.11/site-packages/Django-3.2.dist-info/METADATA";
    assert_eq!(
        told(&document),
        [
            json!(["pkg:deb/debian/perl-base@5.36.0-7?arch=amd64&distro=debian-12", 0, "var/lib/dpkg/status"]),
            json!(["pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12", 0, "var/lib/dpkg/status"]),
            json!(["pkg:pypi/django@3.2", 1, site]),
            json!(["pkg:npm/minimist@1.2.0", 1, "app/node_modules/minimist/package.json"]),
        ]
    );
    assert_eq!(document["image"]["name"], "docker.io/shop/app:1");
    assert_eq!(document["image"]["platform"], "linux/amd64");
    assert_eq!(document["layers"][1]["build_step"]["created_by"], "RUN pip install django==3.2 urllib3==1.26.0");
    assert_eq!(document["sources"][0], json!({ "analyser": "dpkg", "files": 1, "packages": 2 }));
    assert_eq!(document["problems"], json!([]));
    let inventory: plimsoll_model::Inventory = serde_json::from_value(document).unwrap();
    assert_eq!(inventory.packages.len(), 4, "it is the document that the libraries read");
}

#[test]
fn a_layout_and_a_folder_are_told_too() {
    let place = Place::new();
    let of_archive = plimsoll(place.home(), &["inventory", "--format", "json", &archive(&place)]).json();
    Image::debian().write_layout(&place.path("layout"), "1");
    let layout = place.path("layout").to_str().unwrap().to_owned();
    let of_layout =
        plimsoll(place.home(), &["inventory", "--format", "json", "--platform", "linux/amd64", &layout]).json();
    assert_eq!(told(&of_layout), told(&of_archive));
    let digest = digest(&Image::debian().manifest());
    assert_eq!(of_layout["image"]["digest"], digest.as_str());
    Image::debian().write_index(&place.path("nameless"), &[]);
    let nameless = plimsoll(place.home(), &["inventory", "oci:nameless"]);
    assert!(nameless.out.starts_with(&format!("Digest     {digest} (linux/amd64)\nSystem ")), "{nameless:?}");
    assert!(nameless.err.contains("reading 3 layers"), "{nameless:?}");

    place.write("root/Cargo.lock", "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\n");
    place.write("root/package-lock.json", "{ \"packages\": ");
    let run = plimsoll(place.home(), &["inventory", "--format", "json", "dir:root"]);
    let folder = run.json();
    assert_eq!((run.code, told(&folder)), (0, vec![json!(["pkg:cargo/time@0.1.43", 0, "Cargo.lock"])]));
    assert_eq!(folder["image"], json!({ "name": "root", "digest": null, "platform": null, "other_platforms": [] }));
    assert_eq!(folder["problems"][0]["code"], "file_malformed");
    let lock = plimsoll(place.home(), &["inventory", "root/Cargo.lock"]);
    assert!(lock.out.starts_with("Path       root/Cargo.lock\nSystem "), "{lock:?}");
    assert!(lock.code == 0 && lock.out.ends_with("Packages   1: 1 cargo; 1 without a licence\n"), "{lock:?}");
}

#[test]
fn the_table_has_every_package_and_what_was_not_read() {
    let place = Place::new();
    let mut image = Image::debian();
    // In the third file's content.
    image.layers[1].truncate(5 * 512);
    let archive = place.write("app.tar", image.docker_save("shop/app:1"));
    let run = plimsoll(place.home(), &["inventory", &archive]);
    assert_eq!(run.code, 0, "{run:?}");
    for expected in [
        "System     Debian GNU/Linux 12 (bookworm)\n",
        "\ndeb, 2 packages\n",
        "pkg:deb/debian/perl-base@5.36.0-7?arch=amd64&distro=debian-12\n",
        "COPY rootfs /",
        "Problems   1 part of the image could not be read\n",
        "\nPackages   3: 2 deb, 1 pypi; 3 without a licence\n",
    ] {
        assert!(run.out.contains(expected), "{expected}\n{}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_bill_of_materials_is_the_same_again_where_its_time_is_set() {
    let place = Place::new();
    let archive = archive(&place);
    let written = |epoch: Option<&str>| {
        let mut command = command(place.home());
        command.args(["inventory", "--format", "cyclonedx", &archive]);
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        let run = finished(&mut command);
        assert_eq!(run.code, 0, "{run:?}");
        run
    };
    let (once, again) = (written(Some("1788000000")), written(Some("1788000000")));
    assert_eq!(once.out, again.out);
    let serials = [&once, &written(None), &written(None)].map(|run| run.json()["serialNumber"].clone());
    assert!(serials[0] != serials[1] && serials[1] != serials[2], "{serials:?}");
    insta::assert_json_snapshot!(once.json());
    let read = plimsoll_interchange::sbom::read(once.out.as_bytes(), &Default::default()).unwrap();
    assert_eq!((read.packages.len(), read.complaints), (4, vec![]));
}

#[test]
fn what_cannot_be_told_says_why_and_what_helps() {
    let place = Place::new();
    place.write("folder/file", "");
    for (arguments, code, expected) in [
        (vec!["inventory", "missing.tar"], 3, "there is no file or folder 'missing.tar'"),
        (
            vec!["inventory", "folder/"],
            3,
            "dir:folder/ says that a folder is to be read as it is: inventory does so, and scan with --offline",
        ),
        (vec!["inventory", "dir:missing"], 3, "missing"),
        (vec!["inventory", "127.0.0.1:1/nothing:1"], 3, "127.0.0.1"),
        (vec!["inventory"], 2, "required"),
        (vec!["inventory", "--format", "spdx", "x"], 2, "table, json, cyclonedx"),
    ] {
        let run = plimsoll(place.home(), &arguments);
        assert_eq!((run.code, run.out.as_str()), (code, ""), "{arguments:?}: {run:?}");
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    let help = plimsoll(place.home(), &["inventory", "--help"]);
    assert!(help.code == 0 && help.out.contains("plimsoll inventory --format cyclonedx oci:build/layout"), "{help:?}");
}
