//! What is said of a finding of ours.

use chrono::{DateTime, Utc};
use plimsoll_model::{AffectedState, is_malware};

use super::OwnStatement;
use crate::{Status, package_url};

/// A vulnerability that was found in a package.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The vulnerability's canonical id.
    pub vulnerability: &'a str,
    /// Its other ids.
    pub aliases: &'a [String],
    /// One line for people; may be empty.
    pub title: &'a str,
    /// The package's name.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its package URL, where it has one.
    pub purl: Option<&'a str>,
    /// What advisories say of it.
    pub state: AffectedState,
    /// The lowest version with a fix.
    pub fixed_in: Option<&'a str>,
}

impl Found<'_> {
    /// What is said of it where nobody else says anything: that it is affected or still looked into, and what to do.
    pub fn statement(&self, at: DateTime<Utc>) -> OwnStatement {
        OwnStatement {
            vulnerability: self.vulnerability.to_owned(),
            aliases: self.aliases.to_vec(),
            title: self.title.to_owned(),
            package: package_url(self.purl, self.package, self.version),
            status: match self.state {
                AffectedState::UnderInvestigation => Status::UnderInvestigation,
                _ => Status::Affected,
            },
            justification: None,
            impact: String::new(),
            action: self.action(),
            at,
        }
    }

    fn action(&self) -> String {
        if is_malware(self.vulnerability, self.aliases) {
            let Self { package, version, .. } = self;
            return format!(
                "Remove {package} {version}, and replace every secret that it could read: it is malicious."
            );
        }
        match (self.fixed_in, self.state) {
            (Some(fixed), _) => format!("Upgrade {} {} to {fixed}.", self.package, self.version),
            (None, AffectedState::WontFix) => "Its distribution will not fix it.".into(),
            (None, AffectedState::EndOfLife) => "Its release gets no more fixes: upgrade to one that does.".into(),
            (None, _) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_affected_or_looked_into_and_says_what_to_do() {
        let cases = [
            (AffectedState::Affected, Some("2"), Status::Affected, "Upgrade a 1 to 2."),
            (AffectedState::Affected, None, Status::Affected, ""),
            (AffectedState::WontFix, None, Status::Affected, "Its distribution will not fix it."),
            (
                AffectedState::EndOfLife,
                None,
                Status::Affected,
                "Its release gets no more fixes: upgrade to one that does.",
            ),
            (AffectedState::UnderInvestigation, None, Status::UnderInvestigation, ""),
        ];
        for (state, fixed_in, status, action) in cases {
            let found = Found {
                vulnerability: "CVE-1",
                aliases: &["GHSA-1".into()],
                title: "",
                package: "a",
                version: "1",
                purl: None,
                state,
                fixed_in,
            };
            let said = found.statement(DateTime::UNIX_EPOCH);
            assert_eq!((said.status, said.action.as_str()), (status, action), "{state:?} {fixed_in:?}");
            assert_eq!(said.package, "pkg:generic/a@1");
            let malware = Found { vulnerability: "MAL-2025-1", ..found }.statement(DateTime::UNIX_EPOCH);
            assert_eq!(malware.action, "Remove a 1, and replace every secret that it could read: it is malicious.");
        }
    }
}
