//! The two buffers through which both sides talk.

use tollgate_store_cloudflare::frame::PART_MAX;

/// The most that the other side writes at once: the text of a head, or a question with a bucket's state.
pub(crate) const INPUT_MAX: usize = 2 * PART_MAX;

/// What was written by the other side, and what is written for it.
#[derive(Debug, Default)]
pub struct Page {
    input: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl Page {
    /// A page with nothing on it.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const EMPTY: Self = Self { input: vec![], output: vec![] };

    /// Makes room for `len` bytes of the other side's, and says where they go; none if that is more than can be
    /// taken. The place stays the same until more room is asked for.
    pub fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        if len > INPUT_MAX {
            return None;
        }
        if self.input.len() < len {
            self.input.resize(len, 0);
        }
        self.input.get_mut(..len)
    }

    /// What was written for the other side.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.output
    }

    /// Lends what the other side wrote, to be [given back](Self::give_back), and clears what was written for it.
    pub(crate) fn lend(&mut self) -> Vec<u8> {
        self.output.clear();
        std::mem::take(&mut self.input)
    }

    /// Takes back what was lent.
    pub(crate) fn give_back(&mut self, input: Vec<u8>) {
        self.input = input;
    }
}
