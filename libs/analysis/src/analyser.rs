//! What an analyser is: the paths it wants, and what it makes of a file.

use plimsoll_model::{FileFactKind, Observation, OsRelease, Package, ProblemCode, Vendor};

use crate::budget::Budget;
use crate::contents::{FileAnalysis, Owner};
use crate::{ContentKind, Dependencies, PathHashes, path};

/// One ecosystem or concern. Each lies in a file of its own in `analysers/` and has one line in [`crate::all`].
pub trait Analyser: Send + Sync {
    /// A short name, unique and never changed: `dpkg`.
    fn name(&self) -> &'static str;

    /// Raised whenever its answer for some file changes: results of older versions are then not used again.
    fn version(&self) -> u32;

    /// Globs over paths without a leading slash, compiled into one matcher for all analysers. `*` crosses `/`. Keep to
    /// whole paths, `folder/*`, `**/name` and `**/*.extension`, which are looked up rather than run as a regex.
    fn globs(&self) -> &'static [&'static str] {
        &[]
    }

    /// The exact answer for a path that a glob let through.
    fn wants(&self, _path: &str) -> bool {
        true
    }

    /// Whether it is to be kept where a symbolic link at a path that a glob let through leads: the target then says what the link says.
    fn wants_link(&self, _path: &str) -> bool {
        false
    }

    /// Kinds of content that it reads wherever they lie, beside the files that its globs name.
    ///
    /// An analyser that names any is an *inspector*: it runs on threads of its own, beside the walk, and is shown the members of
    /// archives too.
    fn content_kinds(&self) -> &'static [ContentKind] {
        &[]
    }

    /// The exact answer for a file of one of its kinds; `size` in bytes. It is not asked of files that its globs name.
    fn wants_content(&self, _path: &str, _kind: ContentKind, _size: u64) -> bool {
        true
    }

    /// Whether it wants a member of an archive, beside those that its globs name. Of those, it gets what is of one of its kinds and what
    /// [`Analyser::wants_content`]. An archive that nobody wants anything of is not opened.
    fn wants_member(&self, _path: &str, _size: u64) -> bool {
        false
    }

    /// Whether archives are to be opened for it that no glob names.
    fn looks_into_archives(&self) -> bool {
        false
    }

    /// What a thread holds to inspect many files, where making it takes time. Without one, [`Analyser::analyse`] is called.
    fn begin(&self) -> Option<Box<dyn Inspection + '_>> {
        None
    }

    /// The most bytes of any file that it is given.
    fn max_bytes(&self) -> usize;

    /// The most memory that reading a file of `size` bytes may take beside it. Who reads line by line takes none to speak of, parsers of documents much:
    /// of each small thing in the text they make a large one.
    fn working_bytes(&self, size: usize) -> usize {
        size.saturating_mul(WORKING_FACTOR).min(WORKING_BYTES)
    }

    /// What becomes of a file with more than [`Analyser::max_bytes`].
    fn past_limit(&self) -> PastLimit {
        PastLimit::Refuse
    }

    /// How many bytes of a file of this kind it is given, at most [`Analyser::max_bytes`], and what becomes of one with more. `size` is 0 where
    /// it is not known.
    fn bounds(&self, _path: &str, _kind: ContentKind, _size: u64) -> (usize, PastLimit) {
        (self.max_bytes(), self.past_limit())
    }

    /// Whether a file that belongs to a distribution's package says nothing here: the distribution's package stands for it.
    fn yields_to_distribution(&self) -> bool {
        false
    }

    /// Whether its files are those of a project, which declare packages, and not of installed ones.
    fn is_of_project(&self) -> bool {
        false
    }

    /// Reads a file. An error ends this file only; what was observed before it stays.
    ///
    /// # Errors
    /// When the rest of the file says nothing. What can be passed over goes to [`Observations::malformed`].
    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed>;
}

/// An inspector at work in one thread, on one file after the other.
pub trait Inspection {
    /// As [`Analyser::analyse`].
    ///
    /// # Errors
    /// As those of [`Analyser::analyse`].
    fn inspect(&mut self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed>;
}

/// What is done with a file that is larger than its analyser takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastLimit {
    /// It is not read, which is a problem `file_too_large`.
    Refuse,
    /// Its beginning is read, and the rest is a problem `file_too_large`.
    ReadBeginning,
    /// Its beginning is all that is ever looked at.
    BeginningSuffices,
}

