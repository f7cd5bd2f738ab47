//! Shown every entry of a layer or a tree, keeps what an inventory needs of them.

use std::mem;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll_model::{FileFactKind, Problem, ProblemCode};

use crate::analyser::{Analyser, File, Observations, PastLimit, Seen, broke_off};
use crate::budget::Budget;
use crate::contents::{Contents, FileAnalysis};
use crate::engine::Engine;
use crate::facts::HeaderFacts;
use crate::file_sizes::FileSizesBuilder;
use crate::inspection::{Inspected, Inspections, Job, is_archive_name, shown_to};
use crate::limits::PATH_BYTES;
use crate::pass::Pass;
use crate::problems::Problems;
use crate::reservoir::{Room, Use};
use crate::selection::Wanting;
use crate::tar::{Entry, Kind, Visitor};
use crate::{ContentKind, PathHashes, packing, path};

/// The largest archive that is opened, unless an analyser asks for larger ones by name.
const ARCHIVE_BYTES: usize = 64 << 20;

/// As many bytes of a file are read in this thread without taking room.
const UNCOUNTED: usize = 256 << 10;

/// Makes [`Contents`] of entries, in any order, each path's last entry counting.
pub(crate) struct Observer<'e> {
    engine: &'e Engine,
    pass: &'e Pass<'e>,
    inspections: Inspections,
    budget: Budget,
    contents: Contents,
    non_directories: Vec<u64>,
    sizes: FileSizesBuilder,
    /// What was taken for them.
    sizes_bytes: usize,
    directories: Vec<u64>,
    problems: Problems,
    /// The path of the entry seen last. One buffer for all.
    path: String,
    /// Its size in bytes.
    size: u64,
    mode: u32,
    kind: ContentKind,
    wanting: Wanting,
    header_facts: HeaderFacts,
    /// What its header and path show.
    facts: Vec<FileFactKind>,
    /// The memory that its content takes while it is read.
    room: Option<Room>,
    /// Whether it goes to the inspectors.
    is_inspected: bool,
    /// Whether asking again later may say more of some file.
    is_provisional: bool,
}

impl<'e> Observer<'e> {
    pub(crate) fn new(pass: &'e Pass<'e>, inspections: Inspections) -> Self {
        let engine = pass.engine;
        Self {
            engine,
            pass,
            inspections,
            budget: pass.budget(engine.limits().kept_bytes),
            contents: Contents { is_complete: true, ..Contents::default() },
            non_directories: Vec::new(),
            sizes: FileSizesBuilder::new(),
            sizes_bytes: 0,
            directories: Vec::new(),
            problems: Problems::new(engine.limits().problems),
            path: String::new(),
            size: 0,
            mode: 0,
            kind: ContentKind::Empty,
            wanting: Wanting::new(),
            header_facts: HeaderFacts::default(),
            facts: Vec::new(),
            room: None,
            is_inspected: false,
            is_provisional: false,
        }
    }

    /// Everything that was seen, and what was wrong with it.
    pub(crate) fn finish(mut self) -> Observed {
        while let Some(inspected) = self.inspections.next_of_rest() {
            self.take_back(inspected);
        }
        self.contents.non_directories = self.non_directories.into_iter().collect();
        self.contents.sizes = self.sizes.finish();
        self.contents.directories = self.directories.into_iter().collect();
        let limits = self.engine.limits();
        let (is_exceeded, is_crowded_out) = (self.budget.is_exceeded(), self.budget.is_crowded_out());
        self.contents.is_complete &= !is_exceeded && !is_crowded_out;
        let cuts = [(is_exceeded, "it", limits.kept_bytes), (is_crowded_out, "all layers", limits.image_kept_bytes)];
        let problems = self.problems.finish(cuts.into_iter().filter(|(is_cut, ..)| *is_cut).map(|(_, what, most)| {
            let detail = format!("what is to be kept of {what} takes more than {most} bytes; the rest was left out");
            Problem::new(ProblemCode::LayerTooLarge, detail)
        }));
        self.budget.spent();
        Observed { contents: self.contents, problems, is_crowded_out, is_provisional: self.is_provisional }
    }

