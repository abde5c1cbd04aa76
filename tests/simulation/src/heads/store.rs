//! A replicated store: whoever reads it may be served any version there ever was, for ever.

use std::collections::BTreeMap;

use tollgate_testkit::Random;

/// Every version ever written of every row, and which of them a reader is stuck with.
#[derive(Clone, Debug, Default)]
pub struct Store {
    rows: BTreeMap<usize, Vec<Vec<u8>>>,
    stuck: BTreeMap<(usize, usize), Option<usize>>,
    /// How often, in a thousand reads, an older version is served.
    pub stale: u64,
}

impl Store {
    /// Writes a version. Writes that overtake each other leave an older one as the newest.
    pub fn put(&mut self, secret: usize, text: Vec<u8>) {
        self.rows.entry(secret).or_default().push(text);
    }

    /// How many versions of a row there are.
    #[must_use]
    pub fn versions(&self, secret: usize) -> usize {
        self.rows.get(&secret).map_or(0, Vec::len)
    }

    /// From now on `gate` is served what it would be served now, or *not found* for ever.
    pub fn stick(&mut self, gate: usize, secret: usize, found: bool) {
        let newest = self.versions(secret).checked_sub(1).filter(|_| found);
        self.stuck.insert((gate, secret), newest);
    }

    /// What a read by `gate` finds.
    pub fn read(&self, gate: usize, secret: usize, random: &mut Random) -> Option<Vec<u8>> {
        let versions = self.rows.get(&secret)?;
        if let Some(version) = self.stuck.get(&(gate, secret)) {
            return version.and_then(|version| versions.get(version).cloned());
        }
        if random.happens(self.stale) {
            let any = random.below(u64::try_from(versions.len()).expect("few") + 1);
            return versions.get(usize::try_from(any).expect("few")).cloned();
        }
        versions.last().cloned()
    }
}