/// A file as an analyser gets it.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Normalised and escaped, without a leading slash. Of a member of an archive, `archive!/path/in/it`.
    pub path: &'a str,
    /// The content, or its first [`Analyser::max_bytes`].
    pub bytes: &'a [u8],
    /// Whether `bytes` is all of it.
    pub is_whole: bool,
    /// What it is by its first bytes.
    pub kind: ContentKind,
    /// Permission bits, with setuid, setgid and sticky; 0 for members of archives that have none.
    pub mode: u32,
    /// Bytes of the whole file.
    pub size: u64,
}

impl<'a> File<'a> {
    /// The content without the line that was cut, where it is not all of it.
    pub fn whole_lines(&self) -> &'a [u8] {
        if self.is_whole {
            return self.bytes;
        }
        let end = self.bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
        self.bytes.get(..end).unwrap_or_default()
    }
}

/// Why a file, or a part of it, says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Malformed {
    /// The line, from 1, where the format has lines.
    pub line: Option<usize>,
    /// What is wrong.
    pub detail: String,
}

impl Malformed {
    /// A complaint about a whole file.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { line: None, detail: detail.into() }
    }

    /// A complaint about a line, counted from 1.
    pub fn at(line: usize, detail: impl Into<String>) -> Self {
        Self { line: Some(line), detail: detail.into() }
    }
}

/// What is told of a file that an analyser panicked on.
pub(crate) fn broke_off(analyser: &dyn Analyser) -> Malformed {
    Malformed::new(format!("{} broke off on it", analyser.name()))
}

/// What a parser takes for each byte of a document, and for a whole one: as much as the bounds of each format let it.
const WORKING_FACTOR: usize = 100;
const WORKING_BYTES: usize = 96 << 20;

/// The longest name or version that is believed.
const NAME_BYTES: usize = 512;
/// The longest licence text that is kept: what `plimsoll_licenses::debian_statement` makes fits.
const LICENSE_BYTES: usize = 2000;
/// As much of a vendor's name is kept.
const VENDOR_BYTES: usize = 200;
/// How many observations in one file are kept: whoever has these, has to look at it.
const OBSERVATIONS: usize = 100;
/// How many complaints about one file are told one by one.
const COMPLAINTS: usize = 5;

/// Where an analyser puts what a file says.
pub struct Observations<'a> {
    budget: &'a mut Budget,
    /// Where in the file the member lies that is being read.
    within: Option<&'a str>,
    file: FileAnalysis,
    owned: Vec<u64>,
    complaints: Vec<Malformed>,
    complaint_count: usize,
    problems: Vec<(ProblemCode, String)>,
    is_provisional: bool,
}

/// What was observed of a file.
pub(crate) struct Seen {
    /// Sorted, and each thing once.
    pub(crate) file: FileAnalysis,
    /// What is wrong with it.
    pub(crate) problems: Vec<(ProblemCode, String)>,
    /// See [`Observations::provisional`].
    pub(crate) is_provisional: bool,
}

impl<'a> Observations<'a> {
    pub(crate) fn new(budget: &'a mut Budget, within: Option<&'a str>) -> Self {
        Self {
            budget,
            within,
            file: FileAnalysis::default(),
            owned: Vec::new(),
            complaints: Vec::new(),
            complaint_count: 0,
            problems: Vec::new(),
            is_provisional: false,
        }
    }

    /// A package. One whose name or version is empty, absurdly long or invisible in part is refused, with a complaint.
    pub fn package(&mut self, mut package: Package) {
        let texts =
            [Some(&package.name), Some(&package.version), package.architecture.as_ref(), package.module.as_ref()];
        let source = package.source.iter().flat_map(|source| [&source.name, &source.version]);
        for text in texts.into_iter().flatten().chain(source) {
            if text.is_empty() || text.len() > NAME_BYTES || text.chars().any(path::is_invisible) {
                let shown: String = path::escape(text.as_bytes()).chars().take(60).collect();
                return self.malformed(Malformed::new(format!("not the name or version of a package: '{shown}'")));
            }
        }
        package.license = package.license.as_deref().and_then(license);
        package.vendor = package.vendor.and_then(|vendor| match vendor {
            Vendor::ThirdParty(name) => first_line(&name, VENDOR_BYTES).map(Vendor::ThirdParty),
            Vendor::Unrecognised(name) => first_line(&name, VENDOR_BYTES).map(Vendor::Unrecognised),
        });
        package.within = match (self.within, package.within.take()) {
            (Some(outer), Some(inner)) => Some(format!("{outer}!/{inner}")),
            (outer, inner) => inner.or(outer.map(str::to_owned)),
        };
        if self.budget.take_package(&package) {
            self.file.packages.push(package);
        }
    }

