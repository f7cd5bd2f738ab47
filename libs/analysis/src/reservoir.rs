//! How many bytes may be held at one time, by all threads of all passes that share it: files that are inspected, what reading them takes, members
//! of archives, large windows of zstd.
//!
//! Who holds room while it waits for more could wait for one that waits for it. So there is an order: a window is held while files come and go,
//! an archive while its members do. One window is held at a time, and archives and windows together leave what members may take; a file never waits
//! for anything once it has its room.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A file, and what reading it takes.
    File,
    /// A file whose members are held beside it.
    Archive,
    /// Members of an archive, for one thread at a time.
    Members,
    /// A layer's zstd window, for one layer at a time.
    Window,
}

/// Room for bytes. Who wants some waits until it is there.
#[derive(Debug)]
pub(crate) struct Reservoir {
    held: Mutex<Held>,
    freed: Condvar,
    size: usize,
    /// What members may take, all together.
    members: usize,
}

/// Bytes by their use.
#[derive(Debug, Default)]
struct Held {
    files: usize,
    archives: usize,
    members: usize,
    window: usize,
}

impl Held {
    fn of(&mut self, purpose: Use) -> &mut usize {
        match purpose {
            Use::File => &mut self.files,
            Use::Archive => &mut self.archives,
            Use::Members => &mut self.members,
            Use::Window => &mut self.window,
        }
    }
}

/// Room that was taken; given back when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    purpose: Use,
    bytes: usize,
    reservoir: Arc<Reservoir>,
}

impl Reservoir {
    /// Of which members of archives may take so much.
    pub(crate) fn new(size: usize, members: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), freed: Condvar::new(), size, members: members.min(size / 4) })
    }

    /// The most that can be had for a use beside a window that stays.
    pub(crate) fn most(&self, purpose: Use, window: usize) -> usize {
        match purpose {
            Use::File => self.size.saturating_sub(window),
            Use::Archive => self.size.saturating_sub(self.members + window),
            Use::Members => self.members,
            Use::Window => self.size.saturating_sub(2 * self.members),
        }
    }

    fn fits(&self, held: &Held, purpose: Use, bytes: usize) -> bool {
        let all = held.files + held.archives + held.members + held.window + bytes;
        let lasting = held.archives + held.window + bytes + self.members;
        all <= self.size
            && match purpose {
                Use::File => true,
                Use::Archive => lasting <= self.size,
                Use::Members => held.members == 0,
                Use::Window => held.window == 0 && lasting <= self.size,
            }
    }

    /// Room for `bytes`, if it is there.
    pub(crate) fn try_take(self: &Arc<Self>, purpose: Use, bytes: usize) -> Option<Room> {
        let bytes = bytes.min(self.most(purpose, 0));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.fits(&held, purpose, bytes) {
            return None;
        }
        *held.of(purpose) += bytes;
        Some(Room { purpose, bytes, reservoir: Arc::clone(self) })
    }

    /// Room for `bytes`, waiting for it. More than there is at all is taken as all there is.
    pub(crate) fn take(self: &Arc<Self>, purpose: Use, bytes: usize) -> Room {
        let bytes = bytes.min(self.most(purpose, 0));
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_while(held, |held| !self.fits(held, purpose, bytes));
        *waited.unwrap_or_else(PoisonError::into_inner).of(purpose) += bytes;
        Room { purpose, bytes, reservoir: Arc::clone(self) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.reservoir.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held.of(self.purpose) -= self.bytes;
        drop(held);
        self.reservoir.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_given_than_there_is() {
        let reservoir = Reservoir::new(10, 0);
        let all = reservoir.take(Use::File, 100);
        assert_eq!(all.bytes, 10);
        assert!(reservoir.try_take(Use::File, 1).is_none());
        drop(all);
        let some = [reservoir.take(Use::File, 7), reservoir.take(Use::Archive, 3)];
        assert!(some.len() == 2 && reservoir.try_take(Use::File, 1).is_none());
        drop(some);
        assert_eq!(reservoir.try_take(Use::File, 100).unwrap().bytes, 10);
    }

    #[test]
    fn what_lasts_leaves_room_for_what_comes_and_goes() {
        let reservoir = Reservoir::new(100, 20);
        let window = reservoir.take(Use::Window, 60);
        assert!(reservoir.try_take(Use::Window, 1).is_none(), "one window at a time");
        let archive = reservoir.take(Use::Archive, 20);
        assert!(reservoir.try_take(Use::Archive, 1).is_none(), "the rest is for members");
        let members = reservoir.take(Use::Members, 20);
        assert!(reservoir.try_take(Use::Members, 0).is_none() && reservoir.try_take(Use::File, 1).is_none());
        drop(members);
        let file = reservoir.take(Use::File, 20);
        drop((file, archive, window));
        assert_eq!(reservoir.try_take(Use::File, 100).unwrap().bytes, 100);
        assert_eq!([Use::File, Use::Archive].map(|purpose| reservoir.most(purpose, 60)), [40, 20]);
    }

    #[test]
    fn who_waits_gets_what_another_gives_back() {
        let reservoir = Reservoir::new(10, 0);
        let taken = reservoir.take(Use::File, 8);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| reservoir.take(Use::File, 5).bytes);
            drop(taken);
            assert_eq!(waiting.join().unwrap(), 5);
        });
    }
}
