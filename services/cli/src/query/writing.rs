//! Answers on standard output, one after the other.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal as _, Write};

use chrono::{DateTime, Utc};

use crate::arguments::QueryFormat;
use crate::clock;
use crate::query::answer::Answer;
use crate::query::table;
use crate::report::{head, json_line};

/// Writes answers in a format.
pub struct Writer {
    out: BufWriter<Box<dyn Write>>,
    format: QueryFormat,
    width: Option<u16>,
    knowledge: BTreeMap<String, DateTime<Utc>>,
    is_begun: bool,
}

impl Writer {
    /// To standard output; `knowledge` says of each feed when it was last known to be up to date.
    pub fn new(format: QueryFormat, knowledge: BTreeMap<String, DateTime<Utc>>) -> Self {
        let width = io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten();
        let out: Box<dyn Write> = match format {
            // Without colours where nobody sees them.
            QueryFormat::Table => Box::new(anstream::stdout().lock()),
            QueryFormat::Json | QueryFormat::Jsonl => Box::new(io::stdout().lock()),
        };
        Self { out: BufWriter::with_capacity(64 << 10, out), format, width, knowledge, is_begun: false }
    }

    /// Whether what every source says of a package is written too.
    pub const fn tells_statements(&self) -> bool {
        matches!(self.format, QueryFormat::Json)
    }

    /// The next answer.
    pub fn write(&mut self, answer: &Answer) -> io::Result<()> {
        let is_first = self.begin()?;
        match self.format {
            QueryFormat::Table => {
                let gap = if is_first { "" } else { "\n" };
                write!(self.out, "{gap}{}", table::table(answer, self.width))
            }
            QueryFormat::Json => {
                self.out.write_all(if is_first { b"\n" } else { b",\n" })?;
                json_line(&mut self.out, answer)
            }
            QueryFormat::Jsonl => {
                json_line(&mut self.out, &answer.statements())?;
                self.out.write_all(b"\n")
            }
        }
    }

    /// Sends what was written on its way.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the output.
    pub fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        match self.format {
            QueryFormat::Table => {
                let mut text = String::from("\n");
                head::knowledge_line(&mut text, &self.knowledge, clock::now());
                self.out.write_all(text.as_bytes())?;
            }
            QueryFormat::Json => self.out.write_all(b"\n]}\n")?,
            QueryFormat::Jsonl => {}
        }
        self.out.flush()
    }

    /// Whether nothing was written before.
    fn begin(&mut self) -> io::Result<bool> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first && self.format == QueryFormat::Json {
            self.out.write_all(b"{\"knowledge\":")?;
            json_line(&mut self.out, &self.knowledge)?;
            self.out.write_all(b",\"answers\":[")?;
        }
        Ok(is_first)
    }
}
