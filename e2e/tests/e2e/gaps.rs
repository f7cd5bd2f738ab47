//! What was not judged, and why, image by image: through GraphQL, and in the command line's table.

use plimsoll_e2e::layout::{Compression, Layout, tar_with};
use plimsoll_e2e::process::output;
use serde_json::Value;

use crate::everything::{coverage, gzip, zip};
use crate::{Small, text};

/// A tar of these files and of what shows a package.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let package = ("app/x-1.dist-info/METADATA", b"Metadata-Version: 2.1\nName: x\nVersion: 1\n\n".as_slice());
    let files: Vec<_> = files.iter().chain([&package]).map(|(path, content)| (*path, *content, 0o644)).collect();
    tar_with(&files)
}

fn first_half(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_why_something_was_not_judged_is_told_of_an_image_that_has_it() {
    let small = Small::start(None).await;
    let os_release = |words: &str| tar(&[("etc/os-release", words.as_bytes())]);
    let status = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n\n".as_bytes();
    let stretch = "ID=debian\nVERSION_ID=\"9\"\nVERSION_CODENAME=stretch\n".as_bytes();
    let broken = first_half(zip("inner.txt", &"a text of some length ".repeat(500)));
    let large = vec![b' '; 20 << 20];
    let cases = [
        ("ended", "OS_ENDED", tar(&[("etc/os-release", stretch), ("var/lib/dpkg/status", status)])),
        ("unknown", "OS_UNKNOWN", os_release("ID=klingon\nVERSION_ID=\"1\"\n")),
        ("windows", "PLATFORM_NOT_SUPPORTED", tar(&[])),
        ("truncated", "LAYER_NOT_READ", tar(&[("app/words", &large)])),
        ("large", "FILE_NOT_READ", tar(&[("app/package-lock.json", &large)])),
        ("archive", "ARCHIVE_NOT_READ", tar(&[("app/broken.jar", &broken)])),
    ];
    for (name, reason, tar) in &cases {
        let folder = small.images.path().join(name);
        let mut layout = Layout::create(&folder);
        layout.runs_on(if *name == "windows" { "windows" } else { "linux" });
        if *name == "truncated" {
            layout.broken_layer(tar, &first_half(gzip(tar)), "ADD /");
        } else {
            layout.layer(tar, Compression::Gzip, "ADD /");
        }
        layout.finish("latest");
        // The command line sends it as it is: `skopeo` would not take a layer that breaks off.
        let scan =
            |format: &str| output(small.platform.cli(&small.demo).arg("scan").args(["--format", format]).arg(&folder));
        let report: Value = serde_json::from_str(&scan("json")).unwrap();
        let coverage = coverage(&small.platform, &small.demo, text(&report, "/image/digest")).await;
        let gaps = coverage["gaps"].as_array().unwrap();
        let gap = gaps.iter().find(|gap| gap["reason"] == *reason);
        let gap = gap.unwrap_or_else(|| panic!("{name} has no {reason}: {coverage:#}"));
        let statement = text(gap, "/statement");
        assert!(statement.starts_with("not judged") && statement.contains(", because "), "{name}: {statement}");
        assert_eq!(coverage["isComplete"], false, "{name}");
        let table = words(&scan("table"));
        let beginning: Vec<&str> = statement.split_whitespace().take(8).collect();
        assert!(table.contains(&beginning.join(" ")), "{name}: {table}");
    }
}

/// A table's words; its sentences begin with a capital.
fn words(table: &str) -> String {
    table.split_whitespace().collect::<Vec<_>>().join(" ").replace("Not judged", "not judged")
}
