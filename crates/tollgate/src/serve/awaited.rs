//! What origins answer: counted once for each request with a key that went on, whatever becomes of it.

use std::sync::Arc;

use hyper::StatusCode;
use tollgate_core::lookup::LookupId;
use tollgate_engine::{Answered, Demand};

use super::gate::Gate;
use crate::clock;

/// Whose request it is, and under which rule: what its answer is counted by.
pub(crate) type Of = (LookupId, Arc<Demand>);

/// An answer that an origin owes. If this is dropped before one has come, none did: the origin failed, or the client did
/// not wait.
pub(crate) struct Awaited<'g> {
    gate: &'g Gate,
    of: Option<Of>,
    begun_us: u64,
    status: Option<u16>,
}

impl<'g> Awaited<'g> {
    /// From now on. What passed without a key is nobody's, and not counted.
    pub(crate) fn begin(gate: &'g Gate, of: Option<Of>) -> Self {
        let begun_us = if of.is_some() { clock::micros() } else { 0 };
        Self { gate, of, begun_us, status: None }
    }

    /// Its head has come.
    pub(crate) fn came(mut self, status: StatusCode) {
        self.status = Some(status.as_u16());
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if let Some((lookup, demand)) = self.of.take() {
            let took_us = clock::micros().saturating_sub(self.begun_us);
            let answered = Answered { status: self.status, took_us };
            self.gate.answered(lookup, &demand, answered);
        }
    }
}
