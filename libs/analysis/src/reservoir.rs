//! How many bytes of files may be held at one time, by all threads of all passes that share it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Room for bytes of files that are held whole. Who wants some waits until it is there.
#[derive(Debug)]
pub(crate) struct Reservoir {
    free: Mutex<usize>,
    freed: Condvar,
    size: usize,
}

/// Room that was taken; given back when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: usize,
    reservoir: Arc<Reservoir>,
}

impl Reservoir {
    pub(crate) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new(size), freed: Condvar::new(), size })
    }

    /// Room for `bytes`, if it is there.
    pub(crate) fn try_take(self: &Arc<Self>, bytes: usize) -> Option<Room> {
        let bytes = bytes.min(self.size);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(bytes)?;
        Some(Room { bytes, reservoir: Arc::clone(self) })
    }

    /// Room for `bytes`, waiting for it. More than there is at all is taken as all there is.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Room {
        let bytes = bytes.min(self.size);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        Room { bytes, reservoir: Arc::clone(self) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.reservoir.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.reservoir.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_given_than_there_is() {
        let reservoir = Reservoir::new(10);
        let all = reservoir.take(100);
        assert_eq!((all.bytes, *reservoir.free.lock().unwrap()), (10, 0));
        drop(all);
        let some = [reservoir.take(7), reservoir.take(3)];
        assert_eq!((some.len(), *reservoir.free.lock().unwrap()), (2, 0));
        assert!(reservoir.try_take(1).is_none());
        drop(some);
        assert_eq!(reservoir.try_take(100).unwrap().bytes, 10);
    }

    #[test]
    fn who_waits_gets_what_another_gives_back() {
        let reservoir = Reservoir::new(10);
        let taken = reservoir.take(8);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| reservoir.take(5).bytes);
            drop(taken);
            assert_eq!(waiting.join().unwrap(), 5);
        });
    }
}
