//! How records lie in rows: JSON, compressed with a dictionary of the words that every record has.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};

use crate::DbError;

/// The most bytes of a record as JSON. Records are bounded by `plimsoll_advisories` far below it.
const MAX_RECORD: usize = 64 << 20;
/// A high level: files are written once a day and read often.
const LEVEL: i32 = 12;

/// What records have in common, the commonest last: without it a small record would hardly shrink. Part of the file's format.
const DICTIONARY: &[u8] = br#"https://security-tracker.debian.org/tracker/CVE-2024-https://pypi.org/project/https://www.debian.org/security/
https://lists.debian.org/debian-lts-announce/2024/https://nvd.nist.gov/vuln/detail/CVE-2023-https://rustsec.org/advisories/RUSTSEC-2024-
https://crates.io/crates/https://github.com/pypa/advisory-database/tree/main/vulns/PYSEC-2024-https://github.com/advisories/GHSA-
allows remote attackers to cause a denial of service (application crash) or execute arbitrary code via a crafted request that could
 lead to an out-of-bounds read in the vulnerability was discovered in versions prior to before and earlier, an attacker who can
 buffer overflow use-after-free memory corruption cross-site scripting (XSS) SQL injection when processing untrusted input in the function
{"vector":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N","source":"osv"},{"vector":"CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:C/C:L/I:L/A:L"
{"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","source":"osv"}],"severity":"CRITICAL","severity":"MEDIUM","severity":"HIGH","severity":"LOW"
"severity":"NEGLIGIBLE"}{"introduced":"1.0.0"},{"fixed":"1.0.1"}]},{"events":[{"introduced":"2.0.0"},{"last_affected":"2.1.0"},{"limit":
"versions":["0.1","0.2","0.9","1.0","1.0.0","1.0.1","1.1.0","1.2.0","2.0.0","2.0.1","2.1.0","3.0.0"],"severity":null}
{"ecosystem":"","package":"","state":"not_affected","state":"end_of_life","state":"under_investigation","state":"wont_fix","ranges":[{"events":[{"introduced":"0"}]}],"versions":[],"severity":null}
{"source":"","key":"","id":"PYSEC-2023-","id":"GHSA-","id":"RUSTSEC-2023-","aliases":["GHSA-","CVE-2023-"],"title":"
"cwes":["CWE-79"],"references":["https://nvd.nist.gov/vuln/detail/CVE-2021-","https://github.com/
{"source":"","key":"","id":"CVE-2022-","aliases":[],"title":"","description":"","published":"2023-01-01T00:00:00Z","modified":"2024-01-01T00:00:00Z","withdrawn":null,"cvss":[],"severity":null,"cwes":[],"references":["https://github.com/
"published":null,"modified":null,"withdrawn":null,"cvss":[],"severity":null,"cwes":[],"references":[],"affected":[]}
{"ecosystem":"","package":"","state":"affected","ranges":[{"events":[{"introduced":"0"},{"fixed":""}]}],"versions":[],"severity":null}"#;

/// Packs records.
pub struct Packer(Compressor<'static>);

impl Packer {
    pub fn new() -> Result<Self, DbError> {
        Ok(Self(Compressor::with_dictionary(LEVEL, DICTIONARY).map_err(failed)?))
    }

    pub fn pack(&mut self, what: &'static str, record: &impl Serialize) -> Result<Vec<u8>, DbError> {
        let json = serde_json::to_vec(record).map_err(failed)?;
        if json.len() > MAX_RECORD {
            return Err(DbError::TooLarge { what, bytes: json.len() });
        }
        self.0.compress(&json).map_err(failed)
    }
}

/// Unpacks records.
pub struct Unpacker(Decompressor<'static>);

impl Unpacker {
    pub fn new() -> Result<Self, DbError> {
        Ok(Self(Decompressor::with_dictionary(DICTIONARY).map_err(failed)?))
    }

    pub fn unpack<T: DeserializeOwned>(&mut self, bytes: &[u8]) -> Result<T, DbError> {
        let size = Decompressor::upper_bound(bytes).filter(|size| *size <= MAX_RECORD);
        let size = size.ok_or_else(|| DbError::Damaged("a record does not tell its size".into()))?;
        let json = self.0.decompress(bytes, size).map_err(failed)?;
        serde_json::from_slice(&json).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> DbError {
    DbError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Affected, AffectedState, Ecosystem, Range};

    use super::*;

    #[test]
    fn a_small_record_becomes_smaller_and_reads_back() {
        let affected = Affected {
            ecosystem: Ecosystem::new(""),
            package: String::new(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range::until("1.18.5-r0")],
            versions: vec![],
            severity: None,
        };
        let packed = Packer::new().unwrap().pack("an affected package", &affected).unwrap();
        assert!(packed.len() < 45, "{}", packed.len());
        assert_eq!(Unpacker::new().unwrap().unpack::<Affected>(&packed).unwrap(), affected);
    }

    #[test]
    fn bytes_that_were_not_packed_are_damage() {
        for bytes in [&b""[..], b"{}", &[0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
            assert!(matches!(Unpacker::new().unwrap().unpack::<Affected>(bytes), Err(DbError::Damaged(_))));
        }
    }
}
