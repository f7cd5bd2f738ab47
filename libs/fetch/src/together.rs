//! Files that belong together, as an index and what stands beside it: had together where one of them changed, and not at all where none did.

use std::fs::File;

use serde::{Deserialize, Serialize};

use crate::{FetchError, Fetched, Fetcher, Progress, Validators};

/// What servers said of files that were read, in the order in which they were; stored by the caller and given back at the next fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFiles(Vec<KnownFile>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownFile {
    address: String,
    #[serde(flatten)]
    validators: Validators,
}

/// Files that were had together.
#[derive(Debug)]
pub struct Together {
    /// Each, from its beginning, in the order of the addresses.
    pub files: Vec<File>,
    /// Their bytes.
    pub size: u64,
    /// To be given back at the next fetch.
    pub known: KnownFiles,
}

impl KnownFiles {
    /// Whether nothing is known.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a file of this address was read.
    pub fn has(&self, address: &str) -> bool {
        self.0.iter().any(|file| file.address == address)
    }

    /// What the server said of the file of this address; empty where it was not read.
    fn of(&self, address: &str) -> Validators {
        let known = self.0.iter().find(|file| file.address == address);
        known.map(|file| file.validators.clone()).unwrap_or_default()
    }

    /// Notes what a server said of a file that was read.
    pub fn put(&mut self, address: impl Into<String>, validators: Validators) {
        let address = address.into();
        self.0.retain(|file| file.address != address);
        self.0.push(KnownFile { address, validators });
    }
}

impl Fetcher {
    /// Fetches the files at these addresses, `None` where each is the one that `known` tells of. A file that did not change is had all the same where another
    /// did; the one that changes most often best comes first.
    ///
    /// # Errors
    /// See [`Fetcher::fetch`]. Nothing of them is then given.
    pub async fn fetch_together(
        &self,
        addresses: &[String],
        known: &KnownFiles,
        progress: &(dyn Fn(Progress<'_>) + Send + Sync),
    ) -> Result<Option<Together>, FetchError> {
        let mut together = Together { files: Vec::new(), size: 0, known: KnownFiles::default() };
        let mut unchanged = 0;
        for address in addresses {
            let asked = if together.files.is_empty() { known.of(address) } else { Validators::default() };
            match self.fetch(address, &asked, progress).await? {
                Fetched::Unchanged => unchanged += 1,
                Fetched::Changed { file, size, validators } => together.take(address, file, size, validators),
            }
        }
        if together.files.is_empty() {
            return Ok(None);
        }
        // Those before the first that changed.
        let mut rest = std::mem::take(&mut together.files);
        let known_of_rest = std::mem::take(&mut together.known);
        for address in addresses.iter().take(unchanged) {
            match self.fetch(address, &Validators::default(), progress).await? {
                Fetched::Changed { file, size, validators } => together.take(address, file, size, validators),
                Fetched::Unchanged => {
                    let why = "the server answered a question that was not asked";
                    return Err(FetchError::Protocol { address: address.clone(), why });
                }
            }
        }
        together.files.append(&mut rest);
        together.known.0.extend(known_of_rest.0);
        Ok(Some(together))
    }

    /// Whether each of these files is still the one that was read, as far as their servers tell; not where nothing is known of one.
    pub async fn are_unchanged(&self, known: &KnownFiles) -> bool {
        if known.is_empty() || known.0.iter().any(|file| file.validators.is_empty()) {
            return false;
        }
        for file in &known.0 {
            if !matches!(self.fetch(&file.address, &file.validators, &|_| {}).await, Ok(Fetched::Unchanged)) {
                return false;
            }
        }
        true
    }
}

impl Together {
    fn take(&mut self, address: &str, file: File, size: u64, validators: Validators) {
        self.files.push(file);
        self.size += size;
        self.known.put(address, validators);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[tokio::test]
    async fn files_are_had_together_where_one_changed_and_not_at_all_where_none_did() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let names = ["a", "b", "c"];
        let addresses = names.map(|name| format!("file://{}", folder.path().join(name).display()));
        let fetcher = Fetcher::default();
        let had = async |known: &KnownFiles| {
            let together = fetcher.fetch_together(&addresses, known, &|_| {}).await.unwrap()?;
            let mut texts = String::new();
            for mut file in together.files {
                file.read_to_string(&mut texts).unwrap();
            }
            assert_eq!(together.size, texts.len() as u64);
            Some((texts, together.known))
        };
        names.iter().for_each(|name| write(name, name));
        let (texts, mut known) = had(&KnownFiles::default()).await.unwrap();
        assert_eq!(texts, "abc");
        assert!(fetcher.are_unchanged(&known).await && !fetcher.are_unchanged(&KnownFiles::default()).await);
        assert!(had(&known).await.is_none());
        for (changed, expected) in [("a", "a1bc"), ("b", "a1b1c"), ("c", "a1b1c1")] {
            write(changed, &format!("{changed}1"));
            assert!(!fetcher.are_unchanged(&known).await, "{changed}");
            let (texts, now) = had(&known).await.unwrap();
            assert_eq!(texts, expected);
            known = now;
            assert!(had(&known).await.is_none(), "{changed}");
        }
        let kept = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<KnownFiles>(&kept).unwrap(), known);
        std::fs::remove_file(folder.path().join("b")).unwrap();
        assert!(!fetcher.are_unchanged(&known).await);
        assert!(fetcher.fetch_together(&addresses, &known, &|_| {}).await.unwrap_err().is_not_found());
    }
}
