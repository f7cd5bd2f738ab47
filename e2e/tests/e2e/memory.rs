//! The memory of a worker that has as much to do at once as it takes, all of it hostile.

use std::path::Path;
use std::time::Duration;

use plimsoll_e2e::Platform;
use plimsoll_e2e::layout::{Compression, Layout, tar_with};
use plimsoll_e2e::platform::Options;
use plimsoll_testkit::eventually;
use serde_json::Value;

use crate::text;

/// What the scanner may take with its defaults, in KiB, as `services/scanner/README.md` says: 64 MiB of its own, and 256 MiB for each of two images.
const MOST: u64 = (64 + 2 * 256) << 10;

/// These images are not small, and tests' programs are slow.
const LONG: Duration = Duration::from_secs(600);

const MEBIBYTE: usize = 1 << 20;

/// A name, and what makes the layout of an image of that name.
type HostileImage = (&'static str, fn(&Path, &str));

/// Layers with the largest windows that are read, each with a large program and ten thousand packages.
fn windows_programs_and_packages(folder: &Path, name: &str) {
    let mut layout = Layout::create(folder);
    for (layer, window_log) in [("a", 26), ("b", 26), ("c", 23)] {
        let mut program = vec![0; 45 * MEBIBYTE];
        program[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
        let packages: Vec<(String, String)> = (0..10_000)
            .map(|number| {
                let package = format!("{name}{layer}{number}");
                let path = format!("usr/lib/python3/site-packages/{package}-1.dist-info/METADATA");
                (path, format!("Metadata-Version: 2.1\nName: {package}\nVersion: 1\nLicense: {number:01500}\n\n"))
            })
            .collect();
        let mut files = vec![("usr/bin/program", program.as_slice(), 0o755)];
        files.extend(packages.iter().map(|(path, metadata)| (path.as_str(), metadata.as_bytes(), 0o644)));
        layout.layer(&tar_with(&files), Compression::ZstdWindow(window_log), "COPY . /");
    }
    layout.finish("latest");
}

/// Layers with documents that are one small thing again and again, and archives in archives that grow to a hundred times their size.
fn documents_and_archives(folder: &Path, name: &str) {
    let mut layout = Layout::create(folder);
    let document = |head: &str, thing: &str, mebibytes: usize| {
        let mut document = head.as_bytes().to_vec();
        document.extend(thing.as_bytes().repeat(mebibytes * MEBIBYTE / thing.len()));
        document
    };
    let components = document("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[", "{},", 15);
    let numbers = document("{\"files\":[", "1,", 30);
    let paragraphs = document("", "Package: a\n\n", 15);
    let nested = crate::everything::gzip(&tar_with(&[("inner.jar", &large_archive(), 0o644)]));
    for (path, content) in [
        (format!("srv/{name}/bom.json"), &components),
        (format!("opt/{name}/conda-meta/a.json"), &numbers),
        ("var/lib/dpkg/status".to_owned(), &paragraphs),
        (format!("srv/{name}/nested.tar.gz"), &nested),
    ] {
        let files = [(path.as_str(), content.as_slice(), 0o644), ("etc/name", name.as_bytes(), 0o644)];
        layout.layer(&tar_with(&files), Compression::ZstdWindow(26), "COPY . /");
    }
    layout.finish("latest");
}

/// An archive of a hundred files of a mebibyte.
fn large_archive() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let content = b"word of no meaning ".repeat(MEBIBYTE / 19);
    for number in 0..100 {
        writer.start_file(format!("{number}.class"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, &content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_images_scanned_at_a_time_stay_within_a_workers_memory() {
    let mut platform = Platform::start(Options::default()).await;
    let demo = platform.tenant("demo");
    // Both wait when the scanner starts, so that it has them at once.
    platform.service("plimsoll-scanner").stop();
    let images: [HostileImage; 4] = [
        ("windows-1", windows_programs_and_packages),
        ("windows-2", windows_programs_and_packages),
        ("documents-1", documents_and_archives),
        ("documents-2", documents_and_archives),
    ];
    for (name, make) in images {
        let folder = platform.folder().join(name);
        make(&folder, name);
        platform.skopeo_push(&demo, &format!("oci:{}:latest", folder.display()), &format!("{name}:1"));
    }
    platform.restart("plimsoll-scanner").await;
    let idle = peak_kib(&mut platform);
    for (name, _) in images {
        let image = eventually(&format!("the scan of {name} ends"), LONG, async || {
            let image = platform.scan_state(&demo, &format!("{name}:1")).await;
            matches!(text(&image, "/scan/state"), "DONE" | "FAILED").then_some(image)
        })
        .await;
        assert_eq!(text(&image, "/scan/state"), "DONE", "{image:#}");
        let problems: Vec<&Value> = image["problems"].as_array().unwrap().iter().collect();
        assert!(!problems.is_empty(), "what is not read is told: {image:#}");
        println!("{name}: {} MiB so far, {problems:?}", peak_kib(&mut platform) >> 10);
    }
    let peak = peak_kib(&mut platform);
    println!("the scanner: {} MiB at its start, {} MiB at most", idle >> 10, peak >> 10);
    assert!(peak < MOST, "{} MiB", peak >> 10);
}

fn peak_kib(platform: &mut Platform) -> u64 {
    plimsoll_e2e::process::peak_kib(platform.service("plimsoll-scanner").id()).expect("it runs")
}
