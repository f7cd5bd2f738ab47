//! One thread that inspects files, one after the other.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll_model::ProblemCode;

use super::descent::{descend, kind_of};
use super::{Inspected, InspectionProblem, Job};
use crate::analyser::{Analyser, File, Inspection, Observations, PastLimit, Seen, broke_off};
use crate::contents::FileAnalysis;
use crate::engine::Engine;
use crate::pass::Pass;
use crate::reservoir::{Room, Use};

/// The most that one file may say, as a part of what is kept of a whole layer.
const SHARE_OF_KEPT: usize = 4;

/// A thread's inspectors, made when the first file for them comes.
pub(super) struct InspectionThread<'e> {
    pass: &'e Pass<'e>,
    begun: HashMap<usize, Option<Box<dyn Inspection + 'e>>>,
    /// For members of an archive that are more than a few bytes.
    members: Option<Room>,
}

impl<'e> InspectionThread<'e> {
    pub(super) fn new(pass: &'e Pass<'e>) -> Self {
        Self { pass, begun: HashMap::new(), members: None }
    }

    /// What a file says, and what its members say if it is an archive.
    pub(super) fn inspect(&mut self, job: Job) -> Inspected {
        let budget = self.pass.budget(self.engine().limits().kept_bytes / SHARE_OF_KEPT);
        let mut inspected = Inspected {
            path: job.path.clone(),
            analysis: FileAnalysis::default(),
            problems: Vec::new(),
            is_provisional: false,
            budget,
        };
        // The layer says that it was cut.
        if self.pass.pace.is_over() {
            return inspected;
        }
        let file = File {
            path: &job.path,
            bytes: &job.bytes,
            is_whole: job.is_whole,
            kind: job.kind,
            mode: job.mode,
            size: job.size,
        };
        for position in &job.wanting {
            self.run(*position, &file, None, &mut inspected);
        }
        if file.is_whole && kind_of(&file).is_some() {
            descend(self, &file, &mut inspected);
            self.members = None;
        } else if kind_of(&file).is_some() {
            let detail = format!("{} bytes; at most {} are opened", file.size, file.bytes.len());
            let path = job.path.clone();
            inspected.problems.push(InspectionProblem { code: ProblemCode::ArchiveLimit, path, detail });
        }
        if inspected.budget.is_exceeded() {
            let detail = "it says more than is kept of one file; the rest was left out".to_owned();
            inspected.problems.push(InspectionProblem { code: ProblemCode::FileTooLarge, path: job.path, detail });
        }
        inspected
    }

    pub(super) fn engine(&self) -> &'e Engine {
        self.pass.engine
    }

    /// Waits until large members may be held.
    pub(super) fn hold_members(&mut self) {
        if self.members.is_none() {
            let memory = self.engine().memory();
            let most = memory.most(Use::Members, 0);
            self.members = Some(self.pass.pace.wait(|| memory.take(Use::Members, most)));
        }
    }

    /// No large member is held any more.
    pub(super) fn let_members_go(&mut self) {
        self.members = None;
    }

    pub(super) fn is_over(&self) -> bool {
        self.pass.pace.is_over()
    }

    /// Runs one inspector on a file, or on the member that lies `within` it.
    pub(super) fn run(&mut self, position: usize, file: &File<'_>, within: Option<&str>, inspected: &mut Inspected) {
        if self.is_over() {
            return;
        }
        let Some(analyser) = self.engine().selection().analyser(position) else { return };
        let problems = &mut inspected.problems;
        let mut too_large = |detail| {
            let path = file.path.to_owned();
            problems.push(InspectionProblem { code: ProblemCode::FileTooLarge, path, detail });
        };
        let shown = match shown_to(analyser, file) {
            Err(detail) => return too_large(detail),
            Ok((shown, cut)) => {
                cut.into_iter().for_each(too_large);
                shown
            }
        };
        let session = self.begun.entry(position).or_insert_with(|| analyser.begin());
        let mut seen = Observations::new(&mut inspected.budget, within);
        let outcome = catch_unwind(AssertUnwindSafe(|| match session {
            Some(session) => session.inspect(&shown, &mut seen),
            None => analyser.analyse(&shown, &mut seen),
        }));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(malformed)) => seen.malformed(malformed),
            Err(_) => {
                // What it held may be broken.
                self.begun.remove(&position);
                seen.malformed(broke_off(analyser));
            }
        }
        let Seen { file: mut found, problems: told, is_provisional } = seen.finish();
        inspected.is_provisional |= is_provisional;
        if found.says_something() {
            found.read_by(analyser.name().into());
        }
        inspected.analysis.merge(found);
        let path = || file.path.to_owned();
        problems.extend(told.into_iter().map(|(code, detail)| InspectionProblem { code, path: path(), detail }));
    }
}

/// A file's size for people: of one that was compressed by itself it is not stated.
pub(super) fn stated_size(file: &File<'_>) -> String {
    let is_more = !file.is_whole && file.size <= file.bytes.len() as u64;
    if is_more { format!("more than {} bytes", file.bytes.len()) } else { format!("{} bytes", file.size) }
}

/// As much of a file as an analyser takes, with what is to be told of the rest; or why it takes nothing.
pub(crate) fn shown_to<'f>(analyser: &dyn Analyser, file: &File<'f>) -> Result<(File<'f>, Option<String>), String> {
    let (most, past_limit) = analyser.bounds(file.path, file.kind, file.size);
    let is_whole = file.is_whole && file.bytes.len() <= most;
    let name = analyser.name();
    if !is_whole && past_limit == PastLimit::Refuse {
        return Err(format!("{}; {name} reads at most {most}", stated_size(file)));
    }
    let is_told = !is_whole && past_limit == PastLimit::ReadBeginning;
    // Less may be there than it takes, where members of archives are held.
    let cut = is_told.then(|| format!("{}; {name} reads at most {}", stated_size(file), most.min(file.bytes.len())));
    Ok((File { bytes: file.bytes.get(..most).unwrap_or(file.bytes), is_whole, ..*file }, cut))
}
