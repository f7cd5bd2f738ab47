//! Secrets that look real, made at run time from a seed: none is written down in the repository, and every run has the same.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

pub const HEX: &str = "0123456789abcdef";
pub const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub fn of(&mut self, alphabet: &str, length: usize) -> String {
        (0..length).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    pub fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|length| self.of(HEX, length)).join("-")
    }

    /// PKCS #1 or #8 in DER as far as a reader of its beginning can tell; the numbers are random.
    pub fn der_key(&mut self) -> Vec<u8> {
        let mut content = vec![0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01];
        content.extend(self.bytes(1180));
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [vec![0x30, 0x82, high, low], content].concat()
    }

    pub fn openssh_key(&mut self, cipher: &str) -> Vec<u8> {
        let length = u32::try_from(cipher.len()).unwrap().to_be_bytes();
        [b"openssh-key-v1\0", &length[..], cipher.as_bytes(), &self.bytes(400)].concat()
    }

    pub fn jwt(&mut self, claims: &str) -> String {
        let [header, claims] = [r#"{"alg":"RS256","typ":"JWT"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(self.bytes(256)))
    }
}

/// `der` in PEM, lines of 64.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub fn base64(text: impl AsRef<[u8]>) -> String {
    STANDARD.encode(text)
}
