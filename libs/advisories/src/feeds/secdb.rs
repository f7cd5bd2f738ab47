//! The security databases of distributions with apk packages: which version of a package first had a fix.
//!
//! In: `{"packages": [{"pkg": {"name", "secfixes": {version: ["CVE-...", "CVE-... XSA-..."]}}}]}`; packages are source packages
//! (`origin`). Out: one advisory a (repository, package, id). Source: <https://secdb.alpinelinux.org/>.
//!
//! Readings that the format leaves open:
//! - A fix in version `0` says that the package never was affected. Beside another fix it says nothing.
//! - A listed fix may carry several names and remarks (`CVE-2018-12126  XSA-297`, `CVE-2018-14461 (LDP)`, `CVE_2019-2426`).
//!   Each CVE in it is a statement of its own; a name that is no CVE counts only where there is none. They are not
//!   aliases: XSA-297 is four CVEs.
//! - Several fixes for one id: see [`ranges::ranges`].

mod ids;
mod ranges;
mod rolling;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::{Intake, Stopped};

pub use rolling::read_rolling;

/// Whose database it is.
#[derive(Debug)]
pub struct Distribution {
    /// What its packages are of.
    pub ecosystem: Ecosystem,
    /// The distribution's name, for people.
    pub title: &'static str,
    /// What its keys begin with, where it has several repositories: `v3.10/main/`.
    pub key_prefix: String,
    /// Where people read of an id; the id follows.
    pub pages: &'static str,
}

#[derive(Deserialize)]
struct Listed {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    secfixes: Option<BTreeMap<String, Option<Vec<serde_json::Value>>>>,
}

/// What is listed for one id of one package.
#[derive(Default)]
struct Fixes {
    versions: BTreeSet<String>,
    /// The listed texts that say more than the id.
    texts: BTreeSet<String>,
}

impl Distribution {
    /// Hands on what the database says of the package that is listed at this position, from 0.
    pub fn listed(&self, position: usize, listed: &RawValue, intake: &mut Intake<'_>) -> Result<(), Stopped> {
        match serde_json::from_str::<Listed>(listed.get()) {
            Ok(listed) => self.package(listed.pkg, intake),
            Err(error) => {
                intake.problem(format!("package {}", position + 1), error.to_string());
                Ok(())
            }
        }
    }

    fn package(&self, package: Package, intake: &mut Intake<'_>) -> Result<(), Stopped> {
        let mut by_id: BTreeMap<String, Fixes> = BTreeMap::new();
        for (version, listed) in package.secfixes.unwrap_or_default() {
            for text in listed.unwrap_or_default() {
                intake.statement();
                let text = text.as_str().unwrap_or_default();
                let named = ids::named(text);
                if named.is_empty() {
                    intake.problem(&package.name, format!("a fix in {version} names no id: '{text}'"));
                }
                for id in named {
                    let fixes = by_id.entry(id).or_default();
                    fixes.versions.insert(version.trim().to_owned());
                    if text.contains(char::is_whitespace) {
                        fixes.texts.insert(text.to_owned());
                    }
                }
            }
        }
        by_id.into_iter().try_for_each(|(id, fixes)| {
            let advisory = self.advisory(intake.source(), &package.name, id, &fixes);
            intake.advisory(advisory)
        })
    }

    fn advisory(&self, source: &str, package: &str, id: String, fixes: &Fixes) -> Advisory {
        let ranges = ranges::ranges(&fixes.versions);
        let affected = Affected {
            ecosystem: self.ecosystem.clone(),
            package: package.to_owned(),
            module: None,
            state: if ranges.is_empty() { AffectedState::NotAffected } else { AffectedState::Affected },
            ranges,
            versions: vec![],
            severity: None,
        };
        let listed: Vec<String> =
            fixes.texts.iter().map(|text| format!("{} lists it as '{text}'.", self.title)).collect();
        Advisory {
            source: source.to_owned(),
            key: format!("{}{package}/{id}", self.key_prefix),
            references: vec![format!("{}{id}", self.pages)],
            id,
            aliases: vec![],
            about: vec![],
            title: String::new(),
            description: listed.join("\n"),
            published: None,
            modified: None,
            withdrawn: None,
            cvss: vec![],
            severity: None,
            cwes: vec![],
            affected: vec![affected],
        }
    }
}
