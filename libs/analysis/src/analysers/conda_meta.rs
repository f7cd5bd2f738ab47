//! Installed Conda packages: `conda-meta/NAME-VERSION-BUILD.json` of an environment.
//!
//! In: the JSON document. Out: one package with its licence. What else lies in that folder describes no package.
//! Source: conda, `models/records.py` (`PrefixRecord`).

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::path;
use crate::{Analyser, File, Malformed, Observations};

/// Reads the records of installed Conda packages.
pub struct CondaMeta;

impl Analyser for CondaMeta {
    fn name(&self) -> &'static str {
        "conda-meta"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.json"]
    }

    fn wants(&self, path: &str) -> bool {
        path::parent(path).map(path::file_name) == Some("conda-meta") && path.ends_with(".json")
    }

    fn max_bytes(&self) -> usize {
        // They list the package's files, tens of thousands now and then.
        32 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let record: Record = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not the record of a package: {error}")))?;
        if let (Some(name), Some(version)) = (record.name, record.version) {
            seen.package(Package { license: record.license, ..Package::new(PackageType::Conda, name, version) });
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Record {
    name: Option<String>,
    version: Option<String>,
    license: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn a_record_is_a_package() {
        let text = r#"{"build":"h7f98852_4","name":"bzip2","version":"1.0.8","license":"bzip2-1.0.6","files":["lib/x"],"size":1e999999}"#;
        let (file, complaints) =
            analyse(&CondaMeta, "opt/conda/conda-meta/bzip2-1.0.8-h7f98852_4.json", text.as_bytes());
        assert_eq!((names(&file), complaints), (vec!["bzip2@1.0.8".to_owned()], vec![]));
        assert_eq!(file.packages[0].license.as_deref(), Some("bzip2-1.0.6"));
    }

    #[test]
    fn what_is_no_record_is_passed_over_or_a_complaint() {
        for (text, complaint_count) in [("{}", 0), (r#"{"name":"x"}"#, 0), ("[]", 1), ("{", 1)] {
            let (file, complaints) = analyse(&CondaMeta, "conda-meta/x.json", text.as_bytes());
            assert_eq!((file.packages.len(), complaints.len()), (0, complaint_count), "{text}");
        }
        assert!(
            !CondaMeta.wants("opt/conda/pkgs/bzip2-1.0.8/info/index.json") && !CondaMeta.wants("conda-meta/history")
        );
    }
}
