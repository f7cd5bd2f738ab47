//! How fast text is scanned, one core: `throughput FILE...` (each is scanned as a source file), or made-up text without arguments.

use std::time::Instant;

use plimsoll_secrets::SecretScanner;

/// Scanned again until this many bytes were.
const ENOUGH: usize = 1 << 30;

fn main() {
    let scanner = SecretScanner::new();
    let mut files: Vec<(String, Vec<u8>)> = std::env::args()
        .skip(1)
        .filter_map(|path| {
            std::fs::read(&path).inspect_err(|error| eprintln!("{path}: {error}")).ok().map(|bytes| (path, bytes))
        })
        .collect();
    if files.is_empty() {
        let words = "the quick brown fox reads each layer once, front to back, and writes down what it sees: names, versions, places.\n";
        files.push(("made-up text".into(), words.repeat((16 << 20) / words.len()).into_bytes()));
    }
    scanner.scan_file("warm.rs", b"up");
    for (path, bytes) in files {
        let rounds = ENOUGH / bytes.len().max(1) + 1;
        let begun = Instant::now();
        let hits: usize = (0..rounds).map(|_| scanner.scan_file("src/text.rs", &bytes).len()).sum();
        let seconds = begun.elapsed().as_secs_f64();
        println!("{path}: {:.0} MB/s, {} hits a round", (rounds * bytes.len()) as f64 / seconds / 1e6, hits / rounds);
    }
}
