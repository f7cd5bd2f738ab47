//! Programs and archives made in memory.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// One of each kind, with a path at which it is wanted.
pub fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("opt/lib-1.0.jar", jar()),
        ("usr/bin/ferry", include_bytes!("../fixtures/rust/root/usr/local/bin/ferry").to_vec()),
        ("usr/bin/python3.11", b"\x7fELF\x02\x01\x01\0\x003.46.1\x003.11.9\0%.80s".to_vec()),
        ("opt/jdk/release", b"JAVA_VERSION=\"21.0.1\"\nGRAALVM_VERSION=\"23.1.1\"\n".to_vec()),
        ("usr/local/go/VERSION", b"go1.22.3\ntime 2024\n".to_vec()),
    ]
}

/// An archive with an artifact, its project and a manifest.
fn jar() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nBundle-SymbolicName: org.acme.\n lib\nBundle-Version: 1.0\n"),
        ("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n"),
        ("META-INF/maven/g/a/pom.xml", "<project><licenses><license><name>MIT</name></license></licenses></project>"),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
