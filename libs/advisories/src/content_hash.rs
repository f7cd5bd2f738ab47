//! What tells a changed advisory from one that was only read again.

use std::io;

use plimsoll_model::Advisory;
use sha2::{Digest as _, Sha256};

/// Raised when the same record would hash differently: every advisory then counts as changed once.
const FORM: &[u8] = b"plimsoll advisory 1\n";

/// The hash of all that an advisory says, whatever the order in which its aliases, CWEs, vectors, references, packages and listed
/// versions are given. The order of a range's events is kept: branches follow each other in it.
pub fn content_hash(advisory: &Advisory) -> [u8; 32] {
    let mut normal = advisory.clone();
    sort(&mut normal.aliases);
    sort(&mut normal.about);
    sort(&mut normal.cwes);
    sort(&mut normal.references);
    normal.cvss.sort_by(|a, b| (&a.vector, &a.source).cmp(&(&b.vector, &b.source)));
    for affected in &mut normal.affected {
        sort(&mut affected.versions);
    }
    // Packages of one name (a module listed by branch) keep their order among themselves; it is stable upstream.
    normal.affected.sort_by(|a, b| (&a.ecosystem, &a.package).cmp(&(&b.ecosystem, &b.package)));
    let mut hash = Hashing(Sha256::new());
    hash.0.update(FORM);
    // Writing to a hash does not fail, and the record holds no map with keys that JSON cannot write.
    let written = serde_json::to_writer(&mut hash, &normal);
    debug_assert!(written.is_ok(), "an advisory that is no JSON");
    hash.0.finalize().into()
}

fn sort(texts: &mut Vec<String>) {
    texts.sort();
    texts.dedup();
}

struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advisory(json: serde_json::Value) -> Advisory {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_order_of_lists_does_not_change_the_hash_and_every_word_does() {
        let json = serde_json::json!({
            "source": "osv", "key": "A-1", "id": "A-1", "aliases": ["B", "C"], "title": "t", "published": null,
            "modified": "2024-01-01T00:00:00Z", "withdrawn": null, "references": ["https://a", "https://b"],
            "affected": [{"ecosystem": "PyPI", "package": "x", "versions": ["1", "2"],
                          "ranges": [{"events": [{"introduced": "0"}, {"fixed": "3"}]}]},
                         {"ecosystem": "npm", "package": "x"}]});
        let hash = content_hash(&advisory(json.clone()));
        let mut turned = advisory(json.clone());
        turned.aliases.reverse();
        turned.references.reverse();
        turned.affected.reverse();
        turned.affected[1].versions.reverse();
        assert_eq!(content_hash(&turned), hash);
        for (pointer, value) in [
            ("/title", "other"),
            ("/modified", "2024-01-02T00:00:00Z"),
            ("/withdrawn", "2024-01-02T00:00:00Z"),
            ("/affected/0/ranges/0/events/1/fixed", "4"),
            ("/affected/0/versions/0", "1.1"),
            ("/aliases/0", "D"),
        ] {
            let mut changed = json.clone();
            *changed.pointer_mut(pointer).unwrap() = value.into();
            assert_ne!(content_hash(&advisory(changed)), hash, "{pointer}");
        }
    }

    #[test]
    fn the_hash_of_a_known_record_stays_what_it_was() {
        let json = serde_json::json!({"source": "osv", "key": "A-1", "id": "A-1", "published": null, "modified": null,
            "withdrawn": null});
        let hash = plimsoll_model::Digest::from_sha256(content_hash(&advisory(json)));
        assert_eq!(hash.hex(), "1e652a42ef63d92a72803d62985af5f8ec5b7ba4407a4c15896a4ff26336cf5d");
    }
}