    /// Records a problem with the file at `path`.
    pub(crate) fn problem(&mut self, code: ProblemCode, path: &str, detail: String) {
        self.problems.add(&mut self.budget, code, path, detail);
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

    /// Records how many bytes lie at the current path, if there is room for it.
    fn size_of(&mut self, hash: u64, bytes: u64) {
        self.sizes.add(hash, &self.path, bytes);
        let taken = self.sizes.bytes();
        if taken > self.sizes_bytes {
            if !self.budget.take(taken - self.sizes_bytes) {
                self.sizes.give_up();
                self.budget.give_back(self.sizes_bytes);
                self.sizes_bytes = 0;
                return;
            }
        } else {
            self.budget.give_back(self.sizes_bytes - taken);
        }
        self.sizes_bytes = taken;
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
    fn record(&mut self, mut file: FileAnalysis) {
        if self.budget.take_facts(self.facts.len()) {
            file.facts.extend(self.facts.iter().cloned());
        }
        if let Some(known) = self.contents.files.get_mut(&self.path) {
            *known = file;
        } else if self.budget.take_file(&self.path) {
            self.contents.files.insert(self.path.clone(), file);
        }
    }

    /// Records an entry at a path that an analyser wants.
    fn wanted(&mut self, entry: &Entry<'_>) {
        match entry.kind {
            Kind::HardLink => self.hard_link(entry.link),
            Kind::Sparse => {
                self.record(FileAnalysis::default());
                let detail = "a file with holes (sparse), which is not read".to_owned();
                self.complain(ProblemCode::FileMalformed, detail);
            }
            Kind::File | Kind::Symlink | Kind::Directory | Kind::Other => self.record(FileAnalysis::default()),
        }
    }

    /// Where the link at the current path leads within the image, if an analyser wants to know.
    fn followed(&mut self, target: &[u8]) -> Option<String> {
        if target.is_empty() || target.len() > PATH_BYTES || !self.engine.selection().wants_link(&self.path) {
            return None;
        }
        let folder = path::parent(&self.path).filter(|_| !target.starts_with(b"/"));
        let link = path::below(folder.unwrap_or_default(), target);
        self.budget.take_text(&link).then_some(link)
    }

    /// A hard link to a file that was read in this layer says what that file says. What was inspected of it is told of the file itself.
    fn hard_link(&mut self, target: &[u8]) {
        let target = path::normalise(target);
        if target == self.path {
            return;
        }
        let mut wanting = Wanting::new();
        self.engine.selection().wanting(&target, &mut wanting);
        let linked = self.contents.files.get(&target).filter(|_| wanting == self.wanting).cloned();
        let is_known = linked.is_some();
        let mut linked = linked.unwrap_or_default();
        linked.observations.clear();
        let is_affordable = self.budget.take_analysis(&linked);
        self.record(if is_affordable { linked } else { FileAnalysis::default() });
        if !is_known {
            self.complain(ProblemCode::FileMalformed, format!("a hard link to {target}, whose content was not held"));
        }
    }

    /// Keeps what an inspected file says.
    fn take_back(&mut self, inspected: Inspected) {
        self.is_provisional |= inspected.is_provisional;
        if self.budget.absorb(inspected.budget) && inspected.analysis.says_something() {
            if let Some(known) = self.contents.files.get_mut(&inspected.path) {
                known.merge(inspected.analysis);
            } else if self.budget.take_file(&inspected.path) {
                self.contents.files.insert(inspected.path, inspected.analysis);
            }
        }
        for problem in inspected.problems {
            self.problem(problem.code, &problem.path, problem.detail);
        }
    }

    /// Drops those of the wanting who do not take a file of this size, and gives how much the others take of it.
    fn most_wanted(&mut self) -> Option<usize> {
        let mut wanting = mem::take(&mut self.wanting);
        let mut most = None;
        wanting.retain(|position| {
            let Some(analyser) = self.engine.selection().analyser(*position) else { return false };
            let (max, past_limit) = analyser.bounds(&self.path, self.kind, self.size);
            if past_limit == PastLimit::Refuse && self.size > max as u64 {
                let detail = format!("{} bytes; {} reads at most {max}", self.size, analyser.name());
                self.complain(ProblemCode::FileTooLarge, detail);
                return false;
            }
            most = most.max(Some(max));
            true
        });
        self.wanting = wanting;
        most
    }

    /// Has one analyser read the current file.
    fn read(&mut self, analyser: &dyn Analyser, bytes: &[u8], is_whole: bool) -> FileAnalysis {
        let path = mem::take(&mut self.path);
        let file = File { path: &path, bytes, is_whole, kind: self.kind, mode: self.mode, size: self.size };
        let mut problems = Vec::new();
        let mut found = FileAnalysis::default();
        match shown_to(analyser, &file) {
            Err(detail) => problems.push((ProblemCode::FileTooLarge, detail)),
            Ok((shown, cut)) => {
                problems.extend(cut.map(|detail| (ProblemCode::FileTooLarge, detail)));
                let mut seen = Observations::new(&mut self.budget, None);
                // Whatever one file does to its analyser, the others of the layer are read.
                let outcome =
                    self.pass.pace.work(|| catch_unwind(AssertUnwindSafe(|| analyser.analyse(&shown, &mut seen))));
                if let Err(malformed) = outcome.unwrap_or_else(|_| Err(broke_off(analyser))) {
                    seen.malformed(malformed);
                }
                let Seen { file, problems: told, is_provisional } = seen.finish();
                self.is_provisional |= is_provisional;
                found = file;
                problems.extend(told);
                found.read_by(analyser.name().into());
            }
        }
        for (code, detail) in problems {
            self.problem(code, &path, detail);
        }
        self.path = path;
        found
    }

    /// A problem with the current file.
    fn complain(&mut self, code: ProblemCode, detail: String) {
        let path = mem::take(&mut self.path);
        self.problem(code, &path, detail);
        self.path = path;
    }
}

/// What was seen.
pub(crate) struct Observed {
    pub(crate) contents: Contents,
    pub(crate) problems: Vec<Problem>,
    /// Whether something was not kept as other layers took the room.
    pub(crate) is_crowded_out: bool,
    /// Whether asking again later may say more.
    pub(crate) is_provisional: bool,
}

impl Observer<'_> {
    /// Takes the memory that the current file takes, unless there is never so much.
    fn take_room(&mut self, held: usize, is_opened: bool) -> bool {
        let selection = self.engine.selection();
        let (inspecting, reading): (Vec<&usize>, Vec<&usize>) =
            self.wanting.iter().partition(|position| selection.is_inspector(**position));
        let is_archive = self.kind.is_archive() || is_archive_name(&self.path);
        self.is_inspected = !inspecting.is_empty() || is_opened;
        let purpose = if self.is_inspected && is_archive { Use::Archive } else { Use::File };
        let working = reading.into_iter().filter_map(|position| selection.analyser(*position));
        let working = working.map(|analyser| analyser.working_bytes(held.min(analyser.max_bytes()))).max();
        let bytes = held + working.unwrap_or_default();
        let (memory, window) = (self.engine.memory(), self.pass.window());
        let most = memory.most(purpose, window);
        if window > 0 && bytes > most {
            let detail = format!(
                "{} bytes, for which {bytes} are to be held; the layer's zstd window of {window} bytes leaves {most}",
                self.size
            );
            self.complain(ProblemCode::FileTooLarge, detail);
            return false;
        }
        if bytes > UNCOUNTED || self.is_inspected {
            let room = memory.try_take(purpose, bytes).unwrap_or_else(|| {
                // What is held may be held by files that wait for a batch to be full.
                self.inspections.send_gathered();
                memory.take(purpose, bytes)
            });
            self.room = Some(room);
        }
        true
    }
}

impl Visitor for Observer<'_> {
    fn goes_on(&self) -> bool {
        !self.pass.pace.is_over()
    }

