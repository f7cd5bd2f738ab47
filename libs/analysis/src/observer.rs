//! Shown every entry of a layer or a tree, keeps what an inventory needs of them.

use std::mem;
use std::ops::Bound;

use plimsoll_model::{Problem, ProblemCode};

use crate::analyser::{File, Observations, PastLimit};
use crate::budget::Budget;
use crate::contents::{Contents, FileAnalysis};
use crate::limits::PATH_BYTES;
use crate::path;
use crate::selection::{Selection, Wanting};
use crate::tar::{Entry, Kind, Visitor};
use crate::{Limits, PathHashes};

/// Makes [`Contents`] of entries, in any order, each path's last entry counting.
pub(crate) struct Observer<'l> {
    selection: &'static Selection,
    limits: &'l Limits,
    budget: Budget,
    contents: Contents,
    non_directories: Vec<u64>,
    problems: Vec<Problem>,
    untold_problems: usize,
    /// The path of the entry seen last. One buffer for all.
    path: String,
    /// Its size in bytes.
    size: u64,
    wanting: Wanting,
}

impl<'l> Observer<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            selection: Selection::all(),
            limits,
            budget: Budget::new(limits.kept_bytes),
            contents: Contents { is_complete: true, ..Contents::default() },
            non_directories: Vec::new(),
            problems: Vec::new(),
            untold_problems: 0,
            path: String::new(),
            size: 0,
            wanting: Wanting::new(),
        }
    }

    /// Everything that was seen, and what was wrong with it.
    pub(crate) fn finish(mut self) -> (Contents, Vec<Problem>) {
        self.contents.non_directories = self.non_directories.into_iter().collect();
        if self.budget.is_exceeded() {
            self.contents.is_complete = false;
            let detail = format!(
                "what is to be kept of it takes more than {} bytes; the rest was left out",
                self.limits.kept_bytes
            );
            self.problems.push(Problem { code: ProblemCode::LayerTooLarge, layer: None, path: None, detail });
        }
        if self.untold_problems > 0 {
            let detail = format!("{} more problems in files are not listed", self.untold_problems);
            self.problems.push(Problem { code: ProblemCode::FileMalformed, layer: None, path: None, detail });
        }
        (self.contents, self.problems)
    }

    /// Records a problem with the file at `path`.
    pub(crate) fn problem(&mut self, code: ProblemCode, path: &str, detail: String) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(Problem { code, layer: None, path: Some(path.to_owned()), detail });
        } else {
            self.untold_problems += 1;
        }
    }

    /// A whiteout (OCI image specification, `layer.md`): deletes what the layers below have, never a sibling.
    fn whiteout(&mut self, folder: Option<&str>, name: &str) {
        match name {
            ".wh..opq" => {
                let folder = folder.unwrap_or_default();
                if self.budget.take_text(folder) {
                    self.contents.opaque_directories.insert(folder.to_owned());
                }
            }
            // What AUFS kept for itself (`.wh..wh.plnk`, `.wh..wh.aufs`) deletes nothing.
            _ if name.starts_with(".wh.") => {}
            "" | "." | ".." => {
                let detail = "a whiteout that names nothing which could be deleted".to_owned();
                self.complain(ProblemCode::WhiteoutInvalid, detail);
            }
            _ => {
                let path = folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"));
                if self.budget.take_text(&path) {
                    self.contents.whiteouts.insert(path);
                }
            }
        }
    }

    /// Forgets the files in this layer that lie where now something other than a folder is.
    fn forget_below(&mut self) {
        if self.contents.files.is_empty() {
            return;
        }
        self.path.push('/');
        loop {
            let from = (Bound::Excluded(self.path.as_str()), Bound::Unbounded);
            let below = self.contents.files.range::<str, _>(from).next().map(|(path, _)| path);
            let Some(path) = below.filter(|path| path.starts_with(&self.path)).cloned() else { break };
            self.contents.files.remove(&path);
        }
        self.path.pop();
    }

    /// Records that the current path occurs, with what is known of it.
    fn record(&mut self, file: FileAnalysis) {
        if let Some(known) = self.contents.files.get_mut(&self.path) {
            *known = file;
        } else if self.budget.take_text(&self.path) {
            self.contents.files.insert(self.path.clone(), file);
        }
    }

    /// A hard link to a file that was read in this layer says what that file says.
    fn hard_link(&mut self, target: &[u8]) {
        let target = path::normalise(target);
        if target == self.path {
            return;
        }
        let mut wanting = Wanting::new();
        self.selection.wanting(&target, &mut wanting);
        let linked = self.contents.files.get(&target).filter(|_| wanting == self.wanting).cloned();
        let is_known = linked.is_some();
        let linked = linked.unwrap_or_default();
        let is_affordable = linked.packages.iter().all(|package| self.budget.take_package(package))
            && linked.owned.iter().all(|path| self.budget.take_text(path));
        self.record(if is_affordable { linked } else { FileAnalysis::default() });
        if !is_known {
            self.complain(ProblemCode::FileMalformed, format!("a hard link to {target}, whose content was not held"));
        }
    }

    /// A problem with the current file.
    fn complain(&mut self, code: ProblemCode, detail: String) {
        let path = mem::take(&mut self.path);
        self.problem(code, &path, detail);
        self.path = path;
    }
}

