//! Problems with files: the first are told one by one, the others counted by their kind.

use std::collections::BTreeMap;

use plimsoll_model::{Problem, ProblemCode};

use crate::budget::Budget;

/// The problems of one pass.
pub(crate) struct Problems {
    told: Vec<Problem>,
    untold: BTreeMap<ProblemCode, u64>,
    most: usize,
}

impl Problems {
    /// Of which `most` are told.
    pub(crate) fn new(most: usize) -> Self {
        Self { told: Vec::new(), untold: BTreeMap::new(), most }
    }

    /// With the file at `path`. It is told if there is room for it.
    pub(crate) fn add(&mut self, budget: &mut Budget, code: ProblemCode, path: &str, detail: String) {
        let is_told = self.told.len() < self.most;
        if is_told && budget.take(path.len() + detail.len() + size_of::<Problem>()) {
            self.told.push(Problem { path: Some(path.to_owned()), ..Problem::new(code, detail) });
        } else {
            *self.untold.entry(code).or_default() += 1;
        }
    }

    /// All that are told: those with files, those with the whole, which always are, and of each kind how many more there were.
    pub(crate) fn finish(mut self, of_the_whole: impl IntoIterator<Item = Problem>) -> Vec<Problem> {
        self.told.extend(of_the_whole);
        let untold = self.untold.into_iter().map(|(code, count)| Problem {
            count,
            ..Problem::new(code, format!("{count} more of this kind are not listed"))
        });
        self.told.extend(untold);
        self.told
    }
}
