//! How large a window a zstd stream wants, by its first frame.
//!
//! Source: RFC 8878, 3.1.1.1 (frame header) and 3.1.2 (skippable frames).

use std::io::{self, Read};

/// The first bytes of a frame, the lowest first.
const MAGIC: u32 = 0xfd2f_b528;
/// Those of frames that hold nothing of the content, whatever their last four bits.
const SKIPPABLE: u32 = 0x184d_2a50;
/// The longest header: magic, descriptor, window, dictionary, content size.
const HEADER_BYTES: usize = 18;

/// The first frame with content.
pub(crate) struct FirstFrame {
    /// Bytes that were read of it, which belong before the rest.
    pub(crate) read: Vec<u8>,
    /// The window that it wants, in bytes; `None` where it has no header that says so.
    pub(crate) window: Option<u64>,
}

/// Reads up to the first frame's header, past frames that are to be skipped.
///
/// # Errors
/// Where the stream cannot be read.
pub(crate) fn first_frame(stream: &mut impl Read) -> io::Result<FirstFrame> {
    loop {
        let mut read = Vec::new();
        stream.take(8).read_to_end(&mut read)?;
        let numbers = read.split_first_chunk::<4>();
        let magic = numbers.map(|(magic, _)| u32::from_le_bytes(*magic));
        let size = numbers.and_then(|(_, rest)| rest.first_chunk::<4>()).map(|size| u32::from_le_bytes(*size));
        if let (Some(magic), Some(size)) = (magic, size)
            && magic & !0xf == SKIPPABLE
        {
            io::copy(&mut stream.take(size.into()), &mut io::sink())?;
            continue;
        }
        let rest = HEADER_BYTES.saturating_sub(read.len()) as u64;
        stream.take(rest).read_to_end(&mut read)?;
        let window = window(&read).filter(|_| magic == Some(MAGIC));
        return Ok(FirstFrame { read, window });
    }
}

fn window(header: &[u8]) -> Option<u64> {
    let descriptor = *header.get(4)?;
    let is_single_segment = descriptor & 0x20 != 0;
    if !is_single_segment {
        let byte = *header.get(5)?;
        let base = 1_u64 << (10 + (byte >> 3));
        return Some(base + base / 8 * u64::from(byte & 7));
    }
    // The content is the window: its size stands behind the dictionary's id.
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied()?;
    let content = header.get(5 + dictionary..)?;
    match descriptor >> 6 {
        0 => content.first().map(|size| u64::from(*size)),
        1 => content.first_chunk().map(|size| u64::from(u16::from_le_bytes(*size)) + 256),
        2 => content.first_chunk().map(|size| u64::from(u32::from_le_bytes(*size))),
        _ => content.first_chunk().map(|size| u64::from_le_bytes(*size)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn compressed(content: &[u8], window_log: u32, size: Option<u64>) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.set_pledged_src_size(size).unwrap();
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_window_is_that_of_the_first_frame_that_is_not_skipped() {
        let skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let content = vec![7; 70_000];
        let cases = [
            ("a window", compressed(&content, 25, None), Some(1 << 25)),
            ("one segment", compressed(&content, 25, Some(70_000)), Some(70_000)),
            ("a small segment", compressed(&content[..300], 25, Some(300)), Some(300)),
            ("one byte of size", compressed(&content[..9], 25, Some(9)), Some(9)),
            (
                "behind skipped frames",
                [&skipped[..], &skipped, &compressed(&content, 20, None)].concat(),
                Some(1 << 20),
            ),
            ("1.875 times 2 to the 27", vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x8f], Some(251_658_240)),
            ("8 bytes of size", [&[0x28, 0xb5, 0x2f, 0xfd, 0xe3, 9, 9, 9, 9][..], &[0xff; 8]].concat(), Some(u64::MAX)),
            ("cut", vec![0x28, 0xb5, 0x2f, 0xfd], None),
            ("cut within the size", vec![0x28, 0xb5, 0x2f, 0xfd, 0x60, 1], None),
            ("another magic", vec![0x27, 0xb5, 0x2f, 0xfd, 0, 0x8f], None),
            ("a skipped frame that ends early", skipped[..9].to_vec(), None),
            ("nothing", vec![], None),
        ];
        for (name, stream, expected) in cases {
            let mut rest = stream.as_slice();
            let frame = first_frame(&mut rest).unwrap();
            assert_eq!(frame.window, expected, "{name}");
            let whole = [frame.read.as_slice(), rest].concat();
            assert!(stream.ends_with(&whole) && (whole.len() == stream.len() || stream[0] == 0x5a), "{name}");
        }
    }
}
