//! Waiting for many at once.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// One that is waited for, or what came of it.
enum Awaited<F: Future> {
    Still(Pin<Box<F>>),
    Done(Option<F::Output>),
}

/// Waits for all of them, side by side, and gives what came of each in their order.
pub(crate) async fn join_all<F: Future>(all: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F::Output: Unpin,
{
    let mut all: Vec<_> = all.into_iter().map(|one| Awaited::Still(Box::pin(one))).collect();
    poll_fn(|context| {
        let mut waits = false;
        for one in &mut all {
            let Awaited::Still(future) = one else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *one = Awaited::Done(Some(output)),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let output = |one| match one {
        Awaited::Still(_) => None,
        Awaited::Done(output) => output,
    };
    all.into_iter().filter_map(output).collect()
}