    fn entry(&mut self, entry: &Entry<'_>) -> bool {
        self.contents.entry_count += 1;
        if entry.path.len() > PATH_BYTES {
            let start = path::escape(entry.path.get(..80).unwrap_or_default());
            let detail =
                format!("a path of {} bytes, beginning with {start}; at most {PATH_BYTES} are read", entry.path.len());
            self.problem(ProblemCode::TarHeaderTooLarge, &start, detail);
            return false;
        }
        path::normalise_into(entry.path, &mut self.path);
        (self.size, self.mode) = (entry.size, entry.mode);
        if self.path.is_empty() {
            return false;
        }
        if path::file_name(&self.path).starts_with(".wh.") {
            let path = self.path.clone();
            let name = path::file_name(&path).get(4..).unwrap_or_default();
            self.whiteout(path::parent(&path), name);
            return false;
        }
        self.inspections.forget(&self.path);
        let hash = PathHashes::hash(&self.path);
        let bytes = if entry.kind == Kind::File { entry.size } else { 0 };
        self.contents.file_bytes = self.contents.file_bytes.saturating_add(bytes);
        let is_kept = self.budget.take(size_of::<u64>());
        if entry.kind == Kind::Directory {
            self.directories.extend(is_kept.then_some(hash));
        } else {
            if is_kept {
                self.non_directories.push(hash);
                self.size_of(hash, bytes);
            }
            self.forget_below();
        }
        let mut wanting = mem::take(&mut self.wanting);
        self.engine.selection().wanting(&self.path, &mut wanting);
        self.wanting = wanting;
        self.facts = self.header_facts.of(entry, &self.path);
        let link = (entry.kind == Kind::Symlink).then(|| self.followed(entry.link)).flatten();
        if link.is_some() {
            self.record(FileAnalysis { link, ..FileAnalysis::default() });
        } else if self.wanting.is_empty() {
            self.contents.files.remove(&self.path);
            if !self.facts.is_empty() {
                self.record(FileAnalysis::default());
            }
        } else {
            self.wanted(entry);
        }
        let is_inspected = self.size > 0 && self.engine.selection().inspectors().next().is_some();
        entry.kind == Kind::File && (is_inspected || !self.wanting.is_empty())
    }

