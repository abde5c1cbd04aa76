//! What happens next.

use std::{cmp::Reverse, collections::BinaryHeap};

use tollgate_core::stamp::Stamp;

use crate::heads::relay::Asking;

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A request; about any secret, and with others to follow, if none is named.
    Request {
        gate: usize,
        secret: Option<usize>,
    },
    Wake {
        gate: usize,
    },
    AskRelay {
        life: u32,
        asking: Asking,
    },
    RelaySays {
        life: u32,
        asking: Asking,
        text: Vec<u8>,
    },
    AskLedger {
        asking: Asking,
    },
    LedgerSays {
        asking: Asking,
        text: Vec<u8>,
    },
    AskAuthority {
        life: u32,
        secret: usize,
        asking: Asking,
    },
    AuthoritySays {
        life: u32,
        secret: usize,
        asking: Asking,
        head: Vec<u8>,
        record: Vec<u8>,
    },
    Fetch {
        life: u32,
        gate: usize,
        secret: usize,
        id: u64,
    },
    Fetched {
        life: u32,
        gate: usize,
        secret: usize,
        id: u64,
        text: Option<Vec<u8>>,
    },
    Change,
    Commit,
    Publish,
    Put {
        secret: usize,
        id: u64,
        as_of: Stamp,
        text: Vec<u8>,
    },
    Written {
        secret: usize,
        id: u64,
        as_of: Stamp,
    },
    Note,
    Tidy,
    Fault,
    Weather,
    Start,
    Nothing,
}

impl Event {
    /// The gate that it happens to.
    pub(super) const fn gate(&self) -> Option<usize> {
        match self {
            Self::Request { gate, .. } | Self::Wake { gate } | Self::Fetched { gate, .. } => {
                Some(*gate)
            }
            Self::RelaySays { asking, .. } | Self::AuthoritySays { asking, .. } => {
                Some(asking.from)
            }
            Self::AskRelay { .. }
            | Self::AskLedger { .. }
            | Self::LedgerSays { .. }
            | Self::AskAuthority { .. }
            | Self::Fetch { .. }
            | Self::Change
            | Self::Commit
            | Self::Publish
            | Self::Put { .. }
            | Self::Written { .. }
            | Self::Note
            | Self::Tidy
            | Self::Fault
            | Self::Weather
            | Self::Start
            | Self::Nothing => None,
        }
    }
}

/// Events in the order of their times, and then in the order in which they were put in.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: Vec<Option<Event>>,
    vacant: Vec<usize>,
    count: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at_us: u64, event: Event) {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.events.push(None);
            self.events.len() - 1
        });
        self.events[place] = Some(event);
        self.count += 1;
        self.due.push(Reverse((at_us, self.count, place)));
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Event)> {
        let Reverse((at_us, _, place)) = self.due.pop()?;
        self.vacant.push(place);
        Some((at_us, self.events[place].take().expect("put in once")))
    }
}
