//! Which analysers want a file: one matcher of paths for all of them, then the kind of its content.

use std::sync::{Arc, LazyLock};

use globset::{Candidate, Glob, GlobSet};

use crate::analyser::Analyser;
use crate::{ContentKind, analysers};

/// The analysers with their globs compiled.
pub(crate) struct Selection {
    analysers: Vec<Box<dyn Analyser>>,
    globs: GlobSet,
    /// Of each glob, the position of its analyser.
    owners: Vec<usize>,
    /// The positions of those that go by content.
    inspectors: Vec<usize>,
}

/// Positions of the analysers that want a file.
pub(crate) type Wanting = Vec<usize>;

static SELECTION: LazyLock<Arc<Selection>> = LazyLock::new(|| Arc::new(Selection::new(analysers::all())));

impl Selection {
    /// Of these analysers. A glob that does not compile selects nothing; that all do is a test, as they are constants.
    pub(crate) fn new(analysers: Vec<Box<dyn Analyser>>) -> Self {
        let mut builder = GlobSet::builder();
        let mut owners = Vec::new();
        for (position, analyser) in analysers.iter().enumerate() {
            for glob in analyser.globs().iter().filter_map(|glob| Glob::new(glob).ok()) {
                builder.add(glob);
                owners.push(position);
            }
        }
        let goes_by_content = |position: &usize| -> bool {
            analysers.get(*position).is_some_and(|analyser| !analyser.content_kinds().is_empty())
        };
        let inspectors = (0..analysers.len()).filter(goes_by_content).collect();
        Self { globs: builder.build().unwrap_or_else(|_| GlobSet::empty()), analysers, owners, inspectors }
    }

    /// Of all analysers.
    pub(crate) fn all() -> Arc<Self> {
        Arc::clone(&SELECTION)
    }

    /// The analyser at a position that [`Selection::wanting`] gave.
    pub(crate) fn analyser(&self, position: usize) -> Option<&dyn Analyser> {
        self.analysers.get(position).map(Box::as_ref)
    }

    /// Those that go by content, with their positions.
    pub(crate) fn inspectors(&self) -> impl Iterator<Item = (usize, &dyn Analyser)> {
        self.inspectors.iter().filter_map(|position| Some((*position, self.analyser(*position)?)))
    }

    /// Whether the analyser at a position goes by content.
    pub(crate) fn is_inspector(&self, position: usize) -> bool {
        self.inspectors.contains(&position)
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

    /// Whether it is to be kept where the link at `path` leads.
    pub(crate) fn wants_link(&self, path: &str) -> bool {
        let globs = self.globs.matches_candidate(&Candidate::new(path));
        let mut analysers = globs.into_iter().filter_map(|glob| self.analyser(*self.owners.get(glob)?));
        analysers.any(|analyser| analyser.wants_link(path))
    }

    /// Puts the positions of the inspectors that want a member of an archive by its path into the cleared `wanting`.
    pub(crate) fn wanting_member(&self, path: &str, size: u64, wanting: &mut Wanting) {
        self.wanting(path, wanting);
        wanting.retain(|position| self.is_inspector(*position));
        for (position, analyser) in self.inspectors() {
            if !wanting.contains(&position) && analyser.wants_member(path, size) {
                wanting.push(position);
            }
        }
    }

    /// Whether some inspector looks into archives that no glob names.
    pub(crate) fn looks_into_archives(&self) -> bool {
        self.inspectors().any(|(_, analyser)| analyser.looks_into_archives())
    }

    /// Adds the positions of those that want content of this kind and are not there yet.
    pub(crate) fn wanting_content(&self, path: &str, kind: ContentKind, size: u64, wanting: &mut Wanting) {
        for (position, analyser) in self.inspectors() {
            let is_new = !wanting.contains(&position);
            if is_new && analyser.content_kinds().contains(&kind) && analyser.wants_content(path, kind, size) {
                wanting.push(position);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glob_compiles() {
        let globs: usize = analysers::all().iter().map(|analyser| analyser.globs().len()).sum();
        assert_eq!(Selection::all().owners.len(), globs);
        assert!(!Selection::all().globs.is_empty());
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
            ("usr/share/doc/bash/copyright", vec!["debian-copyright"]),
            ("usr/share/doc/bash", vec![]),
            ("lib/apk/db/installed", vec!["apk"]),
            ("usr/lib/sysimage/rpm/rpmdb.sqlite", vec!["rpm"]),
            ("var/lib/rpm/Name", vec![]),
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
}
