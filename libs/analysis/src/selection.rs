//! Which analysers want a path: one matcher for all of them.

use std::sync::LazyLock;

use globset::{Candidate, Glob, GlobSet};

use crate::analyser::Analyser;
use crate::analysers;

/// The analysers with their globs compiled.
pub(crate) struct Selection {
    analysers: Vec<Box<dyn Analyser>>,
    globs: GlobSet,
    /// Of each glob, the position of its analyser.
    owners: Vec<usize>,
    /// The globs of those that yield to a distribution's package, apart: lists of owned paths are long.
    yielding: GlobSet,
}

/// Positions of the analysers that want a path.
pub(crate) type Wanting = Vec<usize>;

static SELECTION: LazyLock<Selection> = LazyLock::new(|| {
    // That every glob compiles is a test: the globs are constants.
    Selection::new(analysers::all()).unwrap_or(Selection {
        analysers: Vec::new(),
        globs: GlobSet::empty(),
        owners: Vec::new(),
        yielding: GlobSet::empty(),
    })
});

impl Selection {
    fn new(analysers: Vec<Box<dyn Analyser>>) -> Result<Self, globset::Error> {
        let (mut builder, mut yielding) = (GlobSet::builder(), GlobSet::builder());
        let mut owners = Vec::new();
        for (position, analyser) in analysers.iter().enumerate() {
            for glob in analyser.globs() {
                let glob = Glob::new(glob)?;
                if analyser.yields_to_distribution() {
                    yielding.add(glob.clone());
                }
                builder.add(glob);
                owners.push(position);
            }
        }
        Ok(Self { globs: builder.build()?, yielding: yielding.build()?, analysers, owners })
    }

    /// Of all analysers.
    pub(crate) fn all() -> &'static Self {
        &SELECTION
    }

    /// The analyser at a position that [`Selection::wanting`] gave.
    pub(crate) fn analyser(&self, position: usize) -> Option<&dyn Analyser> {
        self.analysers.get(position).map(Box::as_ref)
    }

    /// Puts the positions of those that want `path` into the cleared `wanting`, in the list's order.
    pub(crate) fn wanting(&self, path: &str, wanting: &mut Wanting) {
        self.globs.matches_candidate_into(&Candidate::new(path), wanting);
        if wanting.is_empty() {
            return;
        }
        for glob in wanting.iter_mut() {
            *glob = self.owners.get(*glob).copied().unwrap_or_default();
        }
        wanting.dedup();
        wanting.retain(|&position| self.analyser(position).is_some_and(|analyser| analyser.wants(path)));
    }

    /// Whether some analyser wants `path` and would yield it to a distribution's package.
    pub(crate) fn yields(&self, path: &str) -> bool {
        let mut wanting = Wanting::new();
        self.wanting(path, &mut wanting);
        wanting.iter().filter_map(|&position| self.analyser(position)).any(Analyser::yields_to_distribution)
    }

    /// A first cheap look for [`Selection::yields`], before the path is normalised.
    pub(crate) fn could_be_owned(&self, raw_path: &[u8]) -> bool {
        self.yielding.is_match_candidate(&Candidate::from_bytes(raw_path))
    }

    /// The most bytes that any of `wanting` takes.
    pub(crate) fn max_bytes(&self, wanting: &[usize]) -> usize {
        wanting
            .iter()
            .filter_map(|&position| self.analyser(position))
            .map(Analyser::max_bytes)
            .max()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glob_compiles() {
        assert!(Selection::new(analysers::all()).is_ok());
        assert_eq!(Selection::all().analysers.len(), analysers::all().len());
    }

    #[test]
    fn each_path_goes_to_the_analysers_that_want_it() {
        let cases = [
            ("etc/os-release", vec!["os-release"]),
            ("usr/lib/os-release", vec!["os-release"]),
            ("app/etc/os-release", vec![]),
            ("var/lib/dpkg/status", vec!["dpkg"]),
            ("var/lib/dpkg/status.d/base", vec!["dpkg"]),
            ("var/lib/dpkg/status-old", vec![]),
            ("var/lib/dpkg/info/bash.list", vec!["dpkg"]),
            ("var/lib/dpkg/info/bash.md5sums", vec![]),
            ("lib/apk/db/installed", vec!["apk"]),
            ("app/node_modules/x/package.json", vec!["node-modules"]),
            ("app/package-lock.json", vec!["npm-lock"]),
            ("app/Cargo.lock", vec!["cargo-lock"]),
        ];
        let selection = Selection::all();
        let mut wanting = Wanting::new();
        for (path, expected) in cases {
            selection.wanting(path, &mut wanting);
            let names: Vec<_> = wanting.iter().filter_map(|&at| selection.analyser(at)).map(Analyser::name).collect();
            assert_eq!(names, expected, "{path}");
        }
    }

    #[test]
    fn only_paths_of_language_packages_can_be_owned() {
        let selection = Selection::all();
        assert!(selection.yields("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO"));
        assert!(!selection.yields("usr/bin/bash"));
        assert!(!selection.yields("etc/os-release"));
    }
}
