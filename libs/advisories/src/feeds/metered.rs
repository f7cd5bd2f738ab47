//! Bounds on what a document may make us read: its whole length, and the length of one record.
//!
//! A streaming parser buffers one record at a time, so the second bound is what holds its memory.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};

use serde::de::DeserializeOwned;

use super::Refusal;

/// The bounds of a document, in bytes after decompression.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The whole document.
    pub document_bytes: u64,
    /// One record.
    pub record_bytes: u64,
}

/// Counts what is read against [`Limits`].
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    document_left: Cell<u64>,
    record_left: Cell<u64>,
    passed: Cell<Option<(&'static str, u64)>>,
}

impl Meter {
    /// A meter at its start.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            document_left: Cell::new(limits.document_bytes),
            record_left: Cell::new(limits.record_bytes),
            passed: Cell::new(None),
        }
    }

    /// A buffered reader that fails once a bound is passed.
    pub fn reader<'m, R: Read + 'm>(&'m self, bytes: R) -> impl BufRead + 'm {
        BufReader::with_capacity(64 * 1024, Metered { bytes, meter: self })
    }

    /// Says that a record was read: the next one may be as long again.
    pub fn next_record(&self) {
        self.record_left.set(self.limits.record_bytes);
    }

    /// Why reading failed, if it did because of a bound.
    pub fn refusal(&self) -> Option<Refusal> {
        self.passed.get().map(|(what, limit)| Refusal::PastLimit { what, limit })
    }

    /// What a JSON reader's error over this meter's reader means.
    pub fn json_refusal(&self, error: serde_json::Error) -> Refusal {
        match self.refusal() {
            Some(refusal) => refusal,
            None if error.is_io() => Refusal::Read(error.into()),
            None => Refusal::Malformed(error.to_string()),
        }
    }
}

struct Metered<'m, R> {
    bytes: R,
    meter: &'m Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        let bounds = [
            (&self.meter.document_left, "the document's size in bytes", self.meter.limits.document_bytes),
            (&self.meter.record_left, "a record's size in bytes", self.meter.limits.record_bytes),
        ];
        for (left, what, limit) in bounds {
            match left.get().checked_sub(read as u64) {
                Some(rest) => left.set(rest),
                None => {
                    self.meter.passed.set(Some((what, limit)));
                    return Err(std::io::Error::other("past the limit"));
                }
            }
        }
        Ok(read)
    }
}

/// A whole JSON document that is small by nature, read under a bound.
pub fn small_json<T: DeserializeOwned>(bytes: impl Read, limit_bytes: u64) -> Result<T, Refusal> {
    let meter = Meter::new(Limits { document_bytes: limit_bytes, record_bytes: limit_bytes });
    serde_json::from_reader(meter.reader(bytes)).map_err(|error| meter.json_refusal(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_or_record_past_its_bound_is_refused() {
        for (limits, what) in [
            (Limits { document_bytes: 1 << 20, record_bytes: 1 << 30 }, "the document's size in bytes"),
            (Limits { document_bytes: 1 << 30, record_bytes: 1 << 20 }, "a record's size in bytes"),
        ] {
            let meter = Meter::new(limits);
            let endless = std::io::repeat(b' ');
            let error = serde_json::from_reader::<_, u32>(meter.reader(endless)).unwrap_err();
            let refusal = meter.json_refusal(error);
            assert!(matches!(refusal, Refusal::PastLimit { what: found, .. } if found == what), "{refusal}");
        }
    }
}
