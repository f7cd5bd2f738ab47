//! The records of a PAX extended header: `length key=value` lines.

use super::header::text;

/// What the records of one header say of the entry that follows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    /// `path`, or `GNU.sparse.name`, which is the real name where `path` is a stand-in.
    pub(super) path: Option<Vec<u8>>,
    /// `linkpath`.
    pub(super) link: Option<Vec<u8>>,
    /// `size`: counts over the header's own.
    pub(super) size: Option<u64>,
    /// `SCHILY.xattr.security.capability`: the file's capabilities, as the kernel keeps them.
    pub(super) capability: Option<Vec<u8>>,
    /// Whether it describes a sparse file.
    pub(super) is_sparse: bool,
}

impl Pax {
    /// Reads the records. A later record of a key counts over an earlier one; an empty value takes the key back.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut pax = Self::default();
        let mut sparse_name = None;
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or("its PAX records are broken")?;
            bytes = rest;
            let is_name = matches!(key, b"path" | b"linkpath" | b"uname" | b"gname");
            if (if is_name { value } else { key }).contains(&0) {
                return Err("a PAX record has a NUL in it");
            }
            let named = || (!value.is_empty()).then(|| value.to_vec());
            match key {
                b"path" => pax.path = named(),
                b"linkpath" => pax.link = named(),
                b"size" if value.is_empty() => pax.size = None,
                b"size" => pax.size = Some(decimal(value).ok_or("its PAX size is not a number of 63 bits")?),
                b"SCHILY.xattr.security.capability" => pax.capability = named(),
                b"GNU.sparse.name" => sparse_name = named().map(|name| text(&name).to_vec()),
                _ => {}
            }
            pax.is_sparse |= key.starts_with(b"GNU.sparse.");
        }
        pax.path = sparse_name.or(pax.path);
        Ok(pax)
    }
}

/// The first record, as key, value and what follows.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(bytes.get(..space)?)?).ok()?;
    let record = bytes.get(space + 1..length)?;
    let (b'\n', pair) = record.split_last()? else { return None };
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
    (!key.is_empty()).then_some((key, value, bytes.get(length..)?))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let number: u64 = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?.parse().ok()?;
    i64::try_from(number).is_ok().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_record_of_a_key_counts() {
        let pax = Pax::parse(b"9 path=a\n9 path=b\n11 size=17\n30 mtime=1350244992.023960108\n").unwrap();
        assert_eq!(pax, Pax { path: Some(b"b".to_vec()), size: Some(17), ..Pax::default() });
        assert_eq!(Pax::parse(b"9 path=a\n8 path=\n").unwrap(), Pax::default());
        assert_eq!(Pax::parse(b"").unwrap(), Pax::default());
    }

    #[test]
    fn broken_records_are_refused() {
        let cases: [&[u8]; 9] = [
            b"path=a\n",
            b"99 path=a\n",
            b"9 path=ab\n",
            b"0 path=a\n",
            b"10 path=a\0\n",
            b"11 size=-1\n",
            b"28 size=99999999999999999999\n",
            b"5 =a\n",
            b"18446744073709551615 path=a\n",
        ];
        for bytes in cases {
            assert!(Pax::parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
