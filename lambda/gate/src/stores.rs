//! The seam to the stores.

use std::{future::Future, sync::Arc};

use tollgate_engine::{Errand, ErrandId, Reply, StoreError};
use tollgate_gate::Policy;

/// What became of errands.
pub type Replies = Vec<(ErrandId, Result<Reply, StoreError>)>;

/// What answers the engine's errands.
///
/// # If an implementation is wrong
///
/// * It never answers: the errand's deadline passes, and who waited is told *unavailable*.
/// * It answers with what is not sealed by us: refused where it is opened, before it comes here.
/// * It repeats a lease after it has answered: the exchange is numbered, so nothing is given twice.
pub trait Stores: Send + Sync + 'static {
    /// Answers `errands`, whose deadlines count from this call, and each of which gets at most one reply. What is sealed is
    /// opened with the peppers of `policy`.
    fn answer(
        &self,
        errands: Vec<Errand>,
        policy: Arc<Policy>,
    ) -> impl Future<Output = Replies> + Send + 'static;

    /// Drops what is open to the store: the process was frozen, and nobody knows what became of its connections.
    fn reconnect(&self);
}
