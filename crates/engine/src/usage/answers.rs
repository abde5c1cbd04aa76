//! What origins answered: counted by classes and by how long it took, where a host forwards requests itself.

use tollgate_core::usage::{Kind, STATUSES, TOOK, TOOK_MS};

/// What became of a request that a host sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status of the answer; none if no answer came before the request was over.
    pub status: Option<u16>,
    /// After how many microseconds its head came.
    pub took_us: u64,
}

/// What was answered to the requests of one key, under one route, in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    statuses: [u64; STATUSES.len()],
    took: [u64; TOOK.len()],
}

impl Answers {
    /// One more. What never came took no time that could be told.
    pub(super) fn add(&mut self, answered: Answered) {
        let Answered { status, took_us } = answered;
        // What is no status is none.
        let class = status.map_or(0, |status| usize::from(status.checked_div(100).unwrap_or(0)));
        let class = if class < STATUSES.len() { class } else { 0 };
        count(self.statuses.get_mut(class));
        if class > 0 {
            let longer = |bound: &u64| took_us > bound.saturating_mul(1_000);
            count(self.took.get_mut(TOOK_MS.iter().filter(|bound| longer(bound)).count()));
        }
    }

    pub(super) fn counted(&self) -> impl Iterator<Item = (Kind, &'static str, u64)> {
        let statuses = STATUSES.into_iter().zip(self.statuses);
        let statuses = statuses.map(|(word, count)| (Kind::Status, word, count));
        let took = TOOK.into_iter().zip(self.took);
        let took = took.map(|(word, count)| (Kind::Took, word, count));
        statuses.chain(took).filter(|(_, _, count)| *count > 0)
    }
}

fn count(of: Option<&mut u64>) {
    if let Some(count) = of {
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(answered: &[(Option<u16>, u64)]) -> Vec<(&'static str, u64)> {
        let mut answers = Answers::default();
        for &(status, took_us) in answered {
            answers.add(Answered { status, took_us });
        }
        answers.counted().map(|(_, word, count)| (word, count)).collect()
    }

    #[test]
    fn an_answer_is_of_the_class_of_its_status_and_of_the_first_bound_that_it_kept() {
        for (status, took_us, words) in [
            (Some(101), 0, ["1xx", "1"]),
            (Some(200), 1_000, ["2xx", "1"]),
            (Some(299), 1_001, ["2xx", "2"]),
            (Some(304), 5_000, ["3xx", "5"]),
            (Some(404), 5_001, ["4xx", "10"]),
            (Some(503), 10_000_000, ["5xx", "10000"]),
            (Some(599), 10_000_001, ["5xx", "inf"]),
            (Some(500), u64::MAX, ["5xx", "inf"]),
        ] {
            assert_eq!(counted(&[(status, took_us)]), words.map(|word| (word, 1)), "{status:?}");
        }
    }

    #[test]
    fn what_never_came_took_no_time() {
        for status in [None, Some(0), Some(99), Some(600), Some(u16::MAX)] {
            assert_eq!(counted(&[(status, 7)]), [("none", 1)], "{status:?}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_bounds() {
        let words = TOOK_MS.iter().map(ToString::to_string).chain([String::from("inf")]);
        assert_eq!(words.collect::<Vec<_>>(), TOOK);
        assert!(TOOK_MS.is_sorted());
    }
}
