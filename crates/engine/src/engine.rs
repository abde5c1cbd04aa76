//! The engine itself.

use tollgate_core::{
    head::MaxStaleness,
    lease::{self, HolderId},
    time::Reading,
};

use crate::{Arrival, Decision, Errand, ErrandId, Inquiry, Pass, Reply, Signed, StoreError};

/// What a host sets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For how long requests are decided from what was known when the authority cannot be reached.
    pub max_staleness: MaxStaleness,
    /// How long a record or a head is waited for: 50 embedded, 1,000 over a network.
    pub store_deadline_ms: u32,
    /// What the host can do after it has answered.
    pub host: lease::Host,
    /// Whether there is a replica to be asked for records before the authority is.
    pub replica: bool,
    /// The most bytes of cached records.
    pub records_bytes_max: usize,
    /// The most remembered absences: a segment of their own, so that they push out nothing good.
    pub absences_max: usize,
    /// The most purses.
    pub purses_max: usize,
    /// The most requests that wait at one time; beyond it they are answered *unavailable*.
    pub parked_max: usize,
    /// The most records that are asked for at one time.
    pub fetches_max: usize,
}
