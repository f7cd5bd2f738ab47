//! A stated licence as tokens, and those as SPDX expressions.
//!
//! Nothing here recurses: parentheses are counted, and the crate `spdx` (a shunting yard) has the last word on the grammar.

use plimsoll_model::PackageType;
use spdx::{Expression, ParseMode};

use crate::spelling;

/// Open parentheses at one place.
const MOST_DEPTH: usize = 64;
/// Licences, operators and parentheses together.
const MOST_TOKENS: usize = 500;

/// One of the licences that together hold.
pub(crate) enum Part {
    Expression(String),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A licence or an exception, as stated.
    Phrase(String),
    And,
    Or,
    With,
    Open,
    Close,
}

/// What of a stated licence is an expression, and what is not. What is joined by `and` at the top is read part by part.
pub(crate) fn parts(stated: &str, kind: PackageType) -> Vec<Part> {
    let whole = || vec![Part::Text(stated.to_owned())];
    if let Some(expression) = spelling::expression_of(stated) {
        return vec![Part::Expression(expression)];
    }
    let Some(tokens) = tokens(stated, kind) else { return whole() };
    let tokens = without_outer_parentheses(&tokens);
    let mut parts = Vec::new();
    for part in conjuncts(tokens) {
        match expression(part) {
            Some(expression) => parts.push(Part::Expression(expression)),
            None if part.len() == tokens.len() => return whole(),
            None => parts.push(Part::Text(shown(part))),
        }
    }
    // Where an operator lacks its licence, nothing of it can be believed; and a comma between words that are not known may be prose.
    let is_prose = |part: &Part| matches!(part, Part::Text(text) if text.is_empty() || stated.contains([',', ';']));
    if parts.iter().any(is_prose) { whole() } else { parts }
}

/// An expression as one side of an `AND`.
pub(crate) fn operand(expression: String, is_alone: bool) -> String {
    let mut depth = 0usize;
    let has_or = expression.split(' ').any(|word| {
        depth += word.matches('(').count();
        let is_top_or = depth == 0 && word == "OR";
        depth = depth.saturating_sub(word.matches(')').count());
        is_top_or
    });
    if has_or && !is_alone { format!("({expression})") } else { expression }
}

/// The tokens of a stated licence, or `None` past a bound or where parentheses do not match.
fn tokens(stated: &str, kind: PackageType) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut phrase: Vec<&str> = Vec::new();
    // Debian: a comma before an operator makes it the weaker one.
    let stated = if kind == PackageType::Deb { weaker_commas(stated) } else { stated.to_owned() };
    let spaced = stated.replace('(', " ( ").replace(')', " ) ").replace([',', ';'], " , ");
    let words: Vec<&str> = spaced.split_whitespace().take(MOST_TOKENS * 8).collect();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        index += 1;
        let token = match word.to_ascii_lowercase().as_str() {
            "or" => {
                let later = later_words(words.get(index..).unwrap_or_default());
                if later > 0 && !phrase.is_empty() {
                    index += later;
                    phrase.push("or later");
                    continue;
                }
                Token::Or
            }
            "||" | "|" => Token::Or,
            "and" | "&" | "&&" => Token::And,
            "," if words.get(index).is_some_and(|next| is_operator(next)) => continue,
            "," => Token::And,
            "with" | "w/" => Token::With,
            "(" => Token::Open,
            ")" => Token::Close,
            _ => {
                phrase.push(word);
                continue;
            }
        };
        end_phrase(&mut tokens, &mut phrase, kind);
        tokens.push(token);
    }
    end_phrase(&mut tokens, &mut phrase, kind);
    (tokens.len() <= MOST_TOKENS && is_balanced(&tokens)).then_some(tokens)
}

fn is_operator(word: &str) -> bool {
    ["and", "or"].iter().any(|operator| word.eq_ignore_ascii_case(operator))
}

/// `A or B, and C` as `(A or B) and C` (Debian's machine-readable copyright file 1.0, "License synopsis"); only where that is plain.
fn weaker_commas(stated: &str) -> String {
    let mut split = stated.splitn(3, ", and ");
    match (split.next(), split.next(), split.next()) {
        (Some(left), Some(right), None) if !left.contains(['(', ')']) => format!("({left}) and {right}"),
        _ => stated.to_owned(),
    }
}

