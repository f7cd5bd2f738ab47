//! The lines of build info that name modules, tab-separated: `mod`, `dep`, and `=>` for what replaces the one before.

/// A module linked into a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Module<'b> {
    pub(super) path: &'b str,
    pub(super) version: &'b str,
}

/// The modules that have a version: `(devel)`, which a main module built in its repository had before Go 1.24, is none.
pub(super) fn linked(text: &str) -> impl Iterator<Item = Module<'_>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let Some(mut module) = line.strip_prefix("mod\t").or_else(|| line.strip_prefix("dep\t")).map(module) else {
                continue;
            };
            if let Some(replacement) = lines.peek().and_then(|line| line.strip_prefix("=>\t")) {
                module = self::module(replacement);
            }
            return Some(module);
        }
    })
    .filter(|module| !matches!(module.version, "" | "(devel)") && !module.path.starts_with(['.', '/']))
}

/// The path of the main module, if the linker knew no version of it.
pub(super) fn unversioned_main(text: &str) -> Option<&str> {
    let main = text.lines().find_map(|line| line.strip_prefix("mod\t")).map(module)?;
    (matches!(main.version, "" | "(devel)") && !main.path.is_empty()).then_some(main.path)
}

fn module(line: &str) -> Module<'_> {
    let mut fields = line.split('\t');
    Module { path: fields.next().unwrap_or_default(), version: fields.next().unwrap_or_default() }
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
            ["acme.org@v1.2.0", "golang.org/x/net@v0.1.0", "new.org/x@v1.0.1", "last.org@v3.0.0+incompatible"]
        );
    }

    #[test]
    fn what_has_no_version_is_passed_over() {
        for text in ["mod\tacme.org\t(devel)\t\n", "dep\tacme.org\n", "mod\n", "dep\t\n=>\t\n", "=>\tx\tv1\n", ""] {
            assert_eq!(linked(text).count(), 0, "{text:?}");
        }
    }
}
