//! `plimsoll db update`: fetch what changed, read it, and put the new database in place of the old one.

use std::fs::File;
use std::io::{Read, Seek};

use plimsoll_advisories::feeds::{
    self, Document, Feed, FeedError, Followed, Listed, MOST_WITHDRAWN, ParseReport, Withdrawal,
};
use plimsoll_advisory_db::{Builder, DbError, Previous};
use plimsoll_fetch::{FetchError, Fetched, Fetcher, KnownFiles, Options, Validators};
use serde::{Deserialize, Serialize};

use crate::arguments::UpdateArguments;
use crate::clock;
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::feeds::import;
use crate::output;
use crate::progress::Progress;
use crate::quantity::counted;

mod increments;
mod index;
mod repository;

/// What came of a document.
enum DocumentOutcome {
    Changed(ParseReport),
    /// Records of it alone were read, as they changed.
    Amended(ParseReport),
    Unchanged,
    /// Its server has none, and we never had it.
    Absent,
    /// Of what an index names, some could be had and some not: of that, what was there stays.
    Partly {
        report: ParseReport,
        why: String,
    },
    /// It could not be had; what was there, if anything, stays.
    Failed {
        why: String,
        is_kept: bool,
    },
}

/// What is kept as the validators of a document.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(flatten)]
    validators: Validators,
    /// How far it is followed, where its changes are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<Followed>,
    /// What leads to it, where it lies in a repository.
    #[serde(skip_serializing_if = "KnownFiles::is_empty")]
    pointers: KnownFiles,
}

