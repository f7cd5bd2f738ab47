//! What is asked: a package version, as the arguments or a line say it.

use std::io::{self, BufRead as _, BufReader, Read};

use plimsoll_model::Ecosystem;

/// The longest line that is read, in bytes; names and versions are far shorter.
pub const MAX_LINE: usize = 16 << 10;

const FORM: &str = "a line is an ecosystem, a package and a version, with tabs between them";

/// A package version that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The ecosystem, with its release for a distribution.
    pub ecosystem: Ecosystem,
    /// The package as asked; for a distribution, the source package.
    pub package: String,
    /// The version as asked.
    pub version: String,
}

impl Question {
    /// The question, or what is missing in it.
    pub fn of(ecosystem: &str, package: &str, version: &str) -> Result<Self, String> {
        let parts = [("ecosystem", ecosystem), ("package", package), ("version", version)];
        if let Some((missing, _)) = parts.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(format!("its {missing} is empty"));
        }
        let Ok(ecosystem) = ecosystem.trim().parse();
        Ok(Self { ecosystem, package: package.trim().into(), version: version.trim().into() })
    }

    fn of_line(line: &[u8]) -> Result<Self, String> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
        let mut columns = line.trim_end_matches(['\n', '\r']).split('\t');
        match (columns.next(), columns.next(), columns.next()) {
            (Some(ecosystem), Some(package), Some(version)) => Self::of(ecosystem, package, version),
            _ => Err(FORM.into()),
        }
    }
}

/// Questions, one a line. Columns after the third are others' and not read.
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> Lines<R> {
    /// The lines of an input.
    pub fn new(input: R) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, input), line: Vec::new() }
    }

    /// Whether the next question has yet to come from the input.
    pub fn would_wait(&self) -> bool {
        self.reader.buffer().is_empty()
    }

    /// The next line's question, or why it is none.
    pub fn read(&mut self) -> io::Result<Option<Result<Question, String>>> {
        self.line.clear();
        let most = MAX_LINE as u64 + 1;
        if self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.len() > MAX_LINE && self.line.last() != Some(&b'\n') {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Err(format!("it is longer than {MAX_LINE} bytes"))));
        }
        Ok(Some(Question::of_line(&self.line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_question_or_the_reason_why_not() {
        let long = format!("PyPI\tdjango\t{}", "9".repeat(10 * MAX_LINE));
        let fits = format!("PyPI\tdjango\t{}", "9".repeat(MAX_LINE - 12));
        let cases: [(&[u8], Result<&str, &str>); 10] = [
            (b"PyPI\tDjango\t3.2\n", Ok("PyPI Django 3.2")),
            (b"Debian:12\tperl\t5.36.0-7\r\n", Ok("Debian:12 perl 5.36.0-7")),
            (b"Rocky Linux:9\tbash\t5.1\taffected\n", Ok("Rocky Linux:9 bash 5.1")),
            (b"\n", Err(FORM)),
            (b"PyPI django 3.2\n", Err(FORM)),
            (b"PyPI\tdjango\t\n", Err("its version is empty")),
            (b"\t\t\n", Err("its ecosystem is empty")),
            (b"PyPI\t\xff\t1\n", Err("it is not UTF-8")),
            (fits.as_bytes(), Ok(&fits)),
            (long.as_bytes(), Err("it is longer than 16384 bytes")),
        ];
        let mut input = Vec::new();
        for (line, _) in &cases {
            input.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                input.push(b'\n');
            }
        }
        let mut lines = Lines::new(input.as_slice());
        for (line, expected) in cases {
            let told = lines.read().unwrap().unwrap();
            let told = told.map(|asked| format!("{} {} {}", asked.ecosystem, asked.package, asked.version));
            let expected = expected.map(|text| text.replace('\t', " ")).map_err(str::to_owned);
            assert_eq!(told, expected, "{:?}", String::from_utf8_lossy(&line[..line.len().min(40)]));
        }
        assert!(lines.read().unwrap().is_none());
    }
}
