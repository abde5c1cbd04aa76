//! A few things by their numbers: a sorted list, since a tree for each kind of thing would be a tenth of the module.

/// Things by their numbers.
#[derive(Debug)]
pub(crate) struct Shelf<T>(Vec<(u64, T)>);

impl<T> Shelf<T> {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    /// Puts a thing under its number, in the place of what stood there.
    pub(crate) fn put(&mut self, number: u64, thing: T) {
        match self.place(number) {
            Ok(place) => {
                if let Some(held) = self.0.get_mut(place) {
                    held.1 = thing;
                }
            }
            Err(place) => self.0.insert(place, (number, thing)),
        }
    }

    /// Takes out what stands under a number.
    pub(crate) fn take(&mut self, number: u64) -> Option<T> {
        let place = self.place(number).ok()?;
        Some(self.0.remove(place).1)
    }

    /// What stands under a number.
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.place(number).ok().and_then(|place| self.0.get(place)).map(|(_, thing)| thing)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number).ok()?;
        self.0.get_mut(place).map(|(_, thing)| thing)
    }

    /// Keeps the things that `stays` is true of.
    pub(crate) fn keep(&mut self, mut stays: impl FnMut(u64, &T) -> bool) {
        self.0.retain(|(number, thing)| stays(*number, thing));
    }

    /// Every thing, in the order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, thing)| thing)
    }

    /// Whether something stands there.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.place(number).is_ok()
    }

    /// How many things there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    fn place(&self, number: u64) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| held.cmp(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_out_once_whatever_the_order() {
        let mut shelf = Shelf::EMPTY;
        for number in [7, 3, 9, 3] {
            shelf.put(number, number.wrapping_mul(2));
        }
        assert!(shelf.has(9) && !shelf.has(8) && shelf.len() == 3);
        assert_eq!(
            [shelf.take(3), shelf.take(3), shelf.take(9), shelf.take(7)],
            [Some(6), None, Some(18), Some(14)]
        );
    }
}