impl Known {
    fn of(builder: &Builder, document: &Document) -> Result<Self, DbError> {
        let known = builder.validators(document)?;
        Ok(known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// As it is kept; `None` where nothing is known.
    fn text(&self) -> Result<Option<String>, DbError> {
        let Self { validators, followed, pointers } = self;
        if validators.is_empty() && followed.is_none() && pointers.is_empty() {
            return Ok(None);
        }
        serde_json::to_string(self).map(Some).map_err(|error| DbError::Damaged(error.to_string()))
    }
}

/// Why nothing of a document could be had.
enum Unhad {
    /// Its server has none.
    NotFound(String),
    /// Its server asks to be left alone.
    Busy(String),
    Failed(String),
}

impl Unhad {
    /// The same, where it had to be there.
    fn failed(self) -> Self {
        match self {
            Self::NotFound(why) => Self::Failed(why),
            other => other,
        }
    }

    fn why(self) -> String {
        match self {
            Self::NotFound(why) | Self::Busy(why) | Self::Failed(why) => why,
        }
    }
}

impl From<FetchError> for Unhad {
    fn from(error: FetchError) -> Self {
        let why = error.to_string();
        match error.retry_after() {
            _ if error.is_not_found() => Self::NotFound(why),
            Some(_) => Self::Busy(why),
            None => Self::Failed(why),
        }
    }
}

impl From<FeedError> for Unhad {
    fn from(error: FeedError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Updates the database.
pub async fn run(arguments: UpdateArguments) -> Result<Outcome, Failure> {
    let path = super::path(arguments.database.db.as_ref())?;
    if let Some(bundle) = &arguments.bundle {
        let imported = import::import(bundle, &arguments.trust, &path, &Progress::new()).await?;
        output::print(&import::told(&imported))?;
        return Ok(Outcome::Done);
    }
    let (mut builder, previous) = Builder::start(&path).map_err(Failure::undone)?;
    let progress = Progress::new();
    if let Previous::Discarded(why) = previous {
        progress.note(format!("{why}: it is built anew"));
    }
    let update = Update {
        fetcher: Fetcher::new(Options::default()),
        base: arguments.base.map(String::from),
        ecosystems: arguments.ecosystems,
        most_withdrawn: if arguments.accept_withdrawals { 1.0 } else { MOST_WITHDRAWN },
        progress,
    };
    let mut tally = Tally::default();
    for feed in chosen(&arguments.feeds, arguments.with_malware) {
        update.feed(&mut builder, feed, &mut tally).await?;
    }
    let Tally { had, failed } = tally;
    if had == 0 {
        update.progress.finish();
        let message = "no document of any feed could be had; the database is as it was";
        return Err(Failure::curable(
            message,
            "is the address right, and can this machine reach it? --base names a mirror",
        ));
    }
    update.progress.step("joining what the documents say", 0);
    let count = builder.documents().map_err(Failure::undone)?.len();
    builder.finish(clock::now()).map_err(Failure::undone)?;
    update.progress.finish();
    if failed > 0 {
        let documents = counted(failed, "document");
        update
            .progress
            .note(format!("{documents} could not be had: the database says of it what it said before, if anything"));
    }
    let documents = counted(count as u64, "document");
    output::print(&format!("{}: {documents}\n", escaped(&path.display().to_string())))?;
    Ok(Outcome::Done)
}

/// In the order of the list, whatever the user's: exploit scores have to come last.
fn chosen(names: &[String], with_malware: bool) -> impl Iterator<Item = &'static Feed> {
    let wanted = move |feed: &&'static Feed| feed.kind.has_records() || with_malware;
    let all = feeds::all().iter().copied().filter(wanted);
    all.filter(|feed| names.is_empty() || names.iter().any(|name| name == feed.name))
}

/// How many documents could be had, and how many not.
#[derive(Default)]
struct Tally {
    had: u64,
    failed: u64,
}

struct Update {
    fetcher: Fetcher,
    base: Option<String>,
    /// Of OSV's; the feed's own list where there are none.
    ecosystems: Vec<String>,
    /// The share of what is held (0 to 1) that may go.
    most_withdrawn: f64,
    progress: Progress,
}

impl Update {
    /// Brings a feed's documents up to date, with a line for each; what its server does not have is one line.
    async fn feed(&self, builder: &mut Builder, feed: &'static Feed, tally: &mut Tally) -> Result<(), Failure> {
        let mut absent = Vec::new();
        for document in feed.documents_as_of(clock::now().date_naive(), &self.ecosystems) {
            let outcome = match (document.index(), document.increments()) {
                (Some(index), _) => self.index(builder, &index).await,
                (None, Some(increments)) => self.increments(builder, &increments).await,
                (None, None) => self.document(builder, &document).await,
            };
            let outcome = outcome.map_err(Failure::undone)?;
            match &outcome {
                DocumentOutcome::Changed(_) | DocumentOutcome::Amended(_) | DocumentOutcome::Unchanged => {
                    tally.had += 1
                }
                DocumentOutcome::Partly { .. } => {
                    tally.had += 1;
                    tally.failed += 1;
                }
                DocumentOutcome::Failed { .. } => tally.failed += 1,
                // What is still to come need not be there.
                DocumentOutcome::Absent if document.may_be_missing => continue,
                DocumentOutcome::Absent => {
                    absent.push(document);
                    continue;
                }
            }
            let line = line(&document.to_string(), &outcome);
            self.progress.suspended(|| output::print(&line))?;
        }
        let Some((first, more)) = absent.split_first() else { return Ok(()) };
        let which = if more.is_empty() { first.to_string() } else { format!("{first} and {} more", more.len()) };
        let line = line(&which, &DocumentOutcome::Absent);
        self.progress.suspended(|| output::print(&line))
    }

    /// Brings one document up to date. Only the database itself can fail.
    async fn document(&self, builder: &mut Builder, document: &Document) -> Result<DocumentOutcome, DbError> {
        let known = Known::of(builder, document)?;
        let is_kept = builder.has(document)?;
        let fetched = match document.repository() {
            Some(repository) => self.fetch_published(document, &repository, &known).await,
            None => {
                let fetched = self.fetch(document, &known.validators).await.map_err(Unhad::from);
                fetched.map(|fetched| (fetched, KnownFiles::default()))
            }
        };
        let (fetched, pointers) = match fetched {
            Ok(fetched) => fetched,
            Err(Unhad::NotFound(_)) if !is_kept => return Ok(DocumentOutcome::Absent),
            Err(unhad) => return Ok(DocumentOutcome::Failed { why: unhad.why(), is_kept }),
        };
        let Fetched::Changed { file, size, validators } = fetched else {
            let known = Known { pointers, ..known };
            if let Some(text) = known.text()?.filter(|_| !known.pointers.is_empty()) {
                builder.validate(document, &text)?;
            }
            builder.unchanged(document, clock::now())?;
            return Ok(DocumentOutcome::Unchanged);
        };
        let known = Known { validators, followed: None, pointers };
        self.read(builder, document, file, size, known.text()?.as_deref())
    }

    /// Brings in a document that an index says has changed; where it lies in the index is kept as its validators.
    async fn listed(&self, builder: &mut Builder, listed: &Listed) -> Result<Result<ParseReport, Unhad>, DbError> {
        let document = &listed.document;
        let (file, size) = match self.fetch_anew(document).await {
            Ok(fetched) => fetched,
            Err(unhad) => return Ok(Err(unhad)),
        };
        Ok(match self.read(builder, document, file, size, Some(&listed.at.to_rfc3339()))? {
            DocumentOutcome::Changed(report) | DocumentOutcome::Amended(report) => Ok(report),
            DocumentOutcome::Failed { why, .. } | DocumentOutcome::Partly { why, .. } => Err(Unhad::Failed(why)),
            DocumentOutcome::Unchanged | DocumentOutcome::Absent => Ok(ParseReport::default()),
        })
    }

    /// Fetches a document whatever we hold of it.
    async fn fetch_anew(&self, document: &Document) -> Result<(File, u64), Unhad> {
        let (file, size, _) = self.fetch_told(document).await?;
        Ok((file, size))
    }

    /// The same, with what its server said of it.
    async fn fetch_told(&self, document: &Document) -> Result<(File, u64, Validators), Unhad> {
        match self.fetch(document, &Validators::default()).await? {
            Fetched::Changed { file, size, validators } => Ok((file, size, validators)),
            Fetched::Unchanged => Err(Unhad::Failed(format!("{document}: its server says that it did not change"))),
        }
    }

    async fn fetch(&self, document: &Document, known: &Validators) -> Result<Fetched, FetchError> {
        self.progress.step(format!("fetching {document}"), 0);
        self.fetcher.fetch(&self.address(document), known, &|event| self.tell(event)).await
    }

    fn address(&self, document: &Document) -> String {
        document.address(self.base.as_deref())
    }

    /// Tells how far a fetch is.
    fn tell(&self, event: plimsoll_fetch::Progress<'_>) {
        match event {
            plimsoll_fetch::Progress::Received { bytes, of } => self.progress.set(bytes, of.unwrap_or(0)),
            plimsoll_fetch::Progress::Retrying { error, after } => {
                self.progress.note(format!("{error}; trying again in {} s", after.as_secs_f32().ceil()));
            }
        }
    }

    fn read(
        &self,
        builder: &mut Builder,
        document: &Document,
        file: File,
        size: u64,
        validators: Option<&str>,
    ) -> Result<DocumentOutcome, DbError> {
        self.progress.step(format!("reading {document}"), size);
        let is_kept = builder.has(document)?;
        let mut staged = builder.stage(document)?;
        let mut bytes = std::io::BufReader::with_capacity(1 << 16, file);
        match feeds::parse(document, &mut bytes, &mut staged) {
            Ok(report) => {
                if !document.feed.kind.has_records() {
                    match whole(&mut bytes, size) {
                        Ok(content) => staged.keep(&content)?,
                        Err(error) => return Ok(DocumentOutcome::Failed { why: error.to_string(), is_kept }),
                    }
                }
                let withdrawal = staged.withdrawal(&report)?;
                if !withdrawal.is_within(self.most_withdrawn) {
                    return Ok(DocumentOutcome::Failed { why: refused(withdrawal), is_kept });
                }
                staged.commit(&report, validators, clock::now())?;
                Ok(DocumentOutcome::Changed(report))
            }
            Err(error) => Ok(DocumentOutcome::Failed { why: error.to_string(), is_kept }),
        }
    }
}

/// Why what lacks so much is not taken.
fn refused(Withdrawal { gone, held }: Withdrawal) -> String {
    format!(
        "it would withdraw {gone} of the {} that are held of it; --accept-withdrawals takes it",
        counted(held, "record")
    )
}

/// A document's bytes, from its beginning.
fn whole(bytes: &mut (impl Read + Seek), size: u64) -> std::io::Result<Vec<u8>> {
    bytes.rewind()?;
    let mut content = Vec::new();
    bytes.take(size).read_to_end(&mut content)?;
    Ok(content)
}

fn counts(report: &ParseReport, what: &str) -> String {
    let mut told = counted(report.records, what);
    if report.unmatchable > 0 {
        told.push_str(&format!(", {} that cannot be matched", counted(report.unmatchable, "package")));
    }
    if report.problems > 0 {
        told.push_str(&format!(", {}", counted(report.problems, "problem")));
    }
    told
}

fn line(which: &str, outcome: &DocumentOutcome) -> String {
    let told = match outcome {
        DocumentOutcome::Changed(report) => counts(report, "record"),
        DocumentOutcome::Amended(report) => counts(report, "changed record"),
        DocumentOutcome::Partly { report, why } => format!("{}; failed in part: {why}", counts(report, "record")),
        DocumentOutcome::Unchanged => "unchanged".into(),
        DocumentOutcome::Absent => "not there".into(),
        DocumentOutcome::Failed { why, is_kept: true } => format!("failed, the earlier one is kept: {why}"),
        DocumentOutcome::Failed { why, is_kept: false } => format!("failed: {why}"),
    };
    format!("{:<44}  {}\n", escaped(which), escaped(&told))
}
