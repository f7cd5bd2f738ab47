//! P12 and its kin: time linear in the bytes, memory bounded, no panic.

use std::time::{Duration, Instant};

use plimsoll_secrets::SecretScanner;
use proptest::prelude::*;

const SIZE: usize = 100 << 20;

/// Far above what it takes even on a loaded machine, far below what anything but linear time would.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_hundred_mebibytes_of_one_character_take_linear_time() {
    for byte in [b'a', b'=', b'-', b'\n', b'"', b'/', 0] {
        let begun = Instant::now();
        assert!(SecretScanner::new().scan_file("app/.env", &vec![byte; SIZE]).is_empty());
        assert!(begun.elapsed() < LIMIT, "{byte}: {:?}", begun.elapsed());
    }
}

#[test]
fn texts_of_nothing_but_keywords_take_linear_time() {
    const PART: usize = 1 << 20;
    for pattern in [
        "eyJ",
        "eyJaaaaaaaaaaaaaaaaaaa.",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n",
        "PuTTY-User-Key-File-3: \n",
        "kind: Secret\n",
        "password=",
        "secret\":\"",
        "token",
        "http://a:",
        "http://a:b@",
        "://",
        "Server=a;",
        " -u a:bcd1",
        "ghp_",
        "LS0tLS1CRUdJTi",
        "authorization:",
        "\"auth\":\"",
        "\"private_key\":\"-----BEGIN ",
        "facebook_key=",
        "mysql -",
        "docker login ",
        "echo a:bcdef ",
    ] {
        let text = pattern.repeat(PART / pattern.len());
        for path in ["app/.env", "app/a.yaml", "root/.netrc", "app/main.tf"] {
            let begun = Instant::now();
            let hits = SecretScanner::new().scan_file(path, text.as_bytes());
            assert!(begun.elapsed() < LIMIT, "{pattern} in {path}: {:?}", begun.elapsed());
            assert!(hits.len() <= 600, "{pattern} in {path}: {}", hits.len());
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
        let scanner = SecretScanner::new();
        let seeds: [&[u8]; 8] = [
            b"-----BEGIN RSA PRIVATE KEY-----\n", b"password=\"", b"://u:", b"kind: Secret\ndata:\n  a: ", b"eyJhbGciOiJIUzI1NiJ9.eyJ", b"\xff\xfe", b"PuTTY-User-Key-File-3: ", b"\"private_key\": \"",
        ];
        for seed in seeds {
            let text = [seed, bytes.get(..cut.min(bytes.len())).unwrap(), b"-----END \nPrivate-Lines: 1\n", &bytes].concat();
            for path in ["app/.env", "a.yaml", "a.p12", "root/.pgpass", "x"] {
                scanner.scan_file(path, &text);
            }
            let lossy = String::from_utf8_lossy(&text);
            scanner.scan_value(&lossy, &lossy);
            scanner.scan_command(&lossy);
        }
    }
}
