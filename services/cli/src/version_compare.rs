//! `plimsoll version compare`: how two versions order, line by line.

use std::cmp::Ordering;
use std::io::{BufRead, Read as _, Write};

use plimsoll_versions::{Scheme, compare};

use crate::escape::escaped;
use crate::exit::{Failure, Outcome};

/// The longest line that is read; longer ones are no versions.
const MAX_LINE: u64 = 64 << 10;

/// Compares the pairs on standard input.
pub fn run(scheme: &str) -> Result<Outcome, Failure> {
    let scheme = Scheme::parse(scheme).ok_or_else(|| {
        let known: Vec<&str> = Scheme::ALL.iter().map(|scheme| scheme.name()).collect();
        Failure::Usage(format!("'{scheme}' is no version scheme; there are {}", known.join(", ")))
    })?;
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    compare_pairs(scheme, &mut std::io::stdin().lock(), out, |problem| anstream::eprintln!("{}", escaped(&problem)))
        .map_err(|error| Failure::undone(format!("the pairs could not be read or written: {error}")))
}

/// One answer a line, `?` for what has none; `problem` is told why.
fn compare_pairs(
    scheme: Scheme,
    pairs: &mut impl BufRead,
    mut out: impl Write,
    mut problem: impl FnMut(String),
) -> std::io::Result<Outcome> {
    let mut outcome = Outcome::Done;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if pairs.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE {
            pairs.skip_until(b'\n')?;
        }
        let text = String::from_utf8_lossy(&line);
        let answer = match pair(&text) {
            Some((a, b)) => compare(scheme, a, b).map_err(|unknown| unknown.to_string()),
            None => Err("a line is two versions, with a tab or a space between them".to_owned()),
        };
        let sign = match answer {
            Ok(Ordering::Less) => "<",
            Ok(Ordering::Equal) => "=",
            Ok(Ordering::Greater) => ">",
            Err(why) => {
                problem(format!("line {number}: {why}"));
                outcome = Outcome::Shut;
                "?"
            }
        };
        writeln!(out, "{sign}")?;
    }
    out.flush()?;
    Ok(outcome)
}

/// Two versions: at a tab if there is one, as versions of some schemes hold spaces, else at white space.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end_matches(['\n', '\r']);
    if let Some((a, b)) = line.split_once('\t') {
        return Some((a, b.split('\t').next().unwrap_or_default()));
    }
    let mut words = line.split_whitespace();
    let pair = (words.next()?, words.next()?);
    words.next().is_none().then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_its_answer_or_the_reason() {
        let mut problems = Vec::new();
        let mut out = Vec::new();
        let input = format!("1.0\t1.1\n1.0 1.0.0\r\n2 1\n\n1 2 3\nx\t1\n{}\n1.0 1.0", "9".repeat(100_000));
        let outcome = compare_pairs(Scheme::Pep440, &mut input.as_bytes(), &mut out, |why| problems.push(why)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "<\n=\n>\n?\n?\n<\n?\n=\n");
        assert_eq!(outcome, Outcome::Shut);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("line 4: a line is two versions"), "{problems:?}");
    }
}
