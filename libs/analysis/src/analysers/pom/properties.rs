//! `${name}` in a project file's texts.

/// How often a value may name another.
const DEPTH: usize = 16;
/// How many properties one text may need: values that name others twice would double with each step.
const STEPS: usize = 100;
/// The longest text that comes of it: longer ones are no names or versions.
const BYTES: usize = 1024;

/// `text` with every `${name}` replaced by what `property` knows of it, again and again. `None` where a property is unknown, names
/// itself, or needs more than the bounds allow.
pub(super) fn resolve<'p>(text: &str, property: &dyn Fn(&str) -> Option<&'p str>) -> Option<String> {
    let mut resolved = String::new();
    put(text, property, DEPTH, &mut 0, &mut resolved)?;
    Some(resolved)
}

fn put<'p>(
    mut text: &str,
    property: &dyn Fn(&str) -> Option<&'p str>,
    depth: usize,
    steps: &mut usize,
    resolved: &mut String,
) -> Option<()> {
    while let Some((before, rest)) = text.split_once("${") {
        let (name, after) = rest.split_once('}')?;
        resolved.push_str(before);
        *steps += 1;
        if depth == 0 || *steps > STEPS || resolved.len() > BYTES {
            return None;
        }
        put(property(name)?, property, depth - 1, steps, resolved)?;
        text = after;
    }
    resolved.push_str(text);
    (resolved.len() <= BYTES).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_until_none_is_left() {
        let property = |name: &str| match name {
            "one" => Some("1"),
            "two" => Some("${one}.${one}"),
            "self" => Some("${self}"),
            "wide" => Some("${two}${two}${two}${two}"),
            "wider" => Some("${wide}${wide}${wide}${wide}${wide}${wide}${wide}${wide}${wide}${wide}"),
            _ => None,
        };
        let cases = [
            ("plain", Some("plain")),
            ("${one}", Some("1")),
            ("a-${two}-${one}", Some("a-1.1-1")),
            ("${wide}", Some("1.11.11.11.1")),
            ("${wider}", None),
            ("${self}", None),
            ("${none}", None),
            ("${one", None),
            ("", Some("")),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text, &property).as_deref(), expected, "{text}");
        }
    }
}
