//! The one buffer that both sides write to.

/// The most that the other side writes at once: the longest head of a request, and the longest answer of a store.
pub(crate) const INPUT_MAX: usize = 512 * 1024;

/// What is written to the other side, or was written by it.
#[derive(Debug, Default)]
pub struct Page(Vec<u8>);

impl Page {
    /// Makes room for `len` bytes of the other side's, and says where they go; none if that is more than
    /// [`INPUT_MAX`].
    pub fn room(&mut self, len: usize) -> Option<*mut u8> {
        if len > INPUT_MAX {
            return None;
        }
        self.0.clear();
        self.0.resize(len.max(self.0.capacity()), 0);
        Some(self.0.as_mut_ptr())
    }

    /// Takes out what the other side wrote: `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        let mut taken = std::mem::take(&mut self.0);
        taken.truncate(len);
        taken
    }

    /// Gives the room of what was taken back, so that it is used again.
    pub(crate) fn give(&mut self, room: Vec<u8>) {
        if self.0.capacity() < room.capacity() {
            let written = std::mem::replace(&mut self.0, room);
            self.0.clear();
            self.0.extend_from_slice(&written);
        }
    }

    /// What was written for the other side.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A field, on a line of its own. What would end the line is no value of a field, so such a field is left out.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
            return;
        }
        for part in [name, ":", value, "\n"] {
            self.push(part);
        }
    }
}
