//! Accounts: `etc/passwd` and `etc/shadow`.
//!
//! In: the file's bytes. Out: facts for the checks on users and passwords. Source: passwd(5), shadow(5). Lines that are none are passed over.

use plimsoll_model::FileFactKind;

/// Lines that are read of either file; images have some twenty.
const MOST_LINES: usize = 10_000;
/// Characters of an account's name; useradd(8) allows 32.
const LONGEST_NAME: usize = 256;

/// What `etc/passwd` shows: every account with its user id, accounts beside root with user id 0, empty password fields.
pub fn passwd_facts(bytes: &[u8]) -> Vec<FileFactKind> {
    let mut facts = Vec::new();
    for (account, password, rest) in lines(bytes) {
        let Some(uid) = rest.split(':').next().and_then(|uid| uid.parse::<u32>().ok()) else { continue };
        if uid == 0 && account != "root" {
            facts.push(FileFactKind::ExtraRoot { account: account.to_owned() });
        }
        if password.is_empty() {
            facts.push(FileFactKind::EmptyPassword { account: account.to_owned() });
        }
        facts.push(FileFactKind::Account { account: account.to_owned(), uid });
    }
    facts
}

/// What `etc/shadow` shows: empty password fields. `*` and `!` are locked, and no fact.
pub fn shadow_facts(bytes: &[u8]) -> Vec<FileFactKind> {
    lines(bytes)
        .filter(|(_, password, _)| password.is_empty())
        .map(|(account, ..)| FileFactKind::EmptyPassword { account: account.to_owned() })
        .collect()
}

/// Account, password field and what follows, of each line that has three fields.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (&str, &str, &str)> {
    bytes.split(|byte| *byte == b'\n').take(MOST_LINES).filter_map(|line| {
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
        let (account, rest) = line.split_once(':')?;
        let (password, rest) = rest.split_once(':')?;
        let is_name = !account.is_empty()
            && account.len() <= LONGEST_NAME
            && !account.starts_with(['#', '+', '-'])
            && !account.chars().any(|c| c.is_control() || c.is_whitespace());
        is_name.then_some((account, password, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(account: &str, uid: u32) -> FileFactKind {
        FileFactKind::Account { account: account.into(), uid }
    }

    #[test]
    fn passwd_shows_accounts_and_what_is_wrong_with_them() {
        let empty = |account: &str| FileFactKind::EmptyPassword { account: account.into() };
        let root = |account: &str| FileFactKind::ExtraRoot { account: account.into() };
        let table = [
            (
                "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/:/bin/sh\n",
                vec![account("root", 0), account("app", 1000)],
            ),
            ("toor:x:0:0::/:/bin/sh", vec![root("toor"), account("toor", 0)]),
            ("root::0:0:::\r\n", vec![empty("root"), account("root", 0)]),
            ("# root::0:0:::\n+::0:0:::\n\nbroken\n:x:0:\na b::0:\nx:y:z:\nbig:x:4294967296:0\n", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(passwd_facts(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(passwd_facts(b"\xff\xfe::0:\nok:x:5:"), [account("ok", 5)]);
    }

    #[test]
    fn shadow_shows_empty_passwords_only() {
        let table = [
            ("root:*:19000:0:99999:7:::\napp:!:19000::::::\nx:$6$salt$hash:1::::::", vec![]),
            ("root::19000:0:99999:7:::", vec!["root"]),
            ("root", vec![]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            let expected: Vec<_> =
                expected.into_iter().map(|account| FileFactKind::EmptyPassword { account: account.into() }).collect();
            assert_eq!(shadow_facts(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_file_without_end_is_read_only_so_far() {
        let text = "a:x:1:\n".repeat(MOST_LINES + 5);
        assert_eq!(passwd_facts(text.as_bytes()).len(), MOST_LINES);
        assert_eq!(passwd_facts(format!("{}:x:1:", "a".repeat(LONGEST_NAME + 1)).as_bytes()), []);
    }
}
