//! Refusals of what was not proved, summed up for the log: codes and numbers, nothing that anybody sent.

/// How often they are summed up, in milliseconds.
const SUMMARY_EVERY_MS: u64 = 10_000;

/// The most codes; there are not so many.
const CODES_MAX: usize = 32;

/// How often each code was given since the last summary.
#[derive(Debug)]
pub(crate) struct Refusals {
    counts: Vec<(&'static str, u64)>,
    told_ms: u64,
}

impl Refusals {
    /// The first summary is due at once.
    pub(crate) const EMPTY: Self = Self { counts: Vec::new(), told_ms: 0 };

    pub(crate) fn count(&mut self, code: &'static str) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == code) {
            *count = count.saturating_add(1);
        } else if self.counts.len() < CODES_MAX {
            self.counts.push((code, 1));
        }
    }

    /// The line for the log, if it is time for one and there is something to say.
    pub(crate) fn due(&mut self, now_ms: u64) -> Option<String> {
        let soon = now_ms < self.told_ms.saturating_add(SUMMARY_EVERY_MS);
        if soon || self.counts.is_empty() {
            return None;
        }
        self.told_ms = now_ms;
        let counts = std::mem::take(&mut self.counts);
        // Codes are small letters and underscores: nothing here needs an escape.
        let told =
            counts.iter().map(|(code, count)| ["\"", code, "\":", &count.to_string()].concat());
        let told: Vec<String> = told.collect();
        Some([r#"{"level":"info","event":"refusals","codes":{"#, &told.join(","), "}}"].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_summed_up_once_in_ten_seconds_and_then_forgotten() {
        let mut refusals = Refusals::EMPTY;
        refusals.count("key_invalid");
        refusals.count("key_invalid");
        refusals.count("wrong_check");
        let mut first = Refusals::EMPTY;
        first.count("key_invalid");
        assert!(first.due(1 << 40).is_some());
        assert_eq!(refusals.due(9_999), None);
        let line =
            r#"{"level":"info","event":"refusals","codes":{"key_invalid":2,"wrong_check":1}}"#;
        assert_eq!(refusals.due(10_005).as_deref(), Some(line));
        assert_eq!(refusals.due(30_000), None);
    }
}
