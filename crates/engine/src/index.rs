//! Where something is kept: from a hash to places in a list, with nothing else stored.

/// What finds a place again. Eight bytes a cell, so that an index costs little beside what it finds.
///
/// What stands at a place is the caller's to know: it says whether a place with the right hash is the one.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// As many as a power of two, or none.
    cells: Vec<Cell>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    hash: u32,
    place: u32,
}

const VACANT: Cell = Cell { hash: 0, place: u32::MAX };

/// The fewest cells.
const CELLS_MIN: usize = 16;

impl Index {
    /// Nothing, without an allocation.
    pub(crate) const EMPTY: Self = Self { cells: Vec::new(), len: 0 };

    /// The place of a thing of this hash for which `is` says yes.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let cell = self.at(self.search(hash, is)?)?;
        Some(cell.place)
    }

    /// Notes that a thing of this hash is at `place`. It is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, place: u32) {
        if self.len.saturating_mul(5) >= self.cells.len().saturating_mul(4) {
            self.grow();
        }
        self.put(Cell { hash, place });
        self.len = self.len.saturating_add(1);
    }

    /// Forgets that a thing of this hash is at `place`.
    pub(crate) fn remove(&mut self, hash: u32, place: u32) {
        let Some(mut hole) = self.search(hash, |other| other == place) else { return };
        self.len = self.len.saturating_sub(1);
        // What follows without a gap moves up if it may, so that no search ends too early.
        let mut next = self.after(hole);
        while let Some(cell) = self.at(next).filter(|cell| cell.place != VACANT.place) {
            let home = self.home(cell.hash);
            if self.distance(home, next) >= self.distance(hole, next) {
                self.set(hole, cell);
                hole = next;
            }
            next = self.after(next);
        }
        self.set(hole, VACANT);
    }

    /// Forgets everything, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.cells.fill(VACANT);
        self.len = 0;
    }

    fn search(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        loop {
            // There is always a vacant cell: a full fifth of them.
            let cell = self.at(at).filter(|cell| cell.place != VACANT.place)?;
            if cell.hash == hash && is(cell.place) {
                return Some(at);
            }
            at = self.after(at);
        }
    }

    fn put(&mut self, cell: Cell) {
        let mut at = self.home(cell.hash);
        while self.at(at).is_some_and(|cell| cell.place != VACANT.place) {
            at = self.after(at);
        }
        self.set(at, cell);
    }

    fn grow(&mut self) {
        let cells = self.cells.len().saturating_mul(2).max(CELLS_MIN);
        let old = core::mem::replace(&mut self.cells, vec![VACANT; cells]);
        for cell in old.into_iter().filter(|cell| cell.place != VACANT.place) {
            self.put(cell);
        }
    }

    const fn mask(&self) -> usize {
        self.cells.len().saturating_sub(1)
    }

    fn home(&self, hash: u32) -> usize {
        usize::try_from(hash).unwrap_or(0) & self.mask()
    }

    const fn after(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn at(&self, at: usize) -> Option<Cell> {
        self.cells.get(at).copied()
    }

    fn set(&mut self, at: usize, to: Cell) {
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tollgate_testkit::Random;

    use super::Index;

    #[test]
    fn whatever_comes_and_goes_is_found_where_it_is_and_nowhere_else() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            // Few hashes, so that most things meet.
            let hashes = random.one_of(&[1, 7, 1_000_000]);
            for step in 0..2_000_u32 {
                let hash =
                    u32::try_from(random.below(hashes)).unwrap_or(0).wrapping_mul(0x3fff_ffff);
                if random.happens(600) {
                    index.insert(hash, step);
                    model.insert(step, hash);
                } else if let Some((place, hash)) = model.pop_first() {
                    index.remove(hash, place);
                    assert_eq!(index.find(hash, |other| other == place), None);
                }
                assert_eq!(index.find(hash, |place| place == u32::MAX), None);
            }
            for (&place, &hash) in &model {
                assert_eq!(index.find(hash, |other| other == place), Some(place), "seed {seed}");
            }
            index.clear();
            assert_eq!(index.find(0, |_| true), None);
        }
    }
}
