//! What a .NET application was published with, `NAME.deps.json`.
//!
//! In: the JSON document: libraries, and of each target which of their files are used. Out: packages with a file in the target that is run,
//! and the runtime that an application brings along. Versions are those of the packages, never of files. Projects are the
//! application's own. A package of which no file is used was replaced by the runtime's own copy when the application was built, or was only
//! compiled against.
//! Source: .NET, "runtime configuration files" (`docs/design/features/host-runtime-information.md` of dotnet/runtime).

use std::collections::HashMap;
use std::fmt;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::{Analyser, File, Malformed, Observations};

/// Reads what .NET applications were published with.
pub struct DotnetDeps;

impl Analyser for DotnetDeps {
    fn name(&self) -> &'static str {
        "dotnet-deps"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.deps.json"]
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let document = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file.bytes);
        let deps: Deps = serde_json::from_slice(document)
            .map_err(|error| Malformed::at(error.line(), format!("not a list of dependencies: {error}")))?;
        for (key, library) in &deps.libraries {
            let is_package = matches!(library.kind.as_str(), "package" | "runtimepack");
            if !is_package || !deps.uses(key) {
                continue;
            }
            match key.split_once('/') {
                // The runtime is listed under its package's name with this before it.
                Some((name, version)) => {
                    let name = name.strip_prefix("runtimepack.").unwrap_or(name);
                    seen.package(Package::new(PackageType::Nuget, name, version));
                }
                None => {
                    let shown: String = crate::path::escape(key.as_bytes()).chars().take(60).collect();
                    seen.malformed(Malformed::new(format!("a library without a version: '{shown}'")));
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deps {
    runtime_target: Option<RuntimeTarget>,
    #[serde(default)]
    targets: HashMap<String, HashMap<String, Files>>,
    #[serde(default)]
    libraries: HashMap<String, Library>,
}

/// The target that is run. The first releases wrote its name only.
#[derive(Deserialize)]
#[serde(untagged)]
enum RuntimeTarget {
    Described { name: String },
    Named(String),
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type", default)]
    kind: String,
}

/// Whether a target uses files of a library, by what they are for. What is only compiled against is not among them.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Files {
    runtime: AnyFile,
    runtime_targets: AnyFile,
    native: AnyFile,
    resources: AnyFile,
}

impl Files {
    fn are_any(&self) -> bool {
        [&self.runtime, &self.runtime_targets, &self.native, &self.resources].into_iter().any(|files| files.0)
    }
}

/// Whether an object of files has one: the files themselves are not kept.
#[derive(Default)]
struct AnyFile(bool);

impl<'de> Deserialize<'de> for AnyFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyFileVisitor)
    }
}

struct AnyFileVisitor;

impl<'de> Visitor<'de> for AnyFileVisitor {
    type Value = AnyFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyFile, A::Error> {
        let mut is_any = false;
        while let Some((path, IgnoredAny)) = map.next_entry::<String, _>()? {
            // `_._` stands where a package has none for a target.
            is_any |= !path.ends_with("_._");
        }
        Ok(AnyFile(is_any))
    }
}

impl Deps {
    /// Whether a file of the library is used by the target that is run; by any, if that one is not there.
    fn uses(&self, library: &str) -> bool {
        let name = match &self.runtime_target {
            Some(RuntimeTarget::Described { name } | RuntimeTarget::Named(name)) => name.as_str(),
            None => "",
        };
        let is_used_by = |target: &HashMap<String, Files>| target.get(library).is_some_and(Files::are_any);
        match self.targets.get(name) {
            Some(target) => is_used_by(target),
            None => self.targets.is_empty() || self.targets.values().any(is_used_by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&DotnetDeps, "app/app.deps.json", text.as_bytes());
        (names(&file), complaints.len())
    }

    fn with(target: &str, libraries: &str) -> String {
        format!(
            r#"{{"runtimeTarget":{{"name":"net8","signature":""}},"targets":{{{target}}},"libraries":{{{libraries}}}}}"#
        )
    }

    #[test]
    fn packages_with_a_file_in_use_are_found_by_their_own_version() {
        let package = r#""A/1.2.0":{"type":"package","sha512":"x"}"#;
        let file = r#"{"lib/A.dll":{"assemblyVersion":"9.0.0.0","fileVersion":"9.0.1.5"}}"#;
        let cases = [
            (format!(r#""net8":{{"A/1.2.0":{{"runtime":{file}}}}}"#), true),
            (format!(r#""net8":{{"A/1.2.0":{{"runtimeTargets":{file}}}}}"#), true),
            (format!(r#""net8":{{"A/1.2.0":{{"native":{file}}}}}"#), true),
            (format!(r#""net8":{{"A/1.2.0":{{"resources":{file}}}}}"#), true),
            (format!(r#""net8/linux-x64":{{"A/1.2.0":{{"runtime":{file}}}}}"#), true),
            (String::new(), true),
            (format!(r#""net8":{{}},"net6":{{"A/1.2.0":{{"runtime":{file}}}}}"#), false),
            (format!(r#""net8":{{"A/1.2.0":{{"compile":{file},"compileOnly":true}}}}"#), false),
            (r#""net8":{"A/1.2.0":{"dependencies":{"B":"1.0.0"}}}"#.into(), false),
            (r#""net8":{"A/1.2.0":{"runtime":{"lib/net6.0/_._":{}}}}"#.into(), false),
        ];
        for (target, is_found) in cases {
            let expected: Vec<String> = is_found.then(|| "A@1.2.0".to_owned()).into_iter().collect();
            assert_eq!(found(&with(&target, package)), (expected, 0), "{target}");
        }
    }

    #[test]
    fn projects_are_the_application_s_own_and_a_runtime_is_a_package() {
        let libraries = r#""App/1.0.0":{"type":"project"},"Ref/1.0.0.0":{"type":"reference"},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"type":"runtimepack"},"Nameless":{"type":"package"}"#;
        assert_eq!(found(&with("", libraries)), (vec!["Microsoft.NETCore.App.Runtime.linux-x64@8.0.1".into()], 1));
    }

    #[test]
    fn what_does_not_parse_is_a_complaint() {
        let deep = format!("{{\"libraries\":{}", "[".repeat(500));
        for text in ["", "[]", "{\"libraries\":1}", deep.as_str()] {
            assert_eq!(found(text), (vec![], 1), "{text}");
        }
        assert_eq!(found("\u{feff}{\"runtimeTarget\":\"net5\",\"x\":1e999999}"), (vec![], 0));
    }
}
