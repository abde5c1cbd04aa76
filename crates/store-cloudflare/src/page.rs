//! The two buffers through which a module and the JavaScript around it talk.

use crate::frame::PART_MAX;

/// The most that the other side writes at once: the text of a head, or a question with a bucket's state.
pub const INPUT_MAX: usize = 2 * PART_MAX;

/// What was written by the other side, and what is written for it.
#[derive(Debug)]
pub struct Page {
    input: Vec<u8>,
    /// What is written for the other side.
    pub output: Vec<u8>,
}

impl Page {
    /// A page with nothing on it.
    pub const EMPTY: Self = Self { input: vec![], output: vec![] };

    /// Makes room for `len` bytes of the other side's, and says where they go; nowhere if that is more than can be
    /// taken. The place stays the same until more room is asked for.
    pub fn room(&mut self, len: usize) -> *mut u8 {
        if len > INPUT_MAX {
            return std::ptr::null_mut();
        }
        if self.input.len() < len {
            self.input.resize(len, 0);
        }
        self.input.as_mut_ptr()
    }

    /// Lends what the other side wrote, to be [given back](Self::give_back).
    pub fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
    }

    /// Takes back what was lent.
    pub fn give_back(&mut self, input: Vec<u8>) {
        self.input = input;
    }

    /// Writes `text` behind the rest.
    pub fn push(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_as_much_as_is_taken_and_no_more() {
        let mut page = Page::EMPTY;
        for (len, is_taken) in [(0, true), (INPUT_MAX, true), (1, true), (INPUT_MAX + 1, false)] {
            assert_eq!(!page.room(len).is_null(), is_taken, "{len}");
        }
        let input = page.lend();
        assert_eq!(input.len(), INPUT_MAX);
        page.give_back(input);
        assert_eq!(page.lend().len(), INPUT_MAX, "it is there again");
    }
}
