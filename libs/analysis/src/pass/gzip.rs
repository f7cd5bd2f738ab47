//! Gzip streams of several members, strict about checksums, lenient about zeroes after the last member.
//!
//! Own, on flate2's raw inflate, for three things that its readers do not give: zero padding at the end is no error, *cut
//! short* and *broken* are told apart, and one inflate state serves all members (an eStargz layer has one for each file).
//! Source: RFC 1952.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// The first bytes of a gzip member.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Reads what the members hold, one after the other.
///
/// Errors are of kind `UnexpectedEof` where the stream is cut short, and `InvalidData` where it is broken.
pub(crate) struct Gzip<R> {
    input: R,
    inflate: Decompress,
    crc: Crc,
    place: Place,
    member_count: u64,
}

/// Where in the stream the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    BeforeMember,
    InMember,
    /// The data is over, its checksum and size come.
    AtTrailer,
}

impl<R: BufRead> Gzip<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, inflate: Decompress::new(false), crc: Crc::new(), place: Place::BeforeMember, member_count: 0 }
    }

    /// Goes to the next member's data; `false` at the end of the stream.
    fn next_member(&mut self) -> io::Result<bool> {
        if self.member_count > 0 && !self.skip_zeroes()? {
            return Ok(false);
        }
        let mut header = [0; 10];
        self.input.read_exact(&mut header)?;
        let [first, second, method, flags, ..] = header;
        if [first, second] != MAGIC {
            return Err(broken("bytes after the last gzip member"));
        }
        if method != 8 || flags & 0xe0 != 0 {
            return Err(broken("a gzip header of an unknown kind"));
        }
        if flags & 4 != 0 {
            let mut length = [0; 2];
            self.input.read_exact(&mut length)?;
            self.skip(u64::from(u16::from_le_bytes(length)))?;
        }
        for text in [8, 16] {
            if flags & text != 0 {
                self.skip_text()?;
            }
        }
        if flags & 2 != 0 {
            self.skip(2)?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.member_count += 1;
        Ok(true)
    }

    /// Passes over zeroes; `false` if nothing else comes.
    fn skip_zeroes(&mut self) -> io::Result<bool> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(false);
            }
            let zeroes = available.iter().take_while(|byte| **byte == 0).count();
            let is_over = zeroes < available.len();
            self.input.consume(zeroes);
            if is_over {
                return Ok(true);
            }
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let copied = io::copy(&mut self.input.by_ref().take(count), &mut io::sink())?;
        if copied < count { Err(cut_short()) } else { Ok(()) }
    }

    /// Passes over a text and the zero that ends it.
    fn skip_text(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Err(cut_short());
            }
            let end = available.iter().position(|byte| *byte == 0);
            let count = end.map_or(available.len(), |end| end + 1);
            self.input.consume(count);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Inflates some of the member; nothing if it has nothing more.
    fn read_member(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let available = self.input.fill_buf()?;
            let is_at_end = available.is_empty();
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(available, out, FlushDecompress::None);
            let consumed = usize::try_from(self.inflate.total_in() - before_in).unwrap_or_default();
            let produced = usize::try_from(self.inflate.total_out() - before_out).unwrap_or_default();
            self.input.consume(consumed);
            self.crc.update(out.get(..produced).unwrap_or_default());
            let status = status.map_err(|_| broken("compressed data that does not inflate"))?;
            if status == Status::StreamEnd {
                self.place = Place::AtTrailer;
                return Ok(produced);
            }
            if produced > 0 {
                return Ok(produced);
            }
            if is_at_end {
                return Err(cut_short());
            }
            if consumed == 0 {
                return Err(broken("compressed data that makes no progress"));
            }
        }
    }

    fn check_trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.input.read_exact(&mut trailer)?;
        let [a, b, c, d, e, f, g, h] = trailer;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err(broken("its checksum (CRC-32) is wrong"));
        }
        if u32::from_le_bytes([e, f, g, h]) != self.crc.amount() {
            return Err(broken("its size trailer is wrong"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.place {
                Place::BeforeMember => {
                    if !self.next_member()? {
                        return Ok(0);
                    }
                    self.place = Place::InMember;
                }
                Place::InMember => {
                    let count = self.read_member(out)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                Place::AtTrailer => {
                    self.check_trailer()?;
                    self.place = Place::BeforeMember;
                }
            }
        }
    }
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip stream ends early")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, GzBuilder, write::GzEncoder};

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// What is read in reads of `step` bytes, and the kind of the error that ends it.
    fn read(bytes: &[u8], step: usize) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut gzip = Gzip::new(io::BufReader::with_capacity(step, bytes));
        let mut content = Vec::new();
        let error = gzip.read_to_end(&mut content).err();
        (content, error.map(|error| error.kind()))
    }

    #[test]
    fn members_and_padding_are_one_stream_and_damage_is_named() {
        let mut named =
            GzBuilder::new().filename("a.tar").comment("c").extra(vec![7; 300]).write(Vec::new(), Compression::fast());
        named.write_all(b"named").unwrap();
        let named = named.finish().unwrap();
        let whole = member(b"hello ");
        let cut = whole[..whole.len() - 9].to_vec();
        let mut wrong_crc = whole.clone();
        let at = wrong_crc.len() - 8;
        wrong_crc[at] ^= 1;
        let mut wrong_size = whole.clone();
        let at = wrong_size.len() - 1;
        wrong_size[at] ^= 1;
        let eof = Some(io::ErrorKind::UnexpectedEof);
        let invalid = Some(io::ErrorKind::InvalidData);
        let cases = [
            ("one member", whole.clone(), "hello ", None),
            ("several", [whole.clone(), member(b""), named].concat(), "hello named", None),
            ("padding", [whole.clone(), vec![0; 700]].concat(), "hello ", None),
            ("padding between", [whole.clone(), vec![0; 7], whole.clone()].concat(), "hello hello ", None),
            ("rubbish", [whole.clone(), b"rubbish at the end".to_vec()].concat(), "hello ", invalid),
            ("cut in the trailer", whole[..whole.len() - 3].to_vec(), "hello ", eof),
            ("cut in the data", cut, "hello ", eof),
            ("nothing", Vec::new(), "", eof),
            ("wrong checksum", wrong_crc, "hello ", invalid),
            ("wrong size", wrong_size, "hello ", invalid),
        ];
        for (name, bytes, expected, error) in cases {
            for step in [1, 7, 4096] {
                let (content, kind) = read(&bytes, step);
                assert_eq!(kind, error, "{name}");
                assert!(expected.as_bytes().starts_with(&content), "{name}");
                assert!(error.is_some() || content == expected.as_bytes(), "{name}");
            }
        }
    }
}
