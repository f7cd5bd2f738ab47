//! From an archive into what it holds, and from there on, to a depth.

use plimsoll_model::ProblemCode;

use super::thread::{InspectionThread, stated_size};
use super::{Inspected, InspectionProblem};
use crate::analyser::File;
use crate::archive::{self, ArchiveBudget, ArchiveKind};
use crate::limits::SMALL_WINDOW;
use crate::reservoir::Use;
use crate::selection::Wanting;
use crate::{ContentKind, packing, path};

/// Bytes of a member that any thread may hold, beside the one that holds larger ones.
const SMALL: usize = 256 << 10;

/// Endings of archives' names, beside those that an inspector's globs name.
const ARCHIVES: [&str; 12] =
    [".zip", ".gz", ".tgz", ".zst", ".tzst", ".tar", ".jar", ".war", ".ear", ".whl", ".egg", ".nupkg"];

/// One archive on the way down.
pub(super) struct Descent<'d, 'e> {
    pub(super) thread: &'d mut InspectionThread<'e>,
    pub(super) inspected: &'d mut Inspected,
    pub(super) left: &'d ArchiveBudget,
    /// The archive's path, with those of the archives that it lies in.
    path: &'d str,
    /// The part of it that lies within the file.
    within: Option<&'d str>,
    /// Levels that may still be gone down.
    depth: usize,
    /// Bytes that may still be held beside the archive itself.
    room: usize,
    /// Whether it is read through a window, which takes a part of what members may.
    has_window: bool,
    /// Of the member seen last.
    wanting: Wanting,
    size: u64,
    kind: ContentKind,
    full_path: String,
}

/// Inspects what an archive that is a file holds.
pub(super) fn descend<'e>(thread: &mut InspectionThread<'e>, archive: &File<'_>, inspected: &mut Inspected) {
    let limits = thread.engine().limits().archives;
    let room = thread.engine().memory().most(Use::Members, 0);
    let mut descent = Descent {
        thread,
        inspected,
        left: &ArchiveBudget::new(limits),
        path: archive.path,
        within: None,
        depth: limits.depth,
        room,
        has_window: false,
        wanting: Wanting::new(),
        size: 0,
        kind: ContentKind::Empty,
        full_path: String::new(),
    };
    descent.open(archive);
}

impl Descent<'_, '_> {
    fn open(&mut self, archive: &File<'_>) {
        let Some(kind) = kind_of(archive) else { return };
        if self.depth == 0 {
            let limit = self.thread.engine().limits().archives.depth;
            let detail = format!("archives within one another; at most {limit} are opened");
            return self.problem(ProblemCode::ArchiveLimit, detail);
        }
        if kind == ArchiveKind::Zstd {
            let Some(room) = self.room.checked_sub(SMALL_WINDOW) else {
                let detail = format!("a zstd window of {SMALL_WINDOW} bytes, for which {} are left", self.room);
                return self.problem(ProblemCode::ArchiveLimit, detail);
            };
            (self.room, self.has_window) = (room, true);
            self.thread.hold_members();
        }
        let name = path::file_name(archive.path);
        if let Err(error) = archive::members(kind, name, archive.bytes, self.left, self) {
            self.problem(error.code(), path::shown(&error.to_string()));
        }
    }

    /// An inspector that opened the archive itself may have told the same.
    fn problem(&mut self, code: ProblemCode, detail: String) {
        let mut told = self.inspected.problems.iter();
        if told.any(|problem| problem.code == code && problem.path == self.path && problem.detail == detail) {
            return;
        }
        self.inspected.problems.push(InspectionProblem { code, path: self.path.to_owned(), detail });
    }

    /// A member that is an archive, or compressed, is not opened.
    fn left_closed(&mut self, path: String, detail: String) {
        self.inspected.problems.push(InspectionProblem { code: ProblemCode::ArchiveLimit, path, detail });
    }

    /// Those of the wanting who go by content and for whom this is none.
    fn refine(&self, file: &File<'_>) -> Wanting {
        let selection = self.thread.engine().selection();
        let mut named = Wanting::new();
        selection.wanting(file.path, &mut named);
        let mut by_content = Wanting::new();
        selection.wanting_content(file.path, file.kind, file.size, &mut by_content);
        let wants = |position: &usize| named.contains(position) || by_content.contains(position);
        self.wanting.iter().copied().filter(wants).collect()
    }
}

