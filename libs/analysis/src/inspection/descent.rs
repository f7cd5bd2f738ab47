//! From an archive into what it holds, and from there on, to a depth.

use plimsoll_model::ProblemCode;

use super::thread::InspectionThread;
use super::{Inspected, InspectionProblem};
use crate::analyser::File;
use crate::archive::{self, ArchiveBudget, ArchiveKind};
use crate::reservoir::Use;
use crate::selection::Wanting;
use crate::{ContentKind, path};

/// Bytes of a member that any thread may hold, beside the one that holds larger ones.
const SMALL: usize = 256 << 10;

/// Endings of archives' names, beside those that an inspector's globs name.
const ARCHIVES: [&str; 10] = [".zip", ".gz", ".tgz", ".tar", ".jar", ".war", ".ear", ".whl", ".egg", ".nupkg"];

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
    /// Of the member seen last.
    wanting: Wanting,
    size: u64,
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
        wanting: Wanting::new(),
        size: 0,
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
        let is_archive = selection.looks_into_archives() && is_archive_name(path);
        let most = most.max(is_archive.then_some(self.room))?.min(self.room);
        // What states to be small is read as far as that.
        let is_small = most <= SMALL || (1..=SMALL as u64).contains(&size);
        if !is_small {
            self.thread.hold_members();
        }
        Some(if is_small { most.min(SMALL) } else { most })
    }

    fn content(&mut self, path: &str, bytes: Vec<u8>, is_whole: bool) {
        let within = self.within.map_or_else(|| path.to_owned(), |within| format!("{within}!/{path}"));
        let full_path = format!("{}!/{path}", self.path);
        let kind = ContentKind::of(&bytes);
        let size = self.size.max(bytes.len() as u64);
        let file = File { path: &full_path, bytes: &bytes, is_whole, kind, mode: 0, size };
        for position in self.refine(&file) {
            self.thread.run(position, &file, Some(&within), self.inspected);
        }
        if is_whole && kind_of(&file).is_some() {
            let mut below = Descent {
                thread: &mut *self.thread,
                inspected: &mut *self.inspected,
                left: self.left,
                path: &full_path,
                within: Some(&within),
                depth: self.depth - 1,
                room: self.room.saturating_sub(bytes.len()),
                wanting: Wanting::new(),
                size: 0,
            };
            below.open(&file);
        }
        if self.within.is_none() {
            drop(bytes);
            self.thread.let_members_go();
        }
    }
}

pub(crate) fn is_archive_name(path: &str) -> bool {
    let name = path::file_name(path);
    ARCHIVES.iter().any(|ending| {
        let start = name.len().checked_sub(ending.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    })
}

/// The kind of archive that a file is, if any. A zip may stand behind the program that unpacks it.
pub(super) fn kind_of(file: &File<'_>) -> Option<ArchiveKind> {
    match file.kind {
        ContentKind::Zip => Some(ArchiveKind::Zip),
        ContentKind::Gzip => Some(ArchiveKind::Gzip),
        ContentKind::Tar => Some(ArchiveKind::Tar),
        ContentKind::Script if is_archive_name(file.path) => Some(ArchiveKind::Zip),
        _ => None,
    }
}
