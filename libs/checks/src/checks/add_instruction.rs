//! `ADD`, which fetches and unpacks where `COPY` only copies.

use plimsoll_model::{Observation, Severity};

use crate::{
    check::{Check, CheckOutcome, Image, quote},
    history::Instruction,
};

pub(super) const ADD_INSTRUCTION: Check = Check {
    rule: "add-instruction",
    references: &["CIS-DI-4.9", "DS005", "DL3020"],
    title: "ADD is used where it is not needed",
    severity: Severity::Low,
    looks_at: "history",
    fails_when: "`ADD` of what is no local archive; of an address without `--checksum`, medium",
    advice: "Use COPY for files, and fetch with a checksum what is not local.",
    judge,
};

/// What `ADD` unpacks: tar, plain or compressed.
const ARCHIVES: &[&str] =
    &[".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lzma"];

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let found = image.history.steps.iter().filter_map(|step| {
        let Instruction::Add(words) = &step.instruction else { return None };
        let (severity, evidence) = judged(words)?;
        Some(Observation { severity, ..check.observe_step(step, evidence) })
    });
    check.outcome_of_history(image, found.collect())
}

/// The worst of an `ADD`'s sources.
fn judged(words: &[String]) -> Option<(Severity, String)> {
    let has_checksum = words.iter().any(|word| word.starts_with("--checksum="));
    let mut paths: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    // The destination, and the legacy builder's `in` before it.
    paths.pop();
    paths.retain(|path| *path != "in");
    let judged = paths.into_iter().filter_map(|path| {
        let path = path.trim_matches(['[', ']', ',', '"']);
        if is_remote(path) {
            return (!has_checksum).then(|| (Severity::Medium, format!("ADD {}", quote(&without_credentials(path)))));
        }
        if is_legacy_hash(path) {
            return Some((Severity::Medium, "ADD of an address".to_owned()));
        }
        // What lies behind the legacy builder's `file:HASH` may be an archive; a folder is none.
        let is_archive = ARCHIVES.iter().any(|ending| path.to_ascii_lowercase().ends_with(ending));
        let is_fine = path.is_empty() || path.starts_with("file:") || is_archive;
        (!is_fine).then(|| (Severity::Low, format!("ADD {}", quote(path))))
    });
    judged.max_by_key(|(severity, _)| *severity)
}

fn is_remote(path: &str) -> bool {
    ["http://", "https://", "ftp://", "git://", "git@", "ssh://"].iter().any(|scheme| path.starts_with(scheme))
}

/// The legacy builder writes no address but the bare hash of what it fetched.
fn is_legacy_hash(path: &str) -> bool {
    path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Without `user:password@` and the query, which may hold a token.
fn without_credentials(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}/{path}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, assert_steps, severities};

    #[test]
    fn add_is_for_local_archives() {
        assert_steps(
            "add-instruction",
            &[
                ("ADD app.py /app/ # buildkit", "ADD app.py"),
                ("ADD . /app # buildkit", "ADD ."),
                ("ADD --chown=1000:1000 a.tar.gz b /app/ # buildkit", "ADD b"),
                ("ADD https://example.com/x.tar.gz /x # buildkit", "ADD https://example.com/x.tar.gz"),
                ("ADD https://u:p@example.com/x?token=t /x # buildkit", "ADD https://example.com/x"),
                ("ADD git@github.com:a/b.git /x # buildkit", "ADD git@github.com:a/b.git"),
                ("ADD a.py https://example.com/x /x/ # buildkit", "ADD https://example.com/x"),
                ("/bin/sh -c #(nop) ADD dir:0123 in /app ", "ADD dir:0123"),
                ("ADD --checksum=sha256:0123 https://example.com/x /x # buildkit", "passed"),
                ("ADD rootfs.tar.xz / # buildkit", "passed"),
                ("/bin/sh -c #(nop) ADD file:0123 in / ", "passed"),
                ("COPY app.py /app/ # buildkit", "passed"),
                ("ADD", "passed"),
            ],
        );
        let remote = "/bin/sh -c #(nop) ADD 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef in /x";
        assert_steps("add-instruction", &[(remote, "ADD of an address")]);
    }

    #[test]
    fn an_address_is_worse_than_a_file() {
        let steps = ["ADD a /a", "ADD http://example.com/a /a"];
        assert_eq!(severities(&Sample::history(&steps), "add-instruction"), [Severity::Low, Severity::Medium]);
    }
}
