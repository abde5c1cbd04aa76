//! How long a connection may keep us waiting.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// One wait at a time. The timer is moved only when it fires too early, so that most requests leave it alone.
#[derive(Debug, Default)]
pub(super) struct Pace {
    wait: Option<(For, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// The first byte of a head.
    Request,
    /// The rest of it.
    Head,
}

impl Pace {
    /// What was waited for has come.
    pub(super) const fn done(&mut self) {
        self.wait = None;
    }

    /// Ready when the wait `what`, which begins when it is first asked about, has lasted for `length`.
    pub(super) fn poll(&mut self, what: For, length: Duration, cx: &mut Context<'_>) -> Poll<()> {
        // The runtime's clock, so that tests can turn it; nothing is decided by what it says.
        let until = match self.wait {
            Some((same, until)) if same == what => until,
            _ => {
                let Some(until) = Instant::now().checked_add(length) else { return Poll::Pending };
                self.wait = Some((what, until));
                until
            }
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}
