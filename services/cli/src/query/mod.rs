//! `plimsoll query`: which advisories affect package versions, by the advisory database alone.
//!
//! In: one question of the arguments, or one a line of standard input. Out: an answer each, in their order. Nothing is kept of a question
//! but what its package's next one can use, and that is bounded: a million lines take the memory of a few.

mod answer;
mod asking;
mod question;
mod suggestion;
mod table;
mod writing;

use std::io::{self, IsTerminal as _, Read};

use plimsoll_advisory_db::AdvisoryDb;

use crate::arguments::QueryArguments;
use crate::clock;
use crate::db;
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::query::answer::Answer;
use crate::query::asking::Asker;
use crate::query::question::{Lines, Question};
use crate::query::writing::Writer;

/// How many questions without an answer are told on standard error; the output tells all of them.
const TOLD: u64 = 20;

/// Answers.
pub async fn run(arguments: QueryArguments) -> Result<Outcome, Failure> {
    let QueryArguments { ecosystem, package, package_version, format, database } = arguments;
    let asked = ecosystem.zip(package).zip(package_version).map(|((ecosystem, package), version)| {
        Question::of(&ecosystem, &package, &version).map_err(|why| Failure::Usage(format!("the question: {why}")))
    });
    let asked = asked.transpose()?;
    if asked.is_none() && io::stdin().is_terminal() {
        return Err(Failure::Usage("say ECOSYSTEM PACKAGE VERSION, or give such lines on standard input".into()));
    }
    let db = db::open(&db::path(database.db.as_ref())?)?;
    let knowledge = db::knowledge(&db).map_err(Failure::undone)?;
    if let Some(old) = db::old_knowledge(&knowledge, clock::now()) {
        anstream::eprintln!("{old}");
    }
    let mut writer = Writer::new(format, knowledge);
    let answered = match asked {
        Some(question) => answer_one(&db, &question, &mut writer).await,
        None => answer_lines(&db, io::stdin().lock(), &mut writer).await,
    };
    match answered {
        // Whoever read the answers has enough of them.
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Outcome::Done),
        Err(Stop::Io(error)) => {
            Err(Failure::undone(format!("questions could not be read, or answers written: {error}")))
        }
        Err(Stop::Failure(failure)) => Err(failure),
        Ok(outcome) => Ok(outcome),
    }
}

/// Why answering ended early.
enum Stop {
    Io(io::Error),
    Failure(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

async fn answer_one(db: &AdvisoryDb, question: &Question, writer: &mut Writer) -> Result<Outcome, Stop> {
    let answer = Asker::new(db, writer.tells_statements()).answer(question).await?;
    writer.write(&answer)?;
    writer.finish()?;
    Ok(if answer.not_judged.is_empty() { Outcome::Done } else { Outcome::Shut })
}

async fn answer_lines(db: &AdvisoryDb, input: impl Read, writer: &mut Writer) -> Result<Outcome, Stop> {
    let mut asker = Asker::new(db, writer.tells_statements());
    let mut lines = Lines::new(input);
    let (mut number, mut unjudged) = (0_u64, 0_u64);
    loop {
        // Who asks line by line gets each answer before the next question.
        if lines.would_wait() {
            writer.flush()?;
        }
        let Some(question) = lines.read()? else { break };
        number += 1;
        let answer = match question {
            Ok(question) => asker.answer(&question).await?,
            Err(why) => Answer::refused(why),
        };
        let answer = Answer { line: Some(number), ..answer };
        writer.write(&answer)?;
        if let Some(first) = answer.not_judged.first() {
            unjudged += 1;
            if unjudged <= TOLD {
                anstream::eprintln!("line {number}: not judged, because {}", escaped(&first.why));
            }
        }
    }
    writer.finish()?;
    if unjudged > TOLD {
        anstream::eprintln!("{unjudged} of {number} lines were not judged, as a whole or by some advisory");
    }
    Ok(if unjudged == 0 { Outcome::Done } else { Outcome::Shut })
}
