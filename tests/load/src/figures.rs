//! What all turns of a target come to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::turn::Turn;

/// The figures of one target.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    rates: Vec<f64>,
    micros: Vec<u32>,
    statuses: BTreeMap<u16, u64>,
    failed: u64,
}

impl Figures {
    /// Adds what one turn has seen.
    #[expect(clippy::as_conversions, reason = "fewer answers than a double counts exactly")]
    pub(crate) fn add(&mut self, turn: Turn) {
        self.rates.push(turn.answers.len() as f64 / turn.seconds.max(f64::MIN_POSITIVE));
        self.failed = self.failed.saturating_add(turn.failed);
        for (status, micros) in turn.answers {
            let count = self.statuses.entry(status).or_default();
            *count = count.saturating_add(1);
            self.micros.push(micros);
        }
    }

    /// As JSON: the median rate of the turns, and latencies in microseconds.
    pub(crate) fn told(&mut self) -> Value {
        self.rates.sort_by(f64::total_cmp);
        self.micros.sort_unstable();
        let statuses: BTreeMap<String, u64> =
            self.statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        json!({
            "per_second": self.rates.get(self.rates.len() / 2).copied().unwrap_or(0.0).round(),
            "p50_us": self.at(500),
            "p99_us": self.at(990),
            "p999_us": self.at(999),
            "max_us": self.micros.last(),
            "answers": self.micros.len(),
            "statuses": statuses,
            "failed": self.failed,
        })
    }

    /// The latency that so many of a thousand answers did not exceed.
    fn at(&self, per_mille: usize) -> Option<u32> {
        self.micros.get(self.micros.len().saturating_mul(per_mille) / 1_000).copied()
    }
}
