//! A folder on disk: a root file system, a project, or one lock file. The one place here that reads files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use plimsoll_model::{Inventory, Problem, ProblemCode};

use crate::observer::Observer;
use crate::selection::{Selection, Wanting};
use crate::squash::inventory_without_layers;
use crate::tar::{Entry, Kind, Visitor};
use crate::{Contents, Limits};

/// What a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeAnalysis {
    /// What was seen, by paths from the folder.
    pub contents: Contents,
    /// What could not be read or believed.
    pub problems: Vec<Problem>,
}

impl TreeAnalysis {
    /// The folder's inventory. It has no layers; its packages are all of layer 0.
    pub fn inventory(&self) -> Inventory {
        inventory_without_layers(&self.contents, &self.problems)
    }
}

/// Why a folder was not analysed at all.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// It is not there, or may not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// What was to be analysed.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// A single file whose name is none that is known: its format would have to be guessed.
    #[error("{}: no package database or lock file goes by this name", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
}

/// Walks a folder as if it were an image's root, or reads one file by its name. Links are not followed.
///
/// # Errors
/// When `root` itself cannot be read. What cannot be read below it is a problem.
pub fn analyse_tree(root: &Path, limits: &Limits) -> Result<TreeAnalysis, TreeError> {
    let unreadable = |source| TreeError::Unreadable { path: root.to_owned(), source };
    let metadata = fs::metadata(root).map_err(unreadable)?;
    let mut walker = Walker { limits, observer: Observer::new(limits), entries: 0, is_cut: false };
    if metadata.is_dir() {
        fs::read_dir(root).map_err(unreadable)?;
        walker.walk(root);
    } else {
        let name = root.file_name().unwrap_or_default().as_bytes();
        let mut wanting = Wanting::new();
        Selection::all().wanting(&crate::path::normalise(name), &mut wanting);
        if wanting.is_empty() {
            return Err(TreeError::Unrecognised { path: root.to_owned() });
        }
        File::open(root).map_err(unreadable)?;
        walker.file(root, name, metadata.len());
    }
    Ok(walker.finish())
}

struct Walker<'l> {
    limits: &'l Limits,
    observer: Observer<'l>,
    entries: u64,
    is_cut: bool,
}

impl Walker<'_> {
    /// Goes through all folders, without recursion: a hostile tree may be deep.
    fn walk(&mut self, root: &Path) {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(below(root, &folder), &error);
                    continue;
                }
            };
            for entry in entries.flatten() {
                self.entries += 1;
                if self.entries > self.limits.entries {
                    self.is_cut = true;
                    return;
                }
                let path = entry.path();
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    self.observer.entry(&Entry { path: below(root, &path), kind: Kind::Directory, size: 0, link: b"" });
                    folders.push(path);
                } else if metadata.is_file() {
                    self.file(&path, below(root, &path), metadata.len());
                } else {
                    let kind = if metadata.is_symlink() { Kind::Symlink } else { Kind::Other };
                    self.observer.entry(&Entry { path: below(root, &path), kind, size: 0, link: b"" });
                }
            }
        }
    }

    fn file(&mut self, file: &Path, path: &[u8], size: u64) {
        let Some(most) = self.observer.entry(&Entry { path, kind: Kind::File, size, link: b"" }) else { return };
        let mut bytes = Vec::new();
        // One byte more tells whether that is all of it.
        let read = File::open(file).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
        match read {
            Ok(count) => {
                bytes.truncate(most);
                self.observer.content(&bytes, count <= most);
            }
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn unreadable(&mut self, path: &[u8], error: &io::Error) {
        let path = crate::path::normalise(path);
        self.observer.problem(ProblemCode::FileMalformed, &path, format!("it cannot be read: {error}"));
    }

    fn finish(self) -> TreeAnalysis {
        let (mut contents, mut problems) = self.observer.finish();
        if self.is_cut {
            contents.is_complete = false;
            let detail = format!("more than {} files and folders", self.limits.entries);
            problems.push(Problem { code: ProblemCode::LayerTooLarge, layer: None, path: None, detail });
        }
        TreeAnalysis { contents, problems }
    }
}

/// The path from `root`, in the bytes that the system has.
fn below<'p>(root: &Path, path: &'p Path) -> &'p [u8] {
    path.strip_prefix(root).unwrap_or(path).as_os_str().as_bytes()
}