impl archive::Visitor for Descent<'_, '_> {
    fn member(&mut self, path: &str, size: u64) -> Option<usize> {
        self.size = size;
        if self.thread.is_over() {
            return None;
        }
        let selection = self.thread.engine().selection();
        let mut wanting = std::mem::take(&mut self.wanting);
        selection.wanting_member(path, size, &mut wanting);
        let max_bytes = |position: &usize| Some(selection.analyser(*position)?.max_bytes());
        let most = wanting.iter().filter_map(max_bytes).max();
        self.wanting = wanting;
        let looks_into_archives = selection.looks_into_archives();
        let is_archive = looks_into_archives && is_archive_name(path);
        let is_looked_at = looks_into_archives && packing::may_be_unread(path);
        most.max(is_archive.then_some(self.room)).or(is_looked_at.then_some(archive::BEGINNING))
    }

    fn beginning(&mut self, path: &str, bytes: &[u8], most: usize) -> Option<usize> {
        self.kind = ContentKind::of(bytes);
        self.full_path = format!("{}!/{path}", self.path);
        let selection = self.thread.engine().selection();
        let looks_into_archives = selection.looks_into_archives();
        let size = self.size.max(bytes.len() as u64);
        let file = File { path: &self.full_path, bytes, is_whole: false, kind: self.kind, mode: 0, size };
        let is_opened = kind_of(&file).is_some() && looks_into_archives;
        let wanting = self.refine(&file);
        let bounds = |position: &usize| Some(selection.analyser(*position)?.bounds(file.path, self.kind, self.size).0);
        let wanted = wanting.iter().filter_map(bounds).max().map(|wanted| wanted.min(most));
        self.wanting = wanting;
        if let Some(packing) = packing::unread(bytes).filter(|_| looks_into_archives && packing::is_told(path)) {
            self.left_closed(self.full_path.clone(), format!("{packing}, which is not read"));
        }
        let is_closed = packing::is_left_closed(path, self.kind);
        let most = wanted.max((is_opened && !is_closed).then_some(self.room))?.min(self.room);
        // What states to be small is read as far as that.
        let is_small = most <= SMALL || (1..=SMALL as u64).contains(&self.size);
        if !is_small {
            self.thread.hold_members();
        }
        Some(if is_small { most.min(SMALL) } else { most })
    }

    fn content(&mut self, path: &str, bytes: Vec<u8>, is_whole: bool) {
        let within = self.within.map_or_else(|| path.to_owned(), |within| format!("{within}!/{path}"));
        let full_path = std::mem::take(&mut self.full_path);
        let size = self.size.max(bytes.len() as u64);
        let file = File { path: &full_path, bytes: &bytes, is_whole, kind: self.kind, mode: 0, size };
        for position in self.refine(&file) {
            self.thread.run(position, &file, Some(&within), self.inspected);
        }
        let is_archive = kind_of(&file).is_some();
        if is_archive && !is_whole {
            let detail = format!("{}; at most {} of a member are opened", stated_size(&file), bytes.len());
            self.left_closed(full_path.clone(), detail);
        } else if is_archive {
            let mut below = Descent {
                thread: &mut *self.thread,
                inspected: &mut *self.inspected,
                left: self.left,
                path: &full_path,
                within: Some(&within),
                depth: self.depth - 1,
                room: self.room.saturating_sub(bytes.len()),
                has_window: false,
                wanting: Wanting::new(),
                size: 0,
                kind: ContentKind::Empty,
                full_path: String::new(),
            };
            below.open(&file);
        }
        if self.within.is_none() && !self.has_window {
            drop(bytes);
            self.thread.let_members_go();
        }
    }
}

pub(crate) fn is_archive_name(path: &str) -> bool {
    packing::ends_with_any(path, &ARCHIVES)
}

/// The kind of archive that a file is, if any. A zip may stand behind the program that unpacks it.
pub(super) fn kind_of(file: &File<'_>) -> Option<ArchiveKind> {
    match file.kind {
        ContentKind::Zip => Some(ArchiveKind::Zip),
        ContentKind::Gzip => Some(ArchiveKind::Gzip),
        ContentKind::Zstd => Some(ArchiveKind::Zstd),
        ContentKind::Tar => Some(ArchiveKind::Tar),
        ContentKind::Script if is_archive_name(file.path) => Some(ArchiveKind::Zip),
        _ => None,
    }
}