    fn beginning(&mut self, bytes: &[u8]) -> Option<usize> {
        // A file whose content could not be read gave nothing back.
        self.room = None;
        self.kind = ContentKind::of(bytes);
        let mut wanting = mem::take(&mut self.wanting);
        self.engine.selection().wanting_content(&self.path, self.kind, self.size, &mut wanting);
        self.wanting = wanting;
        let mut most = self.most_wanted();
        let looks_into_archives = self.engine.selection().looks_into_archives();
        let is_opened =
            self.kind.is_archive() && looks_into_archives && !packing::is_left_closed(&self.path, self.kind);
        if let Some(packing) = packing::unread(bytes).filter(|_| looks_into_archives && packing::is_told(&self.path)) {
            self.complain(ProblemCode::ArchiveLimit, format!("{packing}, which is not read"));
        }
        if is_opened && self.size <= ARCHIVE_BYTES as u64 {
            most = most.max(Some(ARCHIVE_BYTES));
        } else if is_opened && most.is_none() {
            self.complain(
                ProblemCode::ArchiveLimit,
                format!("{} bytes; at most {ARCHIVE_BYTES} are opened", self.size),
            );
        }
        let most = most?;
        let held = usize::try_from(self.size).unwrap_or(usize::MAX).min(most);
        self.take_room(held, is_opened).then_some(most)
    }

    fn content(&mut self, bytes: &mut Vec<u8>, is_whole: bool) {
        let engine = self.engine;
        let (inspecting, reading): (Wanting, Wanting) =
            mem::take(&mut self.wanting).into_iter().partition(|position| engine.selection().is_inspector(*position));
        let mut analysis = FileAnalysis::default();
        for analyser in reading.iter().filter_map(|position| engine.selection().analyser(*position)) {
            analysis.merge(self.read(analyser, bytes, is_whole));
        }
        if !reading.is_empty() {
            self.record(analysis);
        }
        if let Some(room) = self.room.take().filter(|_| self.is_inspected) {
            self.inspections.hand_over(Job {
                path: self.path.clone(),
                bytes: mem::take(bytes),
                is_whole,
                kind: self.kind,
                mode: self.mode,
                size: self.size,
                wanting: inspecting,
                room,
            });
            while let Some(inspected) = self.inspections.next_ready() {
                self.take_back(inspected);
            }
        }
    }
}
