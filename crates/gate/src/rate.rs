//! How many lines of a log there may be about what costs whoever causes it nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many refusals of what no record is known for are told of in a second.
pub const UNPROVEN_MAX: u64 = 10;

/// How many refusals and failures of requests with a known record are told of in a second.
pub const PROVEN_MAX: u64 = 100;

/// So many a second, and no more.
#[derive(Debug, Default)]
pub struct Rate {
    /// The second, and how many there were in it: one value, so that two threads never both begin it.
    so_far: AtomicU64,
    left_out: AtomicU64,
}

/// How many bits of [`Rate::so_far`] count.
const COUNT_BITS: u32 = 20;

impl Rate {
    /// Whether one more may be told of in this second; counts it if not.
    pub fn allows(&self, second: u64, most: u64) -> bool {
        let begun = second << COUNT_BITS;
        let one_more = |so_far: u64| {
            let so_far = if so_far >> COUNT_BITS == second { so_far } else { begun };
            (so_far.saturating_sub(begun) < most).then(|| so_far.saturating_add(1))
        };
        let relaxed = Ordering::Relaxed;
        let allows = self.so_far.fetch_update(relaxed, relaxed, one_more).is_ok();
        if !allows {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        allows
    }

    /// How many were left out since this was last asked, if none can be in `second` or later.
    pub fn take_left_out_before(&self, second: u64) -> u64 {
        let over = self.so_far.load(Ordering::Relaxed) >> COUNT_BITS != second;
        if over { self.take_left_out() } else { 0 }
    }

    /// How many were left out since this was last asked.
    pub fn take_left_out(&self) -> u64 {
        self.left_out.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_second_has_more_lines_than_it_may_and_the_rest_is_counted() {
        let rate = Rate::default();
        let told = |second, tries: u64| (0..tries).filter(|_| rate.allows(second, 3)).count();
        for (second, tries, expected, left) in [
            (0, 2, 2, 0),
            (0, 5, 1, 4),
            (1, 3, 3, 0),
            (9, 0, 0, 0),
            (9, 10, 3, 7),
            (u64::MAX >> 20, 4, 3, 1),
        ] {
            let told = told(second, tries);
            assert_eq!((told, rate.take_left_out()), (expected, left), "{second}");
        }
    }

    #[test]
    fn however_many_threads_ask_at_once_a_second_has_its_lines_once() {
        let rate = Rate::default();
        let told = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for second in 0..200 {
                        for _ in 0..20 {
                            // Threads are in different seconds at one time: what comes late begins none anew.
                            let allowed = rate.allows(second / 200, 7);
                            told.fetch_add(u64::from(allowed), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(told.load(Ordering::Relaxed), 7);
        assert_eq!(rate.take_left_out(), 4 * 200 * 20 - 7);
    }
}
