//! A document's text, whatever it is packed in.
//!
//! Upstreams serve one and the same format plain, as gzip or as bzip2, and mirrors pack it again: the first bytes tell, not the name.

use std::io::{BufReader, Read, SeekFrom};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use super::{DocumentBytes, Refusal};

const GZIP: [u8; 3] = [0x1F, 0x8B, 0x08];
const BZIP2: [u8; 3] = *b"BZh";

/// The document from its beginning, unpacked and made UTF-8. How much it may give is the reader's to bound.
pub fn unpacked(bytes: &mut dyn DocumentBytes) -> Result<Box<dyn Read + '_>, Refusal> {
    let mut magic = Vec::with_capacity(3);
    bytes.seek(SeekFrom::Start(0)).map_err(Refusal::Read)?;
    bytes.take(3).read_to_end(&mut magic).map_err(Refusal::Read)?;
    bytes.seek(SeekFrom::Start(0)).map_err(Refusal::Read)?;
    let packed = BufReader::new(bytes);
    Ok(if magic == GZIP {
        Box::new(Utf8::new(MultiGzDecoder::new(packed)))
    } else if magic == BZIP2 {
        Box::new(Utf8::new(MultiBzDecoder::new(packed)))
    } else {
        Box::new(Utf8::new(packed))
    })
}

/// Puts a question mark for each byte that is not UTF-8: one name in Latin-1, in thirty years of changelogs that Oracle quotes, would
/// have the whole document refused.
struct Utf8<R> {
    bytes: R,
    /// The beginning of a character whose end is still to be read: at most three bytes.
    begun: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
}

impl<R: Read> Utf8<R> {
    fn new(bytes: R) -> Self {
        Self { bytes, begun: Vec::new(), ready: Vec::new(), taken: 0 }
    }

    /// Reads on, until there is something to give or the end.
    fn refill(&mut self) -> std::io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        self.ready.append(&mut self.begun);
        let kept = self.ready.len();
        self.ready.resize(kept + 32 * 1024, 0);
        let read = loop {
            match self.bytes.read(self.ready.get_mut(kept..).unwrap_or_default()) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.ready.truncate(kept + read);
        let mut checked = 0;
        while let Some(Err(error)) = self.ready.get(checked..).map(std::str::from_utf8) {
            let bad = checked + error.valid_up_to();
            match error.error_len() {
                None if read > 0 => {
                    self.begun = self.ready.split_off(bad);
                    break;
                }
                length => {
                    let end = length.map_or(self.ready.len(), |length| bad + length);
                    self.ready.get_mut(bad..end).unwrap_or_default().fill(b'?');
                    checked = end;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.ready.len() {
            self.refill()?;
            if self.ready.is_empty() && self.begun.is_empty() {
                return Ok(0);
            }
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    /// Gives one byte at a time, so that every character is cut.
    struct Dripping<'b>(&'b [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let end = 1.min(buffer.len());
            self.0.read(&mut buffer[..end])
        }
    }

    #[test]
    fn text_is_the_same_however_it_is_packed() {
        let text = "<a>Žluťoučký kůň</a>".repeat(5_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(text.as_bytes()).unwrap();
        for packed in [text.clone().into_bytes(), gzip.finish().unwrap(), bzip2.finish().unwrap()] {
            let mut document = Cursor::new(packed);
            for _ in 0..2 {
                let mut read = String::new();
                unpacked(&mut document).unwrap().read_to_string(&mut read).unwrap();
                assert_eq!(read, text);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_question_marks_wherever_reads_end() {
        for (bytes, expected) in [
            (&b"Tom\xE1\xB9"[..], "Tom??"),
            (b"Tom\xE1s", "Tom?s"),
            (b"\xFF\xFE<a/>", "??<a/>"),
            ("ž€😀".as_bytes(), "ž€😀"),
            (b"\xF0\x9F\x98", "???"),
            (b"", ""),
        ] {
            let (mut whole, mut dripped) = (String::new(), String::new());
            Utf8::new(bytes).read_to_string(&mut whole).unwrap();
            Utf8::new(Dripping(bytes)).read_to_string(&mut dripped).unwrap();
            assert_eq!((whole.as_str(), dripped.as_str()), (expected, expected), "{bytes:?}");
        }
    }
}
