//! The lock files of CocoaPods, `Podfile.lock`.
//!
//! In: the YAML document; under `PODS` a text `Name (version)` a pod, as the key of a list where it depends on others. Out: every pod, and every
//! part of one that is used (`Name/Part`), as a part may be there without the rest.
//! Source: CocoaPods Core, `lib/cocoapods-core/lockfile.rb`.

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads CocoaPods' lock files.
pub struct PodfileLock;

impl Analyser for PodfileLock {
    fn name(&self) -> &'static str {
        "podfile-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Podfile.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        yaml::MAX_BYTES
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = yaml::document(file.bytes)?;
        for pod in lock.pods.into_iter().flatten() {
            let pods = match pod {
                Pod::Alone(pod) => vec![pod],
                Pod::Depending(pods) => pods.into_keys().collect(),
            };
            for pod in pods {
                match pod.strip_suffix(')').and_then(|pod| pod.rsplit_once(" (")) {
                    Some((name, version)) => seen.package(Package::new(PackageType::Cocoapods, name.trim(), version)),
                    None => seen.malformed(Malformed::new("a pod without a version")),
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "PODS")]
    pods: Option<Vec<Pod>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pod {
    Alone(String),
    Depending(BTreeMap<String, IgnoredAny>),
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn pods_and_their_parts_are_found() {
        let cases: [(&str, &[&str], usize); 6] = [
            (
                "PODS:\n  - Texture (3.1.0):\n    - Texture/Core (= 3.1.0)\n  - Texture/Core (3.1.0)\n  - \"A+B (1.0)\"\n  - Reveal-SDK (33)\n\n\
                 DEPENDENCIES:\n  - Texture\n\nSPEC CHECKSUMS:\n  Texture: 2e8a\n\nCOCOAPODS: 1.11.2\n",
                &["A+B@1.0", "Reveal-SDK@33", "Texture@3.1.0", "Texture/Core@3.1.0"],
                0,
            ),
            ("PODS:\n  - A\n  - B ()\n  - C (1)\n", &["C@1"], 2),
            ("COCOAPODS: 1.11.2\n", &[], 0),
            ("PODS: A (1)\n", &[], 1),
            ("PODS: [1, [2]]\n", &[], 1),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&PodfileLock, "app/Podfile.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
