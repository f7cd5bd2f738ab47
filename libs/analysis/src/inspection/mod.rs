//! Files handed to inspectors, which run on threads of their own beside the walk.
//!
//! In: files that the walk has read whole, or as far as they are wanted. Out: what each says, in the order in which they were handed over,
//! so that the same layer gives the same answer however the threads took turns.

mod descent;
mod thread;

pub(crate) use self::descent::is_archive_name;
pub(crate) use self::thread::shown_to;

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use plimsoll_model::{Problem, ProblemCode};

use self::thread::InspectionThread;
use crate::ContentKind;
use crate::budget::Budget;
use crate::contents::FileAnalysis;
use crate::engine::Engine;
use crate::pass::Pass;
use crate::reservoir::{Room, Use};
use crate::selection::Wanting;

/// Files that are handed over together, and their bytes: waking a thread takes as long as inspecting a small file.
const BATCH: usize = 16;
const BATCH_BYTES: usize = 128 << 10;
/// Batches on their way to a thread. They are bounded by their bytes too: see [`crate::Limits::held_bytes`].
const QUEUE: usize = 8;
/// Answers that wait for an earlier one.
const WAITING: usize = 4096;

/// A file to be inspected.
pub(crate) struct Job {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_whole: bool,
    pub(crate) kind: ContentKind,
    pub(crate) mode: u32,
    pub(crate) size: u64,
    /// The inspectors that want it.
    pub(crate) wanting: Wanting,
    /// The memory that it takes, given back when the job is done.
    #[expect(dead_code, reason = "it is held, not read")]
    pub(crate) room: Room,
}

/// What a file says.
pub(crate) struct Inspected {
    pub(crate) path: String,
    pub(crate) analysis: FileAnalysis,
    /// Each with the path within the file, where it concerns a member of an archive.
    pub(crate) problems: Vec<InspectionProblem>,
    /// Whether asking again later may say more.
    pub(crate) is_provisional: bool,
    /// What keeping it takes, taken already: answers may wait long for an earlier one.
    pub(crate) budget: Budget,
}

/// A problem that an inspector met.
pub(crate) struct InspectionProblem {
    pub(crate) code: ProblemCode,
    pub(crate) path: String,
    pub(crate) detail: String,
}

/// Things with the numbers of their files.
type Batch<T> = Vec<(u64, T)>;

/// The inspectors at work beside one walk.
pub(crate) struct Inspections {
    jobs: SyncSender<Batch<Job>>,
    answers: Receiver<Batch<Inspected>>,
    /// Files that are to go with the next batch, and their bytes. Whoever waits for anything sends them on their way first.
    gathered: Batch<Job>,
    gathered_bytes: usize,
    handed_over: u64,
    taken_back: u64,
    /// Answers that came before an earlier file's.
    early: BTreeMap<u64, Inspected>,
    /// Of each file that was handed over and not taken back, which one it is: a later entry of the same path replaces it.
    current: HashMap<String, u64>,
}

/// Runs `walk` with inspectors beside it, which end with it.
pub(crate) fn beside<R>(pass: &Pass<'_>, walk: impl FnOnce(Inspections) -> R) -> R {
    let engine = pass.engine;
    let (jobs_in, jobs_out) = sync_channel::<Batch<Job>>(QUEUE);
    let (answers_in, answers_out) = channel();
    let jobs_out = Mutex::new(jobs_out);
    let has_inspectors = engine.selection().inspectors().next().is_some();
    let count = if has_inspectors { engine.limits().inspection_threads.max(1) } else { 0 };
    std::thread::scope(|scope| {
        for answers in std::iter::repeat_n(answers_in, count) {
            let jobs = &jobs_out;
            scope.spawn(move || serve(pass, jobs, &answers));
        }
        walk(Inspections {
            jobs: jobs_in,
            answers: answers_out,
            gathered: Vec::new(),
            gathered_bytes: 0,
            handed_over: 0,
            taken_back: 0,
            early: BTreeMap::new(),
            current: HashMap::new(),
        })
    })
}

/// Runs every analyser that wants a file at `path`, those that are no inspectors among them, in this thread.
pub(crate) fn alone(engine: &Engine, path: &str, bytes: &[u8]) -> (FileAnalysis, Vec<Problem>) {
    let path = crate::path::normalise(path.as_bytes());
    let (kind, size) = (ContentKind::of(bytes), bytes.len() as u64);
    let mut wanting = Wanting::new();
    engine.selection().wanting(&path, &mut wanting);
    engine.selection().wanting_content(&path, kind, size, &mut wanting);
    let pass = Pass::new(engine);
    let room = engine.memory().take(Use::Archive, bytes.len());
    let job = Job { path, bytes: bytes.to_vec(), is_whole: true, kind, mode: 0o644, size, wanting, room };
    let inspected = InspectionThread::new(&pass).inspect(job);
    let problem = |told: InspectionProblem| Problem { path: Some(told.path), ..Problem::new(told.code, told.detail) };
    (inspected.analysis, inspected.problems.into_iter().map(problem).collect())
}

fn serve(pass: &Pass<'_>, jobs: &Mutex<Receiver<Batch<Job>>>, answers: &Sender<Batch<Inspected>>) {
    let mut thread = InspectionThread::new(pass);
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        let inspect = |(number, job)| (number, pass.pace.work(|| thread.inspect(job)));
        let inspected = batch.into_iter().map(inspect).collect();
        if answers.send(inspected).is_err() {
            return;
        }
    }
}

impl Inspections {
    /// Hands a file over, waiting while too many are under way.
    pub(crate) fn hand_over(&mut self, job: Job) {
        self.current.insert(job.path.clone(), self.handed_over);
        self.gathered_bytes += job.bytes.len();
        self.gathered.push((self.handed_over, job));
        self.handed_over += 1;
        if self.gathered.len() >= BATCH || self.gathered_bytes >= BATCH_BYTES {
            self.send_gathered();
        }
    }

    /// Sends the files on their way that wait for a batch to be full.
    pub(crate) fn send_gathered(&mut self) {
        self.gathered_bytes = 0;
        if !self.gathered.is_empty() {
            // The threads end with the walk, never before it.
            let _ = self.jobs.send(std::mem::take(&mut self.gathered));
        }
    }

    /// Whatever is under way of this path no longer counts.
    pub(crate) fn forget(&mut self, path: &str) {
        if !self.current.is_empty() {
            self.current.remove(path);
        }
    }

    /// The next answer in order, if it is there. Waits for it where too many others wait for it too.
    pub(crate) fn next_ready(&mut self) -> Option<Inspected> {
        self.early.extend(self.answers.try_iter().flatten());
        while self.early.len() > WAITING && !self.early.contains_key(&self.taken_back) {
            self.send_gathered();
            self.early.extend(self.answers.recv().into_iter().flatten());
        }
        self.take_next()
    }

    /// The next answer in order, waiting for it; `None` when all are in.
    pub(crate) fn next_of_rest(&mut self) -> Option<Inspected> {
        self.send_gathered();
        loop {
            if let Some(inspected) = self.take_next() {
                return Some(inspected);
            }
            if self.taken_back >= self.handed_over {
                return None;
            }
            self.early.extend(self.answers.recv().ok()?);
        }
    }

    /// The next answer, if it is there and still counts.
    fn take_next(&mut self) -> Option<Inspected> {
        while let Some(inspected) = self.early.remove(&self.taken_back) {
            let number = self.taken_back;
            self.taken_back += 1;
            if self.current.get(&inspected.path) == Some(&number) {
                self.current.remove(&inspected.path);
                return Some(inspected);
            }
        }
        None
    }
}
