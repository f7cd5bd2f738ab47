//! Texts that an expression matches.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::random::Random;

/// What their expressions put around a name and a value, and something plain that each of them matches: names that say that the value
/// is a secret, and operators of configuration files.
const PLAIN: [(&str, &str); 7] = [
    // In any case: the one that is written is the vendor's.
    ("(?i)", ""),
    ("(?i:", "(?:"),
    (r"[\w.-]{0,50}?", ""),
    (r"(?:[ \t\w.-]{0,20})", "_api_key"),
    (r#"[\s'"]{0,3}"#, ""),
    (r#"(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"#, "(?: = |: |:=)"),
    (r#"(?:[\x60'"\s;]|\\[nr]|$)"#, r"[\s;]"),
];

/// A text that `regex` matches, on a line of its own.
pub fn text(regex: &str, random: &mut Random) -> String {
    let plain = PLAIN.iter().fold(regex.to_owned(), |regex, (theirs, plain)| regex.replace(theirs, plain));
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(&plain).unwrap();
    let mut bytes = Vec::new();
    write(&parsed, random, &mut bytes);
    format!("{}\n", String::from_utf8(bytes).unwrap())
}

fn write(hir: &Hir, random: &mut Random, bytes: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => bytes.extend_from_slice(&literal.0),
        HirKind::Class(class) => {
            let has = |byte: u8| match class {
                Class::Bytes(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&byte)),
                Class::Unicode(class) => {
                    class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(byte)))
                }
            };
            let printable: Vec<u8> = (b'!'..=b'~').filter(|&byte| has(byte)).collect();
            // A dot that stands for anything is mostly meant as a dot.
            let is_any = (0..=u8::MAX).filter(|&byte| has(byte)).count() > 250;
            bytes.push(match printable.len() {
                0 => b'\n',
                _ if is_any => b'.',
                count => printable[random.below(count)],
            });
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min + 8);
            let count = repetition.min as usize + random.below((most - repetition.min) as usize + 1);
            (0..count).for_each(|_| write(&repetition.sub, random, bytes));
        }
        HirKind::Capture(capture) => write(&capture.sub, random, bytes),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, random, bytes)),
        HirKind::Alternation(parts) => write(&parts[random.below(parts.len())], random, bytes),
    }
}
