//! What is found on this machine: `secrets_survey FOLDER...`. Each hit with its path, its line and its text redacted; at the end the sums.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_secrets::{MAX_FILE_BYTES, SecretScanner, wants_path};

fn main() {
    let scanner = SecretScanner::new();
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut files, mut bytes_read, mut seconds) = (0, 0, 0.0);
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(bytes) = kind.is_file().then(|| wanted(&path)).flatten() else { continue };
            files += 1;
            bytes_read += bytes.len();
            let begun = std::time::Instant::now();
            let hits = scanner.scan_file(&path.to_string_lossy(), &bytes);
            seconds += begun.elapsed().as_secs_f64();
            for hit in hits {
                *sums.entry(&hit.rule.id).or_default() += 1;
                println!("{}\t{}:{}\t{}", hit.rule.id, path.display(), hit.line, hit.redacted);
            }
        }
    }
    eprintln!("{files} files, {bytes_read} bytes, {:.0} MB/s: {sums:?}", bytes_read as f64 / seconds / 1e6);
}

fn wanted(path: &Path) -> Option<Vec<u8>> {
    let size = path.metadata().ok()?.len();
    (size <= MAX_FILE_BYTES && wants_path(&path.to_string_lossy())).then(|| std::fs::read(path).ok()).flatten()
}
