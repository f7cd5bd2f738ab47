//! What a GraphQL document costs to look at, counted before anything else is done with it: nesting, depth, fields, aliases.
//!
//! Its text is looked at before it is parsed, as the parser calls itself for every bracket; what it spreads before the library
//! follows the spreads one by one.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{ErrorExtensionValues, Name, Positioned, ServerError, Value as ConstValue, Variables};

use crate::configuration::Limits;

/// The fields and spreads that a document has, with fragments counted wherever they are spread.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Weight {
    depth: usize,
    fields: usize,
    aliases: usize,
}

/// Brackets within brackets that the parser is given: twice as many as any document within the other limits needs.
const NESTING: usize = 100;

/// Parses a document that keeps to the limits.
///
/// # Errors
/// When it does not, or is no GraphQL.
pub fn parsed(query: &str, limits: &Limits) -> Result<ExecutableDocument, ServerError> {
    if query.len() > limits.graphql_bytes {
        return Err(refusal(over("bytes of query", query.len(), limits.graphql_bytes)));
    }
    if nesting(query) > NESTING {
        return Err(refusal(format!("The request nests brackets deeper than the limit of {NESTING} levels (depth).")));
    }
    let document = parse_query(query)?;
    match objection(&document, limits) {
        Some(message) => Err(refusal(message)),
        None => Ok(document),
    }
}

/// Whether a text in these variables, or in the document, holds a NUL: PostgreSQL's text cannot, so that nothing is named so.
pub fn holds_nul(query: &str, variables: &Variables) -> bool {
    fn in_value(value: &ConstValue) -> bool {
        match value {
            ConstValue::String(text) => text.contains('\0'),
            ConstValue::List(values) => values.iter().any(in_value),
            ConstValue::Object(fields) => fields.values().any(in_value),
            _ => false,
        }
    }
    query.contains('\0') || query.contains("\\u0000") || variables.values().any(in_value)
}

/// An error about a limit.
pub fn refusal(message: String) -> ServerError {
    with_code("LIMIT", message)
}

/// An error about a request that is none.
pub fn malformed(message: impl Into<String>) -> ServerError {
    with_code("BAD_REQUEST", message.into())
}

fn with_code(code: &'static str, message: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

/// How deep a text nests brackets, at most; those in strings and comments are none.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '(', '}', ']', ')', '"', '#']) {
        let (token, after) = rest.split_at(at).1.split_at(1);
        rest = match token {
            "#" => after.split_once(['\n', '\r']).map_or("", |(_, next)| next),
            "\"" => after.strip_prefix("\"\"").map_or_else(|| after_string(after), after_block),
            "{" | "[" | "(" => {
                depth += 1;
                deepest = deepest.max(depth);
                after
            }
            _ => {
                depth = depth.saturating_sub(1);
                after
            }
        };
    }
    deepest
}

/// What follows a string, after its first quote. A string ends with its line, well or not.
fn after_string(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\', '\n', '\r']) {
        let (token, after) = rest.split_at(at).1.split_at(1);
        if token != "\\" {
            return after;
        }
        let mut characters = after.chars();
        characters.next();
        rest = characters.as_str();
    }
    ""
}

