//! What the dependencies of a Swift package resolved to, `Package.resolved`, versions 1 to 3.
//!
//! In: the JSON document. Out: the pinned packages by their repository's address. One that is pinned to a branch or a commit has no version, one
//! in a folder or a registry no address.
//! Source: SwiftPM, `Sources/PackageGraph/ResolvedPackagesStore.swift`; purl specification, `swift`.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads what Swift packages resolved to.
pub struct SwiftResolved;

impl Analyser for SwiftResolved {
    fn name(&self) -> &'static str {
        "swift-resolved"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Package.resolved"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let resolved: Resolved = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not a list of pins: {error}")))?;
        for pin in resolved.object.into_iter().flat_map(|object| object.pins).chain(resolved.pins) {
            if let (Some(name), Some(version)) = (repository(&pin.location), pin.state.version) {
                seen.package(Package::new(PackageType::Swift, name, version));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Resolved {
    /// Version 1.
    object: Option<Pins>,
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pins {
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "repositoryURL", default)]
    location: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

/// A repository's address as `host/path`, from `https://host/path.git`, `ssh://git@host/path` or `git@host:path`.
fn repository(location: &str) -> Option<String> {
    let (scheme, address) = location.split_once("://").unwrap_or(("", location));
    let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
    let address = if scheme.is_empty() { address.replacen(':', "/", 1) } else { address.to_owned() };
    let address = address.trim_end_matches('/');
    let address = address.strip_suffix(".git").unwrap_or(address);
    let is_remote = scheme != "file"
        && address
            .split_once('/')
            .is_some_and(|(host, path)| host.len() > 1 && !host.starts_with('.') && !path.is_empty());
    is_remote.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn pinned_packages_are_found_by_their_repository() {
        let cases: [(&str, &[&str], usize); 7] = [
            (
                r#"{"object":{"pins":[{"package":"NIO","repositoryURL":"https://github.com/apple/swift-nio.git",
                "state":{"branch":null,"revision":"1f","version":"2.65.0"}}]},"version":1}"#,
                &["github.com/apple/swift-nio@2.65.0"],
                0,
            ),
            (
                r#"{"originHash":"0","pins":[{"identity":"quick","kind":"remoteSourceControl","location":"git@github.com:Quick/Quick.git",
                "state":{"revision":"4","version":"7.2.0"}}],"version":3}"#,
                &["github.com/Quick/Quick@7.2.0"],
                0,
            ),
            (
                r#"{"pins":[{"location":"https://x.org/a/b","state":{"branch":"main","revision":"4"}},{"location":"/src/a","state":{"version":"1"}},
                {"identity":"s.n","kind":"registry","state":{"version":"1"}},{"location":"../a","state":{"version":"1"}}]}"#,
                &[],
                0,
            ),
            (r#"{"pins":[{"location":"ssh://git@x.org/a/b/","state":{"version":"1"}}]}"#, &["x.org/a/b@1"], 0),
            ("{}", &[], 0),
            (r#"{"pins":1}"#, &[], 1),
            ("", &[], 1),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&SwiftResolved, "app/Package.resolved", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
