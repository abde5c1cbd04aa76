//! Requests under way: how many there may be in the whole process, and until when each of them is one.

use std::sync::Arc;

use super::metrics::Gauge;

/// The places of requests, over every connection and listener.
#[derive(Clone)]
pub(crate) struct Places {
    taken: Arc<Gauge>,
    most: u64,
}

/// A request under way: it has its place until its answer, or what it was switched to, has ended.
///
/// The place is free again as soon as this is dropped, however that comes about.
pub(crate) struct Flight(Arc<Gauge>);

impl Places {
    /// So many, of which those are taken that `taken` counts.
    pub(crate) fn new(taken: &Arc<Gauge>, most: usize) -> Self {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        Self { taken: Arc::clone(taken), most }
    }

    /// A place for a request that has come; none if all are taken.
    pub(crate) fn enter(&self) -> Option<Flight> {
        self.taken.enter_below(self.most).then(|| Flight(Arc::clone(&self.taken)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "on purpose")]

    use std::{panic::catch_unwind, thread};

    use super::*;

    #[test]
    fn there_are_so_many_places_and_a_panic_keeps_none() {
        let taken = Arc::<Gauge>::default();
        let places = Places::new(&taken, 2);
        let held = (places.enter(), places.enter());
        assert!(held.0.is_some() && held.1.is_some() && places.enter().is_none());
        assert_eq!(taken.count(), 2);
        drop(held);
        let broken = catch_unwind({
            let places = places.clone();
            move || {
                let _held = places.enter();
                panic!("on purpose")
            }
        });
        let _: Result<(), _> = broken;
        assert_eq!(taken.count(), 0);
        assert!(places.enter().is_some());
    }

    #[test]
    fn however_many_come_at_once_no_more_get_in_and_a_free_place_is_had() {
        const MOST: usize = 3;
        let taken = Arc::<Gauge>::default();
        let places = Places::new(&taken, MOST);
        thread::scope(|scope| {
            for _ in 0..MOST + 2 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let held = places.enter();
                        assert!(taken.count() <= 3);
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(taken.count(), 0);
        let held: Vec<_> = (0..MOST).map_while(|_| places.enter()).collect();
        assert_eq!(held.len(), MOST);
    }
}
