//! A zip whose one member is the zip itself, made from scratch.
//!
//! Its deflate stream is a program of two operations, five bytes each: *print the next bytes* (a stored block) and *repeat the last bytes* (a block
//! of matches). What it prints is the program with the zip's head and tail around it. The checksum, which is part of what it is a checksum of, is
//! found by solving for it: CRC-32 is linear in every bit. After Russ Cox, "Zip Files All The Way Down" (2010).

/// Head and tail are as long as they must be for their repetition to take five bytes.
const HEAD_BYTES: usize = 60;
const TAIL_BYTES: usize = 253;
const OPERATION_BYTES: usize = 5;

/// The file: head and tail as `H` and `T`; `0`, `1`, `4`, `h` and `t` print nothing, one operation, four, one and the head, one and the tail;
/// `a`, `b` and `c` repeat four operations, one and the head, one and the tail.
const PROGRAM: &str = "HhHhb1b114b114a4a4a4a4a00ta00tcTcT";

/// A zip that holds itself under this name.
pub fn quine(name: &str) -> Vec<u8> {
    (0..=u8::MAX).find_map(|filler| with_own_checksum(name, filler)).expect("some filler has a checksum")
}

/// The file whose checksum is the one that it states, if there is one.
fn with_own_checksum(name: &str, filler: u8) -> Option<Vec<u8>> {
    let checksum_stating = |stated: u32| crc(&file(name, filler, stated));
    let of_zero = checksum_stating(0);
    // A bit of the stated checksum changes these bits of the real one; which bits are to be stated, so that both are alike?
    let mut rows: Vec<u64> = (0..32)
        .map(|row| {
            let columns =
                (0..32).map(|bit| u64::from((checksum_stating(1 << bit) ^ of_zero ^ (1 << bit)) >> row & 1) << bit);
            columns.sum::<u64>() | u64::from(of_zero >> row & 1) << 32
        })
        .collect();
    for bit in 0..32 {
        let pivot = (bit..32).find(|row| rows[*row] >> bit & 1 == 1)?;
        rows.swap(bit, pivot);
        let row = rows[bit];
        let others = rows.iter_mut().enumerate().filter(|(other, bits)| *other != bit && **bits >> bit & 1 == 1);
        others.for_each(|(_, bits)| *bits ^= row);
    }
    let stated = (0..32).map(|bit| ((rows[bit] >> 32) as u32) << bit).sum();
    Some(file(name, filler, stated))
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn file(name: &str, filler: u8, checksum: u32) -> Vec<u8> {
    let operations = OPERATION_BYTES * (PROGRAM.len() - 4);
    let size = 2 * (HEAD_BYTES + TAIL_BYTES) + operations;
    let shared = |extra: usize| {
        let mut fields = Vec::new();
        [20_u16, 0, 8, 0, 0x21].iter().for_each(|field| fields.extend(field.to_le_bytes()));
        let packed = size - HEAD_BYTES - TAIL_BYTES;
        [checksum, packed as u32, size as u32].iter().for_each(|field| fields.extend(field.to_le_bytes()));
        [name.len() as u16, extra as u16].iter().for_each(|field| fields.extend(field.to_le_bytes()));
        fields
    };
    let extra = HEAD_BYTES - 30 - name.len();
    let mut head =
        [b"PK\x03\x04".as_slice(), &shared(extra), name.as_bytes(), &[0xff, 0xff, extra as u8 - 4, 0]].concat();
    head.resize(HEAD_BYTES, filler);
    let comment = TAIL_BYTES - 46 - name.len() - 22;
    let mut tail =
        [b"PK\x01\x02\x14\0".as_slice(), &shared(0), &[comment as u8, 0], &[0; 12], name.as_bytes()].concat();
    tail.resize(TAIL_BYTES - 22, b' ');
    let (directory, start) = (tail.len() as u32, (size - TAIL_BYTES) as u32);
    tail.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    tail.extend([directory.to_le_bytes(), start.to_le_bytes()].concat());
    tail.extend([0, 0]);

    let print = |bytes: usize| {
        let length = bytes as u16;
        [&[0], length.to_le_bytes().as_slice(), &(!length).to_le_bytes()].concat()
    };
    let operation = |letter| match letter {
        'H' => head.clone(),
        'T' => tail.clone(),
        '0' => print(0),
        '1' => print(OPERATION_BYTES),
        '4' => print(4 * OPERATION_BYTES),
        'h' => print(OPERATION_BYTES + HEAD_BYTES),
        't' => print(OPERATION_BYTES + TAIL_BYTES),
        'a' => repeat_20(),
        'b' => repeat_65(),
        _ => repeat_258(),
    };
    PROGRAM.chars().flat_map(operation).collect()
}

/// Bits as deflate packs them: the first one lowest.
#[derive(Default)]
struct Bits(u64, u32);

impl Bits {
    /// A number, its lowest bit first.
    fn number(mut self, value: u64, bits: u32) -> Self {
        self.0 |= value << self.1;
        self.1 += bits;
        self
    }

    /// A Huffman code, its highest bit first.
    fn code(self, code: u64, bits: u32) -> Self {
        self.number(code.reverse_bits() >> (64 - bits), bits)
    }

    /// A block of fixed codes begins.
    fn block(self, is_last: bool) -> Self {
        self.number(u64::from(is_last), 1).number(1, 2)
    }

    /// The block ends.
    fn end(self) -> Self {
        self.code(0, 7)
    }

    fn bytes(self) -> Vec<u8> {
        assert_eq!(self.1, 40, "an operation has five bytes");
        self.0.to_le_bytes()[..OPERATION_BYTES].to_vec()
    }
}

/// Two matches of 10 bytes, each 20 back.
fn repeat_20() -> Vec<u8> {
    let ten_from_20 = |bits: Bits| bits.code(264 - 256, 7).code(8, 5).number(20 - 17, 3);
    ten_from_20(ten_from_20(Bits::default().block(false))).end().bytes()
}

/// An empty block, which fills the five bytes, and a match of 65 bytes.
fn repeat_65() -> Vec<u8> {
    let filled = Bits::default().block(false).end().block(false);
    filled.code(276 - 256, 7).number(65 - 59, 3).code(12, 5).number(0, 5).end().bytes()
}

/// The same with 258 bytes; it is the last block.
fn repeat_258() -> Vec<u8> {
    let filled = Bits::default().block(false).end().block(true);
    filled.code(0xc0 + 285 - 280, 8).code(16, 5).number(258 - 257, 7).end().bytes()
}

#[test]
fn the_quine_holds_itself() {
    let quine = quine("r/r.jar");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&quine)).unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut zip.by_index(0).unwrap(), &mut content).unwrap();
    assert_eq!(content, quine);
}