impl Visitor for Observer<'_> {
    fn entry(&mut self, entry: &Entry<'_>) -> Option<usize> {
        self.contents.entry_count += 1;
        if entry.path.len() > PATH_BYTES {
            let start = path::escape(entry.path.get(..80).unwrap_or_default());
            let detail =
                format!("a path of {} bytes, beginning with {start}; at most {PATH_BYTES} are read", entry.path.len());
            self.problem(ProblemCode::TarHeaderTooLarge, &start, detail);
            return None;
        }
        path::normalise_into(entry.path, &mut self.path);
        self.size = entry.size;
        if self.path.is_empty() {
            return None;
        }
        if path::file_name(&self.path).starts_with(".wh.") {
            let path = self.path.clone();
            let name = path::file_name(&path).get(4..).unwrap_or_default();
            self.whiteout(path::parent(&path), name);
            return None;
        }
        if entry.kind != Kind::Directory {
            self.non_directories.push(PathHashes::hash(&self.path));
            self.forget_below();
        }
        let mut wanting = mem::take(&mut self.wanting);
        self.selection.wanting(&self.path, &mut wanting);
        self.wanting = wanting;
        if self.wanting.is_empty() {
            return None;
        }
        match entry.kind {
            Kind::HardLink => self.hard_link(entry.link),
            Kind::Sparse => {
                self.record(FileAnalysis::default());
                self.complain(ProblemCode::FileMalformed, "a file with holes (sparse), which is not read".to_owned());
            }
            Kind::File | Kind::Symlink | Kind::Directory | Kind::Other => self.record(FileAnalysis::default()),
        }
        (entry.kind == Kind::File).then(|| self.selection.max_bytes(&self.wanting))
    }

    fn content(&mut self, bytes: &[u8], is_whole: bool) {
        let mut analysis = FileAnalysis::default();
        for position in mem::take(&mut self.wanting) {
            let Some(analyser) = self.selection.analyser(position) else { continue };
            let is_whole = is_whole && bytes.len() <= analyser.max_bytes();
            let bytes = bytes.get(..analyser.max_bytes()).unwrap_or(bytes);
            if !is_whole && analyser.past_limit() != PastLimit::BeginningSuffices {
                let detail = format!("{} bytes; {} reads at most {}", self.size, analyser.name(), analyser.max_bytes());
                self.complain(ProblemCode::FileTooLarge, detail);
                if analyser.past_limit() == PastLimit::Refuse {
                    continue;
                }
            }
            let file = File { path: &self.path, bytes, is_whole };
            let mut seen = Observations::new(self.selection, &mut self.budget);
            let outcome = analyser.analyse(&file, &mut seen);
            if let Err(malformed) = outcome {
                seen.malformed(malformed);
            }
            let (found, complaints) = seen.finish();
            analysis.merge(found);
            for complaint in complaints {
                self.complain(ProblemCode::FileMalformed, complaint);
            }
        }
        self.record(analysis);
    }
}
