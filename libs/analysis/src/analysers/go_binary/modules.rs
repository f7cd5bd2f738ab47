//! The lines of build info that name modules, tab-separated: `mod`, `dep`, and `=>` for what replaces the one before.

/// The version of what has none, as Go writes it.
pub(super) const UNVERSIONED: &str = "(devel)";

/// A module linked into a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Module<'b> {
    pub(super) path: &'b str,
    /// [`UNVERSIONED`] where the linker knew none: of a main module built in its repository before Go 1.24, and of what a folder stands in for.
    pub(super) version: &'b str,
    pub(super) is_main: bool,
}

/// The modules. One that a folder stands in for keeps its own name: the folder's is none.
pub(super) fn linked(text: &str) -> impl Iterator<Item = Module<'_>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let is_main = line.starts_with("mod\t");
            let Some(module) = line.strip_prefix("mod\t").or_else(|| line.strip_prefix("dep\t")).map(module) else {
                continue;
            };
            let replacement = lines.peek().and_then(|line| line.strip_prefix("=>\t")).map(self::module);
            let (path, version) = match replacement {
                Some((path, _)) if path.starts_with(['.', '/']) => (module.0, UNVERSIONED),
                other => other.unwrap_or(module),
            };
            return Some(Module { path, version: if version.is_empty() { UNVERSIONED } else { version }, is_main });
        }
    })
    .filter(|module| !module.path.is_empty() && !module.path.starts_with(['.', '/']))
}

/// A module's path and version.
fn module(line: &str) -> (&str, &str) {
    let mut fields = line.split('\t');
    (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_stand_for_what_they_replace() {
        let text = "path\tacme.org/cmd\nmod\tacme.org\tv1.2.0\th1:a=\ndep\tgolang.org/x/net\tv0.1.0\th1:b=\n\
            dep\told.org/x\tv1.0.0\n=>\tnew.org/x\tv1.0.1\th1:c=\ndep\tk8s.io/api\tv0.0.0\n=>\t./staging/api\t(devel)\t\n\
            dep\tlast.org\tv3.0.0+incompatible\th1:d=\nbuild\t-compiler=gc\nbuild\tdep\tx\n";
        let found: Vec<_> = linked(text).map(|module| format!("{}@{}", module.path, module.version)).collect();
        assert_eq!(
            found,
            [
                "acme.org@v1.2.0",
                "golang.org/x/net@v0.1.0",
                "new.org/x@v1.0.1",
                "k8s.io/api@(devel)",
                "last.org@v3.0.0+incompatible"
            ]
        );
    }

    #[test]
    fn what_has_no_version_is_told_without_one() {
        let module = |path, is_main| Module { path, version: UNVERSIONED, is_main };
        for (text, expected) in [
            ("mod\tacme.org\t(devel)\t\n", vec![module("acme.org", true)]),
            ("mod\tacme.org\t\t\n", vec![module("acme.org", true)]),
            ("dep\tacme.org\n", vec![module("acme.org", false)]),
            ("dep\tacme.org\tv1.0.0\n=>\t../fork\t\n", vec![module("acme.org", false)]),
            ("mod\n", vec![]),
            ("dep\t\n=>\t\n", vec![]),
            ("dep\t./x\tv1\n", vec![]),
            ("=>\tx\tv1\n", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(linked(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
