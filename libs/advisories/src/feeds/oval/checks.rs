//! What a document checks: its tests, with the objects and states that they name.
//!
//! They stand after the definitions that refer to them. So a document is read twice, first for its checks, of which only ids, package
//! names and versions are held, then for its definitions, which are handed on one by one.
//! Source: OVAL 5.11, `linux-definitions-schema.xsd` (`rpminfo_test`, `rpminfo_object`, `rpminfo_state`).

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use quick_xml::events::BytesStart;

use super::ids::{Id, Namespaces};
use crate::feeds::Refusal;
use crate::feeds::admission::Intake;
use crate::feeds::xml::{Element, attribute};

/// How an installed version is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The package is installed, in whatever version.
    Any,
    /// It is older.
    Below(Rc<str>),
    /// It is older or the same.
    UpTo(Rc<str>),
    /// It is the same or newer. What must be newer is read as this too: the one version more is no fix.
    From(Rc<str>),
    /// It is the same.
    Exactly(Rc<str>),
}

/// What a test asks of a system, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// That a package is installed in such a version.
    Package(Rc<str>, Bound),
    /// That this release of the distribution is installed: the number that its release package's version begins with.
    Release(Rc<str>),
    /// That this stream of a module is enabled, `nodejs:16`: the packages beside it are the module's builds. Only the criterion's words name
    /// it; its test looks into a file.
    Module(Rc<str>),
    /// Something that [`PackageVersion`](crate::PackageVersion) does not carry: who signed a package, which processor it is for. Taken as so.
    Other,
}

/// Why a criterion's test cannot be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {
    /// The document has no such test, or not the object or state that it names.
    Dangling,
    /// It asks in a way that is not read.
    Unread,
}

#[derive(Debug)]
struct Test {
    object: Option<Id>,
    states: Box<[Id]>,
    is_read: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Version(Bound),
    Release(Rc<str>),
    Other,
    Unread,
}

/// A document's checks.
#[derive(Debug, Default)]
pub struct Checks {
    namespaces: Namespaces,
    tests: HashMap<Id, Test>,
    objects: HashMap<Id, Option<Rc<str>>>,
    states: HashMap<Id, State>,
    texts: HashSet<Rc<str>>,
    text_bytes: usize,
}

impl Checks {
    /// The id in a text.
    pub fn id(&mut self, text: &str) -> Option<Id> {
        self.namespaces.id(text)
    }

    /// What the test of this id asks.
    pub fn check(&self, test: Id) -> Result<Check, Unchecked> {
        let test = self.tests.get(&test).ok_or(Unchecked::Dangling)?;
        if !test.is_read {
            return Err(Unchecked::Unread);
        }
        // What is no test of rpm packages has an object of another kind, without a name.
        let object = test.object.ok_or(Unchecked::Dangling)?;
        let object = self.objects.get(&object).ok_or(Unchecked::Dangling)?;
        let Some(name) = object else { return Ok(Check::Other) };
        if test.states.is_empty() {
            return Ok(Check::Package(Rc::clone(name), Bound::Any));
        }
        let mut check = Check::Other;
        for state in &test.states {
            match self.states.get(state).ok_or(Unchecked::Dangling)? {
                State::Unread => return Err(Unchecked::Unread),
                State::Version(bound) => check = Check::Package(Rc::clone(name), bound.clone()),
                State::Release(release) => check = Check::Release(Rc::clone(release)),
                State::Other => {}
            }
        }
        Ok(check)
    }
}

/// Reads checks as a document is walked.
#[derive(Debug)]
pub struct ChecksReader {
    checks: Checks,
    /// How many tests, objects and states there may be, together.
    max_ids: usize,
    open: Open,
}

/// The most bytes of names and versions together, each counted once.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// The most states of a test. Real tests have one.
const MAX_STATES: usize = 16;

/// The test, object or state that is being read.
#[derive(Debug, Default)]
struct Open {
    id: Option<Id>,
    object: Option<Id>,
    states: Vec<Id>,
    is_read: bool,
    name: Option<Rc<str>>,
    state: Option<State>,
    operation: String,
}

impl ChecksReader {
    /// Nothing read yet.
    pub fn new(max_ids: usize) -> Self {
        Self { checks: Checks::default(), max_ids, open: Open::default() }
    }

    /// All that was read.
    pub fn finish(self) -> Checks {
        self.checks
    }

