//! One turn of one target.

#![expect(clippy::disallowed_methods, reason = "what is measured here is time")]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::{JoinSet, LocalSet};

use crate::{Shape, Target, connection::Connection};

/// How many connections the open loop may have open at once: beyond it, requests are late.
const OPEN_CONNECTIONS_MAX: u64 = 256;

/// What one turn has seen.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// How long it took.
    pub(crate) seconds: f64,
    /// Each answer: its status, and how many microseconds after it was due (or sent) it came.
    pub(crate) answers: Vec<(u16, u32)>,
    /// Requests that got no answer.
    pub(crate) failed: u64,
}

/// Loads `target` for so many seconds.
pub(crate) async fn take(target: &Rc<Target>, shape: Shape, seconds: u64) -> anyhow::Result<Turn> {
    let seen = Rc::new(RefCell::new(Turn::default()));
    let start = Instant::now();
    let end = start.checked_add(Duration::from_secs(seconds)).unwrap_or(start);
    let local = LocalSet::new();
    let work = async {
        let mut tasks = JoinSet::new();
        let due = Rc::new(Cell::new(0_u64));
        let connections = match shape {
            Shape::Closed { connections } | Shape::Once { connections } => {
                u64::try_from(connections).unwrap_or(1)
            }
            Shape::Open { rate } => u64::from(rate).min(OPEN_CONNECTIONS_MAX),
        };
        let most = match shape {
            Shape::Closed { .. } | Shape::Open { .. } => u64::MAX,
            Shape::Once { .. } => u64::try_from(target.asking.len()).unwrap_or(u64::MAX),
        };
        for _ in 0..connections {
            let (seen, due, target) = (seen.clone(), due.clone(), Rc::clone(target));
            let (mut connection, mut request) = (Connection::new(target.address), Vec::new());
            tasks.spawn_local(async move {
                while let Some(from) = next(shape, start, end, &due).await {
                    if due.get() > most {
                        break;
                    }
                    target.asking.next(&mut request);
                    let answer = connection.ask(&request).await;
                    let micros = u32::try_from(from.elapsed().as_micros()).unwrap_or(u32::MAX);
                    let mut seen = seen.borrow_mut();
                    match answer {
                        Ok(status) => seen.answers.push((status, micros)),
                        Err(_) => seen.failed = seen.failed.saturating_add(1),
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    };
    local.run_until(work).await;
    let mut turn = seen.take();
    turn.seconds = start.elapsed().as_secs_f64();
    Ok(turn)
}

/// When the next request of this connection counts from; none when the turn is over.
async fn next(shape: Shape, start: Instant, end: Instant, due: &Cell<u64>) -> Option<Instant> {
    let from = match shape {
        Shape::Closed { .. } => Instant::now(),
        Shape::Once { .. } => {
            due.set(due.get().saturating_add(1));
            Instant::now()
        }
        Shape::Open { rate } => {
            let number = due.get();
            due.set(number.saturating_add(1));
            let nanos = number.saturating_mul(1_000_000_000).checked_div(u64::from(rate))?;
            start.checked_add(Duration::from_nanos(nanos))?
        }
    };
    if from >= end {
        return None;
    }
    if from <= Instant::now() {
        return Some(from);
    }
    // A timer that rings late is not the server's: it counts from when the request could really be sent.
    tokio::time::sleep_until(from.into()).await;
    Some(Instant::now())
}
