//! Refusals of what was not proved, summed up for the log: codes and numbers, nothing that anybody sent.

/// How often they are summed up, in milliseconds.
const SUMMARY_EVERY_MS: u64 = 10_000;

/// The most codes; there are not so many.
const CODES_MAX: usize = 32;

/// How often each code was given since the last summary.
#[derive(Debug)]
pub(crate) struct Refusals {
    counts: Vec<(&'static str, u64)>,
    since_ms: u64,
}

impl Refusals {
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { counts: Vec::new(), since_ms: now_ms }
    }

    pub(crate) fn count(&mut self, code: &'static str) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == code) {
            *count = count.saturating_add(1);
        } else if self.counts.len() < CODES_MAX {
            self.counts.push((code, 1));
        }
    }

    /// The line for the log, if it is time for one and there is something to say.
    pub(crate) fn due(&mut self, now_ms: u64) -> Option<String> {
        if now_ms < self.since_ms.saturating_add(SUMMARY_EVERY_MS) {
            return None;
        }
        self.since_ms = now_ms;
        let counts = std::mem::take(&mut self.counts);
        // Codes are small letters and underscores: nothing here needs an escape.
        let told =
            counts.iter().map(|(code, count)| ["\"", code, "\":", &count.to_string()].concat());
        let told: Vec<String> = told.collect();
        let line =
            [r#"{"level":"info","event":"refusals","codes":{"#, &told.join(","), "}}"].concat();
        (!told.is_empty()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_summed_up_once_in_ten_seconds_and_then_forgotten() {
        let mut refusals = Refusals::new(5);
        refusals.count("key_invalid");
        refusals.count("key_invalid");
        refusals.count("wrong_check");
        assert_eq!(refusals.due(10_004), None);
        let line =
            r#"{"level":"info","event":"refusals","codes":{"key_invalid":2,"wrong_check":1}}"#;
        assert_eq!(refusals.due(10_005).as_deref(), Some(line));
        assert_eq!(refusals.due(30_000), None);
    }
}