/// What follows a block string, after its first three quotes.
fn after_block(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find("\"\"\"") {
        let (before, after) = rest.split_at(at);
        rest = after.get(3..).unwrap_or_default();
        if !before.ends_with('\\') {
            return rest;
        }
    }
    ""
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Why a document is not looked at any further: which limit it passes.
fn objection(document: &ExecutableDocument, limits: &Limits) -> Option<String> {
    let operations = document.operations.iter().count();
    let definitions = operations + document.fragments.len();
    if definitions > limits.graphql_definitions {
        return Some(over("operations and fragments", definitions, limits.graphql_definitions));
    }
    let mut known: HashMap<&Name, Option<Weight>> = HashMap::new();
    for (_, operation) in document.operations.iter() {
        let Some(weight) = weight(&operation.node.selection_set.node, &document.fragments, &mut known) else {
            return Some("The document's fragments spread each other in a circle.".into());
        };
        for (what, found, limit) in [
            ("levels of selections (depth)", weight.depth, limits.graphql_depth),
            ("aliases", weight.aliases, limits.graphql_aliases),
            ("fields", weight.fields, limits.graphql_fields),
        ] {
            if found > limit {
                return Some(over(what, found, limit));
            }
        }
    }
    None
}

/// The text of a refusal.
pub fn over(what: &str, found: usize, limit: usize) -> String {
    format!("The request has {found} {what}; the limit is {limit}.")
}

/// The weight of a selection, or `None` where its fragments go in a circle. Each fragment is weighed once: ten that spread the
/// next twice cost ten steps, and count as a thousand. The parser has bounded how deep selections nest, the number of
/// definitions how deep fragments do.
fn weight<'a>(
    set: &'a SelectionSet,
    fragments: &'a Fragments,
    known: &mut HashMap<&'a Name, Option<Weight>>,
) -> Option<Weight> {
    let mut total = Weight { depth: 1, ..Weight::default() };
    for selection in &set.items {
        let (inner, own_levels) = match &selection.node {
            Selection::Field(field) => {
                total.fields = total.fields.saturating_add(1);
                total.aliases = total.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                let set = &field.node.selection_set.node;
                if set.items.is_empty() {
                    continue;
                }
                (weight(set, fragments, known)?, 1)
            }
            Selection::InlineFragment(fragment) => (weight(&fragment.node.selection_set.node, fragments, known)?, 0),
            Selection::FragmentSpread(spread) => {
                total.fields = total.fields.saturating_add(1);
                let name = &spread.node.fragment_name.node;
                // One that is not there is for validation to tell.
                let Some(fragment) = fragments.get(name) else { continue };
                let weighed = match known.get(name) {
                    // Begun and not ended: it spreads itself.
                    Some(None) => return None,
                    Some(Some(weighed)) => *weighed,
                    None => {
                        known.insert(name, None);
                        let weighed = weight(&fragment.node.selection_set.node, fragments, known)?;
                        known.insert(name, Some(weighed));
                        weighed
                    }
                };
                (weighed, 0)
            }
        };
        total.depth = total.depth.max(inner.depth + own_levels);
        total.fields = total.fields.saturating_add(inner.fields);
        total.aliases = total.aliases.saturating_add(inner.aliases);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection_to(query: &str) -> Option<String> {
        let limits = Limits {
            graphql_depth: 4,
            graphql_aliases: 3,
            graphql_fields: 20,
            graphql_definitions: 12,
            ..Limits::default()
        };
        objection(&parse_query(query).unwrap(), &limits)
    }

    #[test]
    fn documents_are_refused_by_the_limit_that_they_pass() {
        let bomb: String = (0..10).map(|n| format!("fragment f{n} on A {{ ...f{0} ...f{0} }} ", n + 1)).collect();
        let cases: &[(String, Option<&str>)] = &[
            ("{ a { b { c { d } } } }".into(), None),
            ("{ a { b { c { d { e } } } } }".into(), Some("5 levels")),
            ("{ a { ...f } } fragment f on A { b { c { d { e } } } }".into(), Some("5 levels")),
            ("{ a { ... on A { ... on A { ... on A { ... on A { b } } } } } }".into(), None),
            ("{ x: a y: a z: a }".into(), None),
            ("{ x: a y: a z: a w: a }".into(), Some("4 aliases; the limit is 3")),
            ("{ ...f ...f } fragment f on A { x: a y: a }".into(), Some("4 aliases")),
            (format!("{{ {} }}", "a ".repeat(21)), Some("21 fields")),
            (format!("{{ ...f0 }} {bomb} fragment f10 on A {{ a }}"), Some("3071 fields")),
            (format!("{{ ...f0 }} {bomb}"), Some("2047 fields")),
            ("{ ...f } fragment f on A { ...g } fragment g on A { ...f }".into(), Some("circle")),
            ("{ ...f } fragment f on A { ...f }".into(), Some("circle")),
            ("{ ...unknown }".into(), None),
            ((0..13).map(|n| format!("query q{n} {{ a }} ")).collect(), Some("13 operations and fragments")),
        ];
        for (query, expected) in cases {
            let found = objection_to(query);
            assert_eq!(found.is_some(), expected.is_some(), "{query}: {found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{query}");
        }
    }

    #[test]
    fn brackets_that_nest_too_deep_never_reach_the_parser() {
        let limits = Limits::default();
        for deep in ["{a", "{a(b:[", "[", "{a(b:{c:", "{a#}\n", "{a(b:\"}\\\"}\")", "{a(b:\"\"\"}\\\"\"\"}\"\"\")"] {
            let error = parsed(&deep.repeat(100_000 / deep.len()), &limits).unwrap_err();
            assert!(error.message.contains("depth"), "{}", error.message);
        }
        let error = parsed(&"a".repeat(limits.graphql_bytes + 1), &limits).unwrap_err();
        assert!(error.message.contains("bytes of query; the limit is 262144"), "{}", error.message);
        assert!(parsed("{ a(b: \"{{{{\", c: \"\"\"((((\"\"\") # [[[[\n }", &limits).is_ok());
        assert_eq!(nesting("{ a(b: \"{{{{\", c: \"\"\"((((\"\"\") # [[[[\n }"), 2);
        assert!(parsed("{ a ", &limits).is_err());
    }
}
