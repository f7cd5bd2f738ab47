//! Lines of an image's history: `RUN`, `ENV`, `ARG`, and what the shell was given.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

/// What is given without an equals sign, as text that has one: `ENV NAME value`, `--password value` and, in a list, `"--password", "value"`.
pub(crate) struct Given {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// All that the command gives so.
pub(crate) fn given(bytes: &[u8]) -> impl Iterator<Item = Given> {
    static ENV: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?-u)\A(?:/bin/sh -c #\(nop\)\s+)?(?:ENV|env|LABEL|label)\s+([A-Za-z_][\w.-]*)\s+([^\r\n]+)").ok()
    });
    static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?-u)--([\w-]*(?:password|passwd|passphrase|token|secret|api-?key|access-key))(?:\s+|["'],?\s*)["']?([^\s"'|;&,\]-][^\s"'|;&]*)"#).ok()
    });
    let env = ENV.iter().flat_map(move |regex| regex.captures(bytes));
    let flags = FLAG.iter().flat_map(move |regex| regex.captures_iter(bytes));
    env.chain(flags).filter_map(|captures| from(&captures))
}

fn from(captures: &Captures<'_>) -> Option<Given> {
    Some(Given { name: captures.get(1)?.range(), value: captures.get(2)?.range() })
}
