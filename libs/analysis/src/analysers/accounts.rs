//! Accounts, `etc/passwd` and `etc/shadow`: which have no password, which are root by another name, and what a user's name means.
//!
//! In: the lines. Out: facts for checks, no package. Source: passwd(5), shadow(5).

use plimsoll_checks::accounts::{passwd_facts, shadow_facts};

use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads the accounts of an image.
pub struct Accounts;

impl Analyser for Accounts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["etc/passwd", "etc/shadow"]
    }

    fn max_bytes(&self) -> usize {
        1 << 20
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let facts = if file.path == "etc/shadow" { shadow_facts } else { passwd_facts };
        facts(file.whole_lines()).into_iter().for_each(|fact| seen.fact(fact));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::FileFactKind;

    use super::super::analyse;
    use super::*;

    #[test]
    fn accounts_are_told_with_their_weaknesses() {
        let (file, complaints) = analyse(&Accounts, "etc/shadow", b"root:*:1::::::\nguest::1::::::\n");
        let guest = FileFactKind::EmptyPassword { account: "guest".into() };
        assert_eq!((file.facts, complaints), (vec![guest], vec![]));
        let (file, _) = analyse(
            &Accounts,
            "etc/passwd",
            b"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:\n",
        );
        let account = |account: &str, uid| FileFactKind::Account { account: account.into(), uid };
        let expected = [
            FileFactKind::ExtraRoot { account: "toor".into() },
            account("app", 1000),
            account("root", 0),
            account("toor", 0),
        ];
        assert_eq!(file.facts, expected);
    }
}
