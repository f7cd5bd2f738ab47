//! A folder on disk: a root file system, a project, or one lock file. The one place here that reads files.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use plimsoll_model::{Inventory, Problem, ProblemCode};

use crate::Contents;
use crate::engine::Engine;
use crate::inspection::{self, Inspections};
use crate::observer::{Observed, Observer};
use crate::pass::Pass;
use crate::selection::Wanting;
use crate::squash::inventory_without_layers;
use crate::tar::{BEGINNING, Entry, Kind, Visitor};

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

/// See [`Engine::tree`].
pub(crate) fn analyse(engine: &Engine, root: &Path) -> Result<TreeAnalysis, TreeError> {
    let pass = Pass::new(engine);
    inspection::beside(&pass, |inspections| analyse_beside(&pass, root, inspections))
}

fn analyse_beside(pass: &Pass<'_>, root: &Path, inspections: Inspections) -> Result<TreeAnalysis, TreeError> {
    let engine = pass.engine;
    let unreadable = |source| TreeError::Unreadable { path: root.to_owned(), source };
    let metadata = fs::metadata(root).map_err(unreadable)?;
    let mut walker = Walker { engine, observer: Observer::new(pass, inspections), entries: 0, is_cut: false };
    if metadata.is_dir() {
        fs::read_dir(root).map_err(unreadable)?;
        walker.walk(root);
    } else {
        let name = root.file_name().unwrap_or_default().as_bytes();
        let mut wanting = Wanting::new();
        engine.selection().wanting(&crate::path::normalise(name), &mut wanting);
        if wanting.is_empty() {
            return Err(TreeError::Unrecognised { path: root.to_owned() });
        }
        File::open(root).map_err(unreadable)?;
        walker.file(root, name, &metadata);
    }
    Ok(walker.finish())
}

struct Walker<'e> {
    engine: &'e Engine,
    observer: Observer<'e>,
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
                if self.entries > self.engine.limits().entries {
                    self.is_cut = true;
                    return;
                }
                let path = entry.path();
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    self.observer.entry(&entry_of(below(root, &path), Kind::Directory, &metadata));
                    folders.push(path);
                } else if metadata.is_file() {
                    self.file(&path, below(root, &path), &metadata);
                } else if metadata.is_symlink() {
                    // Where it leads is text like any other; nothing is opened by it.
                    let target = fs::read_link(&path).unwrap_or_default();
                    let entry = entry_of(below(root, &path), Kind::Symlink, &metadata);
                    self.observer.entry(&Entry { link: target.as_os_str().as_bytes(), ..entry });
                } else {
                    self.observer.entry(&entry_of(below(root, &path), Kind::Other, &metadata));
                }
            }
        }
    }

    fn file(&mut self, file: &Path, path: &[u8], metadata: &Metadata) {
        if !self.observer.entry(&entry_of(path, Kind::File, metadata)) {
            return;
        }
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|mut file| {
            Read::by_ref(&mut file).take(BEGINNING as u64).read_to_end(&mut bytes)?;
            let Some(most) = self.observer.beginning(&bytes) else { return Ok(()) };
            // One byte more tells whether that is all of it.
            let left = most.saturating_sub(bytes.len()) as u64 + 1;
            file.take(left).read_to_end(&mut bytes)?;
            let is_whole = bytes.len() <= most;
            bytes.truncate(most.max(BEGINNING));
            self.observer.content(&mut bytes, is_whole);
            Ok(())
        });
        if let Err(error) = read {
            self.unreadable(path, &error);
        }
    }

    fn unreadable(&mut self, path: &[u8], error: &io::Error) {
        let path = crate::path::normalise(path);
        self.observer.problem(ProblemCode::FileMalformed, &path, format!("it cannot be read: {error}"));
    }

    fn finish(self) -> TreeAnalysis {
        let Observed { mut contents, mut problems, .. } = self.observer.finish();
        if self.is_cut {
            contents.is_complete = false;
            let detail = format!("more than {} files and folders", self.engine.limits().entries);
            problems.push(Problem::new(ProblemCode::LayerTooLarge, detail));
        }
        TreeAnalysis { contents, problems }
    }
}

/// The path from `root`, in the bytes that the system has.
fn below<'p>(root: &Path, path: &'p Path) -> &'p [u8] {
    path.strip_prefix(root).unwrap_or(path).as_os_str().as_bytes()
}

fn entry_of<'p>(path: &'p [u8], kind: Kind, metadata: &Metadata) -> Entry<'p> {
    let size = if kind == Kind::File { metadata.len() } else { 0 };
    Entry { path, kind, size, link: b"", mode: metadata.mode() & 0o7777, capability: None }
}
