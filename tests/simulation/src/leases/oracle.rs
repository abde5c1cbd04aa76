//! The truth: one exact bucket, fed with every admission in true order.

use tollgate_core::{
    limit::{Numbers, Refill},
    time::UnixMillis,
};

/// One exact bucket, written without any of the code that it judges.
///
/// If it never refuses an admission, then in every window [a, b] there were at most burst + rate ×
/// (b − a) of them: that is what a bucket is.
#[derive(Clone, Debug)]
pub struct Oracle {
    numbers: Numbers,
    /// Tokens that more than the numbers allow may be admitted, where clocks are off.
    allowance: u128,
    credit: u128,
    at_ms: u64,
}

impl Oracle {
    /// A full bucket.
    #[must_use]
    pub fn new(numbers: Numbers, at_ms: u64) -> Self {
        let mut oracle = Self { numbers, allowance: 0, credit: 0, at_ms };
        oracle.credit = oracle.full();
        oracle
    }

    /// The same, with room for `tokens` more.
    #[must_use]
    pub fn with_allowance(mut self, tokens: u64) -> Self {
        self.allowance = u128::from(tokens);
        self.credit = self.full();
        self
    }

    /// The same from now on with another quota's count, if that is larger: what is spent stays spent.
    pub fn raise(&mut self, numbers: Numbers) {
        let before = self.full();
        if numbers.burst() > self.numbers.burst() {
            self.numbers = numbers;
            self.credit += self.full() - before;
        }
    }

    fn full(&self) -> u128 {
        (u128::from(self.numbers.burst()) + self.allowance) * u128::from(self.numbers.unit())
    }

    /// Whether the bucket admits `cost` at `at_ms`; if so, it is spent.
    pub fn admits(&mut self, cost: u32, at_ms: u64) -> bool {
        assert!(at_ms >= self.at_ms, "the oracle is told in true order");
        match self.numbers.refill() {
            Refill::Steady { rate, .. } => {
                let gained = u128::from(at_ms - self.at_ms) * u128::from(rate);
                self.credit = (self.credit + gained).min(self.full());
            }
            Refill::Each(period) => {
                if period.index(UnixMillis(at_ms)) != period.index(UnixMillis(self.at_ms)) {
                    self.credit = self.full();
                }
            }
        }
        self.at_ms = at_ms;
        let price = u128::from(cost) * u128::from(self.numbers.unit());
        let admitted = price <= self.credit;
        if admitted {
            self.credit -= price;
        }
        admitted
    }
}
