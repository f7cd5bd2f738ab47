//! The offline database, read in two threads where much is asked of it: each reader has a connection of its own.

use std::path::Path;

use plimsoll_advisory_db::AdvisoryDb;

use crate::db;
use crate::exit::Failure;

/// So many questions are worth a second thread.
const MANY: usize = 64;

/// A database and, where it can be had, a second reader of the same.
pub struct Readers {
    first: AdvisoryDb,
    second: Option<AdvisoryDb>,
}

impl Readers {
    /// Opens the database at `path`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let first = db::open(path)?;
        // Between the two, an update may have put another database there.
        let second = AdvisoryDb::open(path).ok().filter(|second| second.built_at() == first.built_at());
        Ok(Self { first, second })
    }

    /// The database.
    pub const fn db(&self) -> &AdvisoryDb {
        &self.first
    }

    /// What `read` makes of each of these, in their order.
    pub fn each<Q: Sync, A: Send, E: Send>(
        &self,
        asked: &[Q],
        read: impl Fn(&AdvisoryDb, &Q) -> Result<A, E> + Sync,
    ) -> Result<Vec<A>, E> {
        let Some(second) = self.second.as_ref().filter(|_| asked.len() >= MANY) else {
            return asked.iter().map(|one| read(&self.first, one)).collect();
        };
        // Every other one, as what takes long lies side by side.
        let of = |db: &AdvisoryDb, start: usize| -> Result<Vec<A>, E> {
            asked.iter().skip(start).step_by(2).map(|one| read(db, one)).collect()
        };
        let (even, odd) = std::thread::scope(|scope| {
            let odd = scope.spawn(|| of(second, 1));
            (of(&self.first, 0), odd.join())
        });
        let mut odd = odd.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?.into_iter();
        Ok(even?.into_iter().flat_map(|answer| std::iter::once(answer).chain(odd.next())).collect())
    }
}
