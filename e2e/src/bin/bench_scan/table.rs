//! The table that is printed.

use std::fmt;

/// What was measured, in the order in which it was.
#[derive(Debug)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<[String; 4]>,
    footing: Vec<String>,
}

impl Table {
    pub fn new() -> Self {
        Self { heading: Vec::new(), rows: Vec::new(), footing: Vec::new() }
    }

    /// A line above the table.
    pub fn heading(&mut self, line: String) {
        self.heading.push(line);
    }

    /// A line below it.
    pub fn footing(&mut self, line: String) {
        self.footing.push(line);
    }

    /// One measurement: what, the time, the peak memory (`-` where none is told), and what it was of or by which command.
    pub fn row(&mut self, what: &str, wall: String, memory: String, of: impl Into<String>) {
        eprintln!("  {what}: {wall} {memory}");
        self.rows.push([what.to_owned(), wall, memory, of.into().replace('|', "\\|")]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.heading {
            writeln!(f, "{line}\n")?;
        }
        writeln!(f, "| measured | result | peak memory | of |\n| --- | ---: | ---: | --- |")?;
        for [what, wall, memory, of] in &self.rows {
            writeln!(f, "| {what} | {wall} | {memory} | {of} |")?;
        }
        for line in &self.footing {
            writeln!(f, "\n{line}")?;
        }
        Ok(())
    }
}
