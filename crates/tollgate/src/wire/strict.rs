//! The stream that the server reads: nothing malformed comes out of it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Limits, Witness,
    framing::{Framing, Step},
    intake::Intake,
    pace::{For, Pace},
    refusal::{self, Ending},
    turn::Turn,
    violation::Violation,
};

/// A stream of requests out of which only whole, well-formed heads come, each when the answers before it have left.
pub(crate) struct StrictHead<IO> {
    io: IO,
    limits: Limits,
    framing: Framing,
    intake: Intake,
    /// How much of what is held may pass.
    cleared: usize,
    turn: Arc<Turn>,
    witness: Arc<dyn Witness>,
    pace: Pace,
    /// Who waits for the answer to leave.
    reader: Option<Waker>,
    /// The peer has said all it will.
    ended: bool,
    /// What was wrong with the body under way.
    broken: Option<Violation>,
    ending: Option<Ending>,
}

impl<IO> StrictHead<IO> {
    pub(super) fn new(io: IO, limits: Limits, turn: Arc<Turn>, witness: Arc<dyn Witness>) -> Self {
        Self {
            io,
            limits,
            framing: Framing::new(limits),
            intake: Intake::new(limits.head_bytes_max.max(INTAKE_BYTES_MIN)),
            cleared: 0,
            turn,
            witness,
            pace: Pace::default(),
            reader: None,
            ended: false,
            broken: None,
            ending: None,
        }
    }
}

/// Room for the longest line of a body, however short heads must be.
const INTAKE_BYTES_MIN: usize = 16_384;

impl<IO: AsyncRead + AsyncWrite + Unpin> StrictHead<IO> {
    fn poll_pass(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if let Some(ending) = &mut self.ending {
                ready!(ending.poll(&mut self.io, cx));
                return Poll::Ready(Ok(()));
            }
            if let Some(violation) = self.broken {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
            }
            if self.cleared > 0 {
                let passed = self.intake.pass(self.cleared, out);
                self.cleared = self.cleared.saturating_sub(passed);
                return Poll::Ready(Ok(()));
            }
            if self.framing.at_head() && !self.turn.is_idle() {
                if self.turn.has_switched() {
                    return self.poll_unseen(cx, usize::MAX, out).map_ok(|_| ());
                }
                if !ready!(self.poll_hold(cx))? {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            if let Some(left) = self.framing.unseen_left() {
                let count =
                    ready!(self.poll_unseen(cx, usize::try_from(left).unwrap_or(usize::MAX), out))?;
                self.framing.unseen_passed(u64::try_from(count).unwrap_or(u64::MAX));
                return Poll::Ready(Ok(()));
            }
            match self.framing.step(self.intake.held()) {
                Ok(Step::Pass(count)) => self.cleared = count,
                Ok(Step::Head { bytes, upgrade }) => {
                    self.turn.ask(upgrade);
                    self.pace.done();
                    self.cleared = bytes;
                }
                Ok(Step::More) if self.ended => return Poll::Ready(Ok(())),
                Ok(Step::More) => ready!(self.poll_more(cx))?,
                Err(violation) => self.refuse(violation),
            }
        }
    }

    /// Passes what need not be looked at.
    fn poll_unseen(
        &mut self,
        cx: &mut Context<'_>,
        max: usize,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if !self.intake.is_empty() {
            return Poll::Ready(Ok(self.intake.pass(max, out)));
        }
        if self.ended {
            return Poll::Ready(Ok(0));
        }
        let io = Pin::new(&mut self.io);
        let count = if max >= out.remaining() {
            let before = out.filled().len();
            ready!(io.poll_read(cx, out))?;
            out.filled().len().saturating_sub(before)
        } else {
            let mut room = ReadBuf::new(out.initialize_unfilled_to(max));
            ready!(io.poll_read(cx, &mut room))?;
            let count = room.filled().len();
            out.advance(count);
            count
        };
        self.ended = count == 0;
        Poll::Ready(Ok(count))
    }

    /// While an answer is under way: keeps what comes, bounded, and says whether the peer is still there.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ended && self.intake.is_empty() {
            return Poll::Ready(Ok(false));
        }
        self.reader = Some(cx.waker().clone());
        if self.ended || self.intake.is_full() {
            return Poll::Pending;
        }
        self.ended = ready!(self.intake.fill(&mut self.io, cx))? == 0;
        Poll::Ready(Ok(true))
    }

    /// Waits for more of a head, or of what stands between chunks.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = self.intake.fill(&mut self.io, cx) {
            self.ended = read? == 0;
            return Poll::Ready(Ok(()));
        }
        if self.framing.at_head() {
            return self.poll_pace(cx).map(Ok);
        }
        Poll::Pending
    }

    /// Ready when the peer has kept us waiting for too long; what follows from that is noted.
    fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.intake.is_empty() {
            self.intake.rest();
            ready!(self.pace.poll(For::Request, self.limits.idle, cx));
            self.ended = true;
        } else {
            ready!(self.pace.poll(For::Head, self.limits.head, cx));
            self.refuse(Violation::TooSlow);
        }
        Poll::Ready(())
    }

    fn refuse(&mut self, violation: Violation) {
        if self.framing.at_head() {
            let answer = violation.answer(&self.witness.refused(violation));
            self.ending = Some(Ending::saying(refusal::written(&answer)));
        } else {
            self.turn.break_off(violation);
            self.broken = Some(violation);
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for StrictHead<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_pass(cx, out)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for StrictHead<IO> {
    crate::wire::writes_pass!();

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        // INVARIANT: the server flushes once more after it was handed the end of an answer, and everything it was
        // handed has been written when a flush is done.
        if self.turn.leave() && self.framing.at_head() {
            let held = !self.intake.is_empty() || self.ended;
            // Nobody else would look at the time before the peer says something.
            if (held || self.poll_pace(cx).is_ready())
                && let Some(reader) = self.reader.take()
            {
                reader.wake();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let unread = !this.framing.at_head() || !this.intake.is_empty();
        let lingers = unread && !this.ended && !this.turn.has_switched();
        let ending = this.ending.get_or_insert_with(|| Ending::quietly(lingers));
        ready!(ending.poll(&mut this.io, cx));
        Poll::Ready(Ok(()))
    }
}
