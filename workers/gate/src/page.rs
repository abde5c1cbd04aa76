//! The two buffers through which both sides talk.

/// The most that the other side writes at once: the longest head of a request, and the longest answer of a store.
pub(crate) const INPUT_MAX: usize = 512 * 1024;

/// What was written by the other side, and what is written for it.
#[derive(Debug, Default)]
pub struct Page {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Page {
    /// Makes room for `len` bytes of the other side's, and says where they go; none if that is more than can be
    /// taken. The place stays the same until more room is asked for.
    pub fn room(&mut self, len: usize) -> Option<*mut u8> {
        if len > INPUT_MAX {
            return None;
        }
        if self.input.len() < len {
            self.input.resize(len, 0);
        }
        Some(self.input.as_mut_ptr())
    }

    /// Lends what the other side wrote: `len` bytes of it.
    pub(crate) fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
    }

    /// Takes back what was lent.
    pub(crate) fn give_back(&mut self, input: Vec<u8>) {
        self.input = input;
    }

    /// What was written for the other side.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.output
    }

    pub(crate) fn clear(&mut self) {
        self.output.clear();
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    /// A field, on a line of its own. What would end the line is no value of a field, so such a field is left out.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
            return;
        }
        self.plain(name, value);
    }

    /// A field whose value was made here, of characters that end no line.
    pub(crate) fn plain(&mut self, name: &str, value: &str) {
        for part in [name, ":", value, "\n"] {
            self.push(part);
        }
    }
}