    /// The operating system that the file names.
    pub fn os_release(&mut self, os: OsRelease) {
        if self.budget.take(256) {
            self.file.os = Some(Box::new(os));
        }
    }

    /// Something wrong in the file. Its layer is left open; its place is [`File::path`], with a line or offset.
    pub fn observation(&mut self, observation: Observation) {
        if self.file.observations.len() < OBSERVATIONS && self.budget.take_observation(&observation) {
            self.file.observations.push(observation);
        }
    }

    /// Something that the file shows, for checks to judge.
    pub fn fact(&mut self, fact: FileFactKind) {
        if self.budget.take_facts(1) {
            self.file.facts.push(fact);
        }
    }

    /// What the file says of the licence of the package that it belongs to, as one statement.
    pub fn license(&mut self, stated: &str) {
        if let Some(license) = license(stated)
            && self.budget.take_text(&license)
        {
            self.file.license = Some(license);
        }
    }

    /// What asks for what in the file.
    pub fn dependencies(&mut self, dependencies: Dependencies) {
        if self.budget.take(dependencies.kept_bytes()) {
            self.file.dependencies = Some(Box::new(dependencies));
        }
    }

    /// A path that a package of a distribution's kind owns, which [`Observations::owner`] then names. Language packages that the path
    /// names are the distribution's.
    pub fn owns(&mut self, raw_path: &[u8]) {
        let path = path::normalise(raw_path);
        if !path.is_empty() && self.budget.take(size_of::<u64>()) {
            self.owned.push(PathHashes::hash(&path::merged_usr(&path)));
        }
    }

    /// Which package owns the paths that were given since the last call; its version and architecture, where the file lists it too.
    pub fn owner(&mut self, package: &str, version: Option<&str>, architecture: Option<&str>) {
        if self.owned.is_empty() {
            return;
        }
        let paths = std::mem::take(&mut self.owned).into_iter().collect();
        let text = |text: &str| if text.len() > NAME_BYTES { String::new() } else { text.to_owned() };
        let (version, architecture) = (version.map(text), architecture.map(text));
        let owner = Owner { package: text(package), version, architecture, paths };
        // The paths themselves are paid for.
        if self.budget.take(owner.kept_bytes() - owner.paths.len() * size_of::<u64>()) {
            self.file.owners.push(owner);
        }
    }

    /// A problem of another kind than [`ProblemCode::FileMalformed`].
    pub fn problem(&mut self, code: ProblemCode, detail: impl Into<String>) {
        if self.problems.len() < COMPLAINTS {
            self.problems.push((code, detail.into()));
        }
    }

    /// What is said of the file is not the last word: something that was asked failed in a way that passes. The layer's analysis is then
    /// [provisional](crate::LayerAnalysis::is_provisional).
    pub fn provisional(&mut self) {
        self.is_provisional = true;
    }

    /// A part of the file that does not parse and was passed over.
    pub fn malformed(&mut self, complaint: Malformed) {
        self.complaint_count += 1;
        if self.complaints.len() < COMPLAINTS {
            self.complaints.push(complaint);
        }
    }

    pub(crate) fn finish(mut self) -> Seen {
        self.file.packages.sort_unstable();
        self.file.packages.dedup();
        self.file.observations.sort_unstable();
        self.file.observations.dedup();
        self.file.facts.sort_unstable();
        self.file.facts.dedup();
        // Most files say one thing, for which vectors take room for four.
        self.file.packages.shrink_to_fit();
        self.file.observations.shrink_to_fit();
        self.file.facts.shrink_to_fit();
        self.owner("", None, None);
        let mut problems = self.problems;
        problems.iter_mut().for_each(|(_, detail)| *detail = path::shown(detail));
        let malformed = |detail: String| (ProblemCode::FileMalformed, path::shown(&detail));
        problems.extend(self.complaints.iter().map(|complaint| malformed(complaint.to_string())));
        if self.complaint_count > self.complaints.len() {
            problems.push(malformed(format!("{} more like these", self.complaint_count - self.complaints.len())));
        }
        Seen { file: self.file, problems, is_provisional: self.is_provisional }
    }
}

/// A licence statement fit to be shown.
fn license(text: &str) -> Option<String> {
    first_line(text, LICENSE_BYTES)
}

/// A text's first line, of it what can be seen, and no more bytes than these.
fn first_line(text: &str, most: usize) -> Option<String> {
    let line = text.trim().lines().next()?.trim_end();
    let mut shown = String::new();
    for character in line.chars().filter(|character| !path::is_invisible(*character)) {
        if shown.len() + character.len_utf8() > most {
            break;
        }
        shown.push(character);
    }
    (!shown.is_empty()).then_some(shown)
}
