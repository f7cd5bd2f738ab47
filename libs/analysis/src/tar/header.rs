//! One header block of 512 bytes: its fields, its numbers, its checksum.

/// The unit of a tar: headers are one block, content is padded to blocks.
pub(super) const BLOCK: usize = 512;

/// A header block whose checksum is right.
pub(super) struct Header<'a>(&'a [u8; BLOCK]);

/// Which dialect a header says it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    V7,
    Ustar,
    Star,
    Gnu,
}

impl<'a> Header<'a> {
    /// Believes a block if its checksum is that of its bytes, added up as unsigned or, as some old writers did, as signed.
    pub(super) fn parse(block: &'a [u8; BLOCK]) -> Result<Self, &'static str> {
        let header = Self(block);
        let claimed = octal(header.field(148, 8)).ok_or("its checksum is not a number")?;
        let (mut unsigned, mut signed) = (0_i64, 0_i64);
        for (position, byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&position) { b' ' } else { *byte };
            unsigned += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        if claimed == unsigned || claimed == signed {
            return Ok(header);
        }
        Err("its checksum is wrong, so this is not a tar header")
    }

    fn field(&self, start: usize, length: usize) -> &'a [u8] {
        self.0.get(start..start + length).unwrap_or_default()
    }

    /// The type flag, `0` for a file.
    pub(super) fn type_flag(&self) -> u8 {
        self.0.get(156).copied().unwrap_or_default()
    }

    /// The size of the content that follows, in bytes.
    pub(super) fn size(&self) -> Result<u64, &'static str> {
        let size = numeric(self.field(124, 12)).ok_or("its size is not a number of 63 bits")?;
        u64::try_from(size).map_err(|_| "its size is negative")
    }

    /// The permission bits, setuid, setgid and sticky among them; none where they are no number.
    pub(super) fn mode(&self) -> u32 {
        octal(self.field(100, 8)).and_then(|mode| u32::try_from(mode).ok()).unwrap_or_default() & 0o7777
    }

    /// The name, with the prefix field before it where the dialect has one.
    pub(super) fn path(&self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let prefix = match self.format() {
            Format::Ustar => text(self.field(345, 155)),
            Format::Star => text(self.field(345, 131)),
            // Go before 1.8 wrote prefixes into GNU headers; its reader tells them by the times there that are no numbers.
            Format::Gnu if self.has_broken_times() => text(self.field(345, 155)),
            Format::Gnu | Format::V7 => b"",
        };
        if prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }

    /// The target of a link.
    pub(super) fn link(&self) -> &'a [u8] {
        text(self.field(157, 100))
    }

    /// Whether it is in GNU's dialect.
    pub(super) fn is_gnu(&self) -> bool {
        self.format() == Format::Gnu
    }

    /// Of an old GNU sparse file: whether blocks that go on with its map follow.
    pub(super) fn has_sparse_extension(&self) -> bool {
        self.0.get(482).is_some_and(|flag| *flag != 0)
    }

    fn format(&self) -> Format {
        match (self.field(257, 6), self.field(263, 2), self.field(508, 4)) {
            (b"ustar\0", _, b"tar\0") => Format::Star,
            (b"ustar\0", _, _) => Format::Ustar,
            (b"ustar ", b" \0", _) => Format::Gnu,
            _ => Format::V7,
        }
    }

    fn has_broken_times(&self) -> bool {
        [self.field(345, 12), self.field(357, 12)]
            .into_iter()
            .any(|time| time.first().is_some_and(|first| *first != 0) && numeric(time).is_none())
            && self.field(345, 155).is_ascii()
    }
}

/// A text field: up to its first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in base 256 where the first bit is set (two's complement, the second bit is the sign).
fn numeric(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 == 0 {
        return octal(field);
    }
    let flip = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut number: u64 = 0;
    for (position, byte) in field.iter().enumerate() {
        let byte = (byte ^ flip) & if position == 0 { 0x7f } else { 0xff };
        if number >> 56 != 0 {
            return None;
        }
        number = (number << 8) | u64::from(byte);
    }
    let number = i64::try_from(number).ok()?;
    Some(if flip == 0 { number } else { !number })
}

/// A number in octal digits among spaces and NULs; nothing is 0.
fn octal(field: &[u8]) -> Option<i64> {
    let is_padding = |byte: &u8| *byte == b' ' || *byte == 0;
    let start = field.iter().position(|byte| !is_padding(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    // Digits end at a NUL; what stands after it does not count.
    let digits = text(field.get(start..end)?);
    digits.iter().try_fold(0_i64, |number, digit| {
        let value = (b'0'..=b'7').contains(digit).then(|| i64::from(digit - b'0'))?;
        number.checked_mul(8)?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        let cases: [(&[u8], Option<i64>); 10] = [
            (b"00000000010\0", Some(8)),
            (b"     10 \0\0\0\0", Some(8)),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0)),
            (b"0000000008\0\0", None),
            (b"-0000000010\0", None),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\x80\0\0\0\x40\0\0\0\0\0\0\0", Some(1 << 62)),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
        ];
        for (field, expected) in cases {
            assert_eq!(numeric(field), expected, "{field:?}");
        }
    }
}
