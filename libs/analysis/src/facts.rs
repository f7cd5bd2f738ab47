//! What an entry of an archive shows by its header and its path alone.

use plimsoll_checks::capabilities::capability_names;
use plimsoll_checks::paths::{PathClass, classify_path};
use plimsoll_model::FileFactKind;

use crate::tar::{Entry, Kind};

/// Files of package managers' caches that are told one by one, in a layer. The last one stands for the rest of its kind.
const LEFTOVERS: usize = 500;

/// Makes facts of entries. One for a layer.
#[derive(Debug, Default)]
pub(crate) struct HeaderFacts {
    leftovers: usize,
}

impl HeaderFacts {
    /// What the entry at `path` (normalised) shows.
    pub(crate) fn of(&mut self, entry: &Entry<'_>, path: &str) -> Vec<FileFactKind> {
        let mut facts = Vec::new();
        match entry.kind {
            Kind::File | Kind::Sparse => {}
            Kind::Directory => {
                if entry.mode & 0o1002 == 0o0002 {
                    facts.push(FileFactKind::WorldWritable);
                }
                return facts;
            }
            Kind::HardLink | Kind::Symlink | Kind::Other => return facts,
        }
        let modes =
            [(0o4000, FileFactKind::SetUid), (0o2000, FileFactKind::SetGid), (0o0002, FileFactKind::WorldWritable)];
        facts.extend(modes.into_iter().filter(|(bits, _)| entry.mode & bits != 0).map(|(_, fact)| fact));
        let names = entry.capability.and_then(capability_names).filter(|names| !names.is_empty());
        facts.extend(names.map(|names| FileFactKind::Capabilities { names }));
        match classify_path(path).filter(|_| entry.size > 0) {
            Some(PathClass::Sensitive(what)) => facts.push(FileFactKind::SensitivePath { what }),
            Some(PathClass::Leftover(cache)) if self.leftovers < LEFTOVERS => {
                self.leftovers += 1;
                facts.push(FileFactKind::Leftover { cache, bytes: entry.size });
            }
            Some(PathClass::Leftover(_)) | None => {}
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{LeftoverCache, SensitivePath};

    use super::*;

    fn facts(kind: Kind, mode: u32, path: &str, size: u64, capability: Option<&[u8]>) -> Vec<FileFactKind> {
        let entry = Entry { path: path.as_bytes(), kind, size, link: b"", mode, capability };
        HeaderFacts::default().of(&entry, path)
    }

    #[test]
    fn modes_capabilities_and_paths_are_told() {
        // Version 2, effective; permitted 1 << 13.
        let raw = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let cases = [
            (facts(Kind::File, 0o4755, "bin/su", 9, None), vec![FileFactKind::SetUid]),
            (
                facts(Kind::File, 0o6757, "x", 9, None),
                vec![FileFactKind::SetUid, FileFactKind::SetGid, FileFactKind::WorldWritable],
            ),
            (facts(Kind::Directory, 0o777, "srv", 0, None), vec![FileFactKind::WorldWritable]),
            (facts(Kind::Directory, 0o1777, "tmp", 0, None), vec![]),
            (facts(Kind::Symlink, 0o777, "lib", 0, None), vec![]),
            (
                facts(Kind::File, 0o755, "bin/ping", 9, Some(raw)),
                vec![FileFactKind::Capabilities { names: vec!["cap_net_raw".into()] }],
            ),
            (
                facts(Kind::File, 0o644, "var/lib/apt/lists/deb.debian.org_Packages", 9, None),
                vec![FileFactKind::Leftover { cache: LeftoverCache::AptLists, bytes: 9 }],
            ),
            (
                facts(Kind::File, 0o600, "root/.aws/credentials", 9, None),
                vec![FileFactKind::SensitivePath { what: SensitivePath::AwsCredentials }],
            ),
            (facts(Kind::File, 0o600, "root/.aws/credentials", 0, None), vec![]),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }
}
