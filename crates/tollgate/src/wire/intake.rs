//! What has come and has not yet been passed on.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// How much room there is at first, and how much is kept while nothing comes.
const ROOM: usize = 4_096;

/// A bounded buffer, filled at one end and emptied at the other.
#[derive(Debug)]
pub(super) struct Intake {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    max: usize,
}

impl Intake {
    /// Never holds more than `max` bytes.
    pub(super) const fn new(max: usize) -> Self {
        Self { bytes: vec![], start: 0, end: 0, max }
    }

    /// What it holds.
    pub(super) fn held(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) const fn is_full(&self) -> bool {
        self.end.saturating_sub(self.start) >= self.max
    }

    /// Moves up to `count` bytes to `out`, and says how many.
    pub(super) fn pass(&mut self, count: usize, out: &mut ReadBuf<'_>) -> usize {
        let count = count.min(out.remaining()).min(self.held().len());
        out.put_slice(self.held().get(..count).unwrap_or_default());
        self.start = self.start.saturating_add(count);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        count
    }

    /// Gives back what a long head has taken, while nothing is held.
    pub(super) fn rest(&mut self) {
        if self.is_empty() && self.bytes.len() > ROOM {
            self.bytes = vec![];
        }
    }

    /// Reads once, and says how many bytes came: 0 at the end of the stream. Not asked while full.
    pub(super) fn fill<IO: AsyncRead + Unpin>(
        &mut self,
        io: &mut IO,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut room = ReadBuf::new(self.bytes.get_mut(self.end..).unwrap_or_default());
        ready!(Pin::new(io).poll_read(cx, &mut room))?;
        let count = room.filled().len();
        self.end = self.end.saturating_add(count);
        Poll::Ready(Ok(count))
    }

    fn make_room(&mut self) {
        if self.end < self.bytes.len() {
            return;
        }
        let moved = self.end.saturating_sub(self.start);
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, moved);
        }
        // Doubled, so that what is moved stays in proportion to what comes.
        if moved.saturating_mul(2) >= self.bytes.len() {
            let room = self.bytes.len().saturating_mul(2).max(ROOM).min(self.max);
            self.bytes.resize(room.max(self.bytes.len()), 0);
        }
    }
}
