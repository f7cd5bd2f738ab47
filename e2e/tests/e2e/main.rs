//! The platform from outside: real clients, real servers, real images.

mod base_image;
mod command_line;
mod everything;
mod gaps;
mod main_job;
mod malware;
mod memory;
mod operations;
mod own_advisories;
mod platforms;
mod readme;
mod rematching;
mod tenancy;
mod tracing;
mod vex;

use plimsoll_e2e::Platform;
use plimsoll_e2e::layout::small_image;
use plimsoll_e2e::mirror::{Mirror, osv, write_small_mirror};
use plimsoll_e2e::platform::{Options, Tenant};
use serde_json::Value;
use tempfile::TempDir;

/// A platform with a small mirror and an organization.
struct Small {
    platform: Platform,
    demo: Tenant,
    mirror: TempDir,
    images: TempDir,
    server: Mirror,
}

impl Small {
    /// Started, its feeds synced. `CVE-2026-1` is in `demo-package` below 1.1, `CVE-2026-2` in Debian's pcre2.
    async fn start(otlp: Option<String>) -> Self {
        let mirror = tempfile::tempdir().unwrap();
        write_small_mirror(mirror.path(), &[osv("PYSEC-2026-1", "CVE-2026-1", "demo-package", "1.1")]);
        let server = Mirror::serve(mirror.path().to_owned());
        let platform =
            Platform::start(Options { feeds_base: Some(server.address().into()), otlp, ..Options::default() }).await;
        let demo = platform.tenant("demo");
        platform.sync_feeds();
        Self { platform, demo, mirror, images: tempfile::tempdir().unwrap(), server }
    }

    /// The layout of a small image with Python packages, as `skopeo` names it.
    fn image(&self, name: &str, python: &[(&str, &str)]) -> String {
        let folder = self.images.path().join(name);
        small_image(&folder, python);
        format!("oci:{}:latest", folder.display())
    }

    /// Pushes a small image and gives it once it is scanned.
    async fn push(&self, reference: &str, python: &[(&str, &str)]) -> Value {
        let image = self.image(&reference.replace(':', "-"), python);
        self.platform.skopeo_push(&self.demo, &image, reference);
        self.platform.scanned(&self.demo, reference).await
    }

    /// The vulnerabilities found in an image, with the packages they are in, sorted.
    async fn found(&self, image: &Value) -> Vec<(String, String)> {
        let findings = self.platform.findings(&self.demo, image).await;
        let mut found: Vec<_> =
            findings.iter().map(|f| (text(f, "/vulnerability/name").into(), text(f, "/package/name").into())).collect();
        found.sort();
        found
    }
}

/// The text at a JSON pointer; empty where there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The pair that [`Small::found`] gives.
fn pair(vulnerability: &str, package: &str) -> (String, String) {
    (vulnerability.into(), package.into())
}
