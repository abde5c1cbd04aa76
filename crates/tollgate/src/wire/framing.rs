//! Where one request ends and the next begins, and whether both sides of us would say the same.

use super::{
    Limits,
    chunks::Chunks,
    head::{Body, Head},
    violation::Violation,
};

/// How far the requests of one connection have come. Pure: bytes in, verdict out.
#[derive(Debug)]
pub(super) struct Framing {
    limits: Limits,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Head(Head),
    Sized(u64),
    Chunked(Chunks),
}

/// What may become of the bytes that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing before more come.
    More,
    /// So many of them are of the body under way: they may pass.
    Pass(usize),
    /// So many of them are a whole head: it may pass when its turn has come.
    Head { bytes: usize, upgrade: bool },
}

impl Framing {
    /// Before the first request.
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, place: Place::Head(Head::default()) }
    }

    /// Whether a head is next, or under way.
    pub(super) const fn at_head(&self) -> bool {
        matches!(self.place, Place::Head(_))
    }

    /// How many bytes may pass without being looked at: what is left of a body, or of a chunk.
    pub(super) const fn unseen_left(&self) -> Option<u64> {
        match &self.place {
            Place::Head(_) => None,
            Place::Sized(left) => Some(*left),
            Place::Chunked(chunks) => chunks.data_left(),
        }
    }

    /// So many of them have passed.
    pub(super) fn unseen_passed(&mut self, count: u64) {
        match &mut self.place {
            Place::Head(_) => {}
            Place::Sized(left) => {
                *left = left.saturating_sub(count);
                if *left == 0 {
                    self.next();
                }
            }
            Place::Chunked(chunks) => chunks.data_passed(count),
        }
    }

    /// Judges `bytes`: everything that has come and has not yet passed.
    ///
    /// # Errors
    ///
    /// The first violation, once its line is whole. Nothing may pass after it.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step, Violation> {
        if let Some(left) = self.unseen_left() {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            self.unseen_passed(u64::try_from(count).unwrap_or(u64::MAX));
            return Ok(if count == 0 { Step::More } else { Step::Pass(count) });
        }
        match &mut self.place {
            Place::Head(head) => {
                let Some(announced) = head.step(bytes, &self.limits)? else {
                    return Ok(Step::More);
                };
                self.place = match announced.body {
                    Body::Sized(0) => Place::Head(Head::default()),
                    Body::Sized(length) => Place::Sized(length),
                    Body::Chunked => Place::Chunked(Chunks::new()),
                };
                Ok(Step::Head { bytes: announced.bytes, upgrade: announced.upgrade })
            }
            Place::Chunked(chunks) => {
                let count = chunks.step(bytes, &self.limits)?;
                if chunks.has_ended() {
                    self.next();
                }
                Ok(if count == 0 { Step::More } else { Step::Pass(count) })
            }
            Place::Sized(_) => Ok(Step::More),
        }
    }

    fn next(&mut self) {
        self.place = Place::Head(Head::default());
    }
}
