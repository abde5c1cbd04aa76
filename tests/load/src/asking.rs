//! What a target is asked: always the same, or with another key each time.

use std::{
    cell::Cell,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
};

use anyhow::{Context, bail, ensure};

/// Where the key stands in a request.
const PLACE: &[u8] = b"{key}";

/// The requests of one target.
#[derive(Debug)]
pub(crate) struct Asking {
    before: Vec<u8>,
    after: Vec<u8>,
    keys: Vec<Vec<u8>>,
    order: Order,
    asked: Cell<u64>,
}

/// Which key comes next.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// One after the other, over and over.
    Each,
    /// The key of rank `k` as often as `1 / k` says, drawn anew each time.
    Zipf,
}

impl Asking {
    /// The bytes in `file`, which are asked as they are.
    pub(crate) fn same(file: &str) -> anyhow::Result<Self> {
        let before = fs::read(file).with_context(|| file.to_owned())?;
        let (after, keys) = (vec![], vec![vec![]]);
        Ok(Self { before, after, keys, order: Order::Each, asked: somewhere() })
    }

    /// The same, with one of the lines in `keys` in the place of `{key}`, in the order that has this name.
    pub(crate) fn keyed(file: &str, keys: &str, order: &str) -> anyhow::Result<Self> {
        let request = fs::read(file).with_context(|| file.to_owned())?;
        let at = request.windows(PLACE.len()).position(|bytes| bytes == PLACE);
        let at = at.with_context(|| format!("{file} has no {{key}}"))?;
        let (before, rest) = request.split_at(at);
        let lines = fs::read(keys).with_context(|| keys.to_owned())?;
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let keys: Vec<Vec<u8>> = lines.map(Vec::from).collect();
        ensure!(!keys.is_empty(), "there are no keys");
        let order = match order {
            "each" => Order::Each,
            "zipf" => Order::Zipf,
            other => bail!("no order `{other}`: each or zipf"),
        };
        let after = rest.get(PLACE.len()..).unwrap_or_default().to_vec();
        Ok(Self { before: before.to_vec(), after, keys, order, asked: somewhere() })
    }

    /// How many requests there are before one comes again.
    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Writes the next request.
    pub(crate) fn next(&self, to: &mut Vec<u8>) {
        let number = self.asked.replace(self.asked.get().wrapping_add(1));
        let count = u64::try_from(self.keys.len()).unwrap_or(u64::MAX);
        let place = match self.order {
            Order::Each => number.checked_rem(count).unwrap_or(0),
            Order::Zipf => rank(number, count),
        };
        let key = usize::try_from(place).ok().and_then(|place| self.keys.get(place));
        to.clear();
        for part in [&self.before, key.unwrap_or(&vec![]), &self.after] {
            to.extend_from_slice(part);
        }
    }
}

/// Where to begin: a load that began where the last one did would find what that one has warmed.
fn somewhere() -> Cell<u64> {
    Cell::new(RandomState::new().build_hasher().finish())
}

/// A rank below `count`, by Zipf's law with an exponent of one.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::arithmetic_side_effects,
    reason = "a drawn number, of which a few bits more or less do not matter"
)]
fn rank(number: u64, count: u64) -> u64 {
    let draw = (mixed(number) >> 11) as f64 / (1_u64 << 53) as f64;
    // The first k ranks together are asked for ln(k + 1) of ln(count + 1) times.
    let rank = ((count + 1) as f64).powf(draw) as u64;
    rank.saturating_sub(1).min(count - 1)
}

/// Sixty-four bits that look drawn: the mixing of SplitMix.
const fn mixed(number: u64) -> u64 {
    let step = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_drawn_as_often_as_zipf_says() {
        const COUNT: u64 = 1_000_000;
        const DRAWS: u64 = 200_000;
        let mut below = [0_u64; 3];
        for number in 0..DRAWS {
            let rank = rank(number, COUNT);
            assert!(rank < COUNT);
            for (end, count) in [1, 1_000, 100_000].into_iter().zip(&mut below) {
                *count = count.saturating_add(u64::from(rank < end));
            }
        }
        // ln 2, ln 1,001 and ln 100,001 of ln 1,000,001: 5.0, 50.0 and 83.3 %.
        for (share, percent) in below.into_iter().zip([5, 50, 83]) {
            let found = share.saturating_mul(100) / DRAWS;
            assert!(found.abs_diff(percent) <= 1, "{found} instead of {percent} %");
        }
    }
}