/// How many words `later`, `newer`, `any later version` are.
fn later_words(words: &[&str]) -> usize {
    let is = |index: usize, expected: &[&str]| {
        words.get(index).is_some_and(|word| expected.iter().any(|expected| word.eq_ignore_ascii_case(expected)))
    };
    let any = usize::from(is(0, &["any"]));
    if !is(any, &["later", "newer", "greater", "above"]) {
        return 0;
    }
    any + 1 + usize::from(is(any + 1, &["version"]))
}

/// Adds a phrase; one that is no licence by itself may be several: `MIT/Apache-2.0`, Alpine's old lists `MIT GPL2+`.
fn end_phrase(tokens: &mut Vec<Token>, phrase: &mut Vec<&str>, kind: PackageType) {
    if phrase.is_empty() {
        return;
    }
    let words = std::mem::take(phrase);
    let whole = words.join(" ");
    let is_exception = tokens.last() == Some(&Token::With);
    let alternatives: Vec<&str> = whole.split('/').map(str::trim).collect();
    let is_known = |text: &str| spelling::expression_of(text).is_some();
    if is_exception || is_known(&whole) {
        tokens.push(Token::Phrase(whole));
    } else if alternatives.len() > 1 && alternatives.iter().all(|text| is_known(text)) {
        tokens.push(Token::Open);
        for (index, alternative) in alternatives.into_iter().enumerate() {
            if index > 0 {
                tokens.push(Token::Or);
            }
            tokens.push(Token::Phrase(alternative.to_owned()));
        }
        tokens.push(Token::Close);
    } else if kind == PackageType::Apk && words.iter().any(|word| is_known(word)) {
        for (index, word) in words.into_iter().enumerate() {
            if index > 0 {
                tokens.push(Token::And);
            }
            tokens.push(Token::Phrase(word.to_owned()));
        }
    } else {
        tokens.push(Token::Phrase(whole));
    }
}

fn is_balanced(tokens: &[Token]) -> bool {
    let mut depth = 0usize;
    for token in tokens {
        match token {
            Token::Open if depth == MOST_DEPTH => return false,
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return false,
            Token::Close => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Without parentheses that hold everything.
fn without_outer_parentheses(tokens: &[Token]) -> &[Token] {
    let mut inner = tokens;
    while let [Token::Open, middle @ .., Token::Close] = inner {
        if !is_balanced(middle) {
            break;
        }
        inner = middle;
    }
    inner
}

/// What `AND` joins at the top; all of it, where an `OR` is there too.
fn conjuncts(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0usize;
    let mut tops = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Or if depth == 0 => return vec![tokens],
            Token::And if depth == 0 => tops.push(index),
            _ => {}
        }
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for end in tops.into_iter().chain([tokens.len()]) {
        parts.push(tokens.get(start..end).unwrap_or_default());
        start = end + 1;
    }
    parts
}

/// The tokens as an expression, or `None` where one of them is not known or the grammar is not kept.
fn expression(tokens: &[Token]) -> Option<String> {
    let tokens = without_outer_parentheses(tokens);
    let mut text = String::new();
    let mut after_with = false;
    for token in tokens {
        let spelled = match token {
            Token::Phrase(phrase) if after_with => spelling::exception_of(phrase)?,
            Token::Phrase(phrase) => {
                let spelled = spelling::expression_of(phrase)?;
                if tokens.len() > 1 { operand(spelled, false) } else { spelled }
            }
            operator => shown(std::slice::from_ref(operator)),
        };
        after_with = *token == Token::With;
        if !(text.is_empty() || text.ends_with('(') || *token == Token::Close) {
            text.push(' ');
        }
        text.push_str(&spelled);
    }
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    Expression::parse_mode(&text, mode).is_ok().then_some(text)
}

/// Tokens as they were stated.
fn shown(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        let word = match token {
            Token::Phrase(phrase) => phrase.as_str(),
            Token::And => "AND",
            Token::Or => "OR",
            Token::With => "WITH",
            Token::Open => "(",
            Token::Close => ")",
        };
        if !(text.is_empty() || text.ends_with('(') || *token == Token::Close) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}