    /// Takes an element, by its path.
    pub fn see(&mut self, path: &str, element: Element<'_>, intake: &mut Intake<'_>) -> Result<(), Refusal> {
        let Some(path) = path.strip_prefix("oval_definitions/") else { return Ok(()) };
        let mut names = path.split('/');
        let (Some(section), Some(_record)) = (names.next(), names.next()) else { return Ok(()) };
        if !matches!(section, "tests" | "objects" | "states") {
            return Ok(());
        }
        match (names.next(), element) {
            (None, Element::Opened(start)) => self.begin(start, intake),
            (None, Element::Closed(_)) => self.end(section)?,
            (Some(name), element) if names.next().is_none() => self.part(section, name, element)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, start: &BytesStart<'_>, intake: &mut Intake<'_>) {
        let text = attribute(start, "id").unwrap_or_default();
        self.open = Open { id: self.checks.id(&text), is_read: asks_plainly(start), ..Open::default() };
        if self.open.id.is_none() {
            intake.problem(&text, "a test, object or state has an id that is none");
        }
    }

    fn part(&mut self, section: &str, name: &str, element: Element<'_>) -> Result<(), Refusal> {
        match (section, name, element) {
            ("tests", "object", Element::Opened(start)) => {
                self.open.object = attribute(start, "object_ref").and_then(|id| self.checks.id(&id));
            }
            ("tests", "state", Element::Opened(start)) => {
                match attribute(start, "state_ref").and_then(|id| self.checks.id(&id)) {
                    Some(state) if self.open.states.len() < MAX_STATES => self.open.states.push(state),
                    _ => self.open.is_read = false,
                }
            }
            ("objects", "name", Element::Closed(text)) => self.open.name = Some(self.interned(text)?),
            ("states", _, Element::Opened(start)) => {
                self.open.operation = attribute(start, "operation").unwrap_or_else(|| "equals".into());
            }
            ("states", "evr", Element::Closed(text)) => {
                let text = self.interned(text)?;
                self.open.state = Some(bound(&self.open.operation, text).map_or(State::Unread, State::Version));
            }
            ("states", "version", Element::Closed(text)) => {
                let digits = text.trim_start_matches('^');
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let release = digits.get(..end).filter(|digits| !digits.is_empty());
                self.open.state = Some(match release {
                    Some(release) => State::Release(self.interned(release)?),
                    None => State::Unread,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, section: &str) -> Result<(), Refusal> {
        let open = std::mem::take(&mut self.open);
        let Some(id) = open.id else { return Ok(()) };
        let checks = &mut self.checks;
        // Of two with one id the first counts.
        match section {
            "tests" => {
                let is_read = open.is_read;
                let test = Test { object: open.object, states: open.states.into(), is_read };
                checks.tests.entry(id).or_insert(test);
            }
            "objects" => {
                checks.objects.entry(id).or_insert(open.name);
            }
            _ => {
                let state = if open.is_read { open.state.unwrap_or(State::Other) } else { State::Unread };
                checks.states.entry(id).or_insert(state);
            }
        }
        if checks.tests.len() + checks.objects.len() + checks.states.len() > self.max_ids {
            return Err(Refusal::PastLimit {
                what: "the number of tests, objects and states",
                limit: self.max_ids as u64,
            });
        }
        Ok(())
    }

    /// A text that is held once, however often it is given.
    fn interned(&mut self, text: &str) -> Result<Rc<str>, Refusal> {
        if let Some(known) = self.checks.texts.get(text) {
            return Ok(Rc::clone(known));
        }
        self.checks.text_bytes += text.len();
        if self.checks.text_bytes > MAX_TEXT_BYTES {
            return Err(Refusal::PastLimit { what: "the names and versions in bytes", limit: MAX_TEXT_BYTES as u64 });
        }
        let text: Rc<str> = text.into();
        self.checks.texts.insert(Rc::clone(&text));
        Ok(text)
    }
}

/// Whether a test or state holds where an object is as all its states say, which is what they all do unless they say otherwise.
fn asks_plainly(start: &BytesStart<'_>) -> bool {
    let says = |name: &str, plain: &[&str]| attribute(start, name).is_none_or(|said| plain.contains(&said.as_str()));
    says("check", &["at least one", "all", "only one"])
        && says("check_existence", &["at_least_one_exists", "all_exist", "only_one_exists"])
        && says("state_operator", &["AND"])
        && says("operator", &["AND"])
}

fn bound(operation: &str, version: Rc<str>) -> Option<Bound> {
    Some(match operation {
        "less than" => Bound::Below(version),
        "less than or equal" => Bound::UpTo(version),
        "greater than" | "greater than or equal" => Bound::From(version),
        "equals" => Bound::Exactly(version),
        _ => return None,
    })
}
