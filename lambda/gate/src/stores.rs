//! The seam to the stores.

use std::future::Future;

use tollgate_engine::{Errand, Reply, StoreError};

/// What answers the engine's errands.
///
/// # If an implementation is wrong
///
/// * It never answers: the errand's deadline passes, and who waited is told *unavailable*.
/// * It answers with what is not sealed by us: refused where it is opened, before it comes here.
/// * It repeats a lease after it has answered: the exchange is numbered, so nothing is given twice.
pub trait Stores: Send + Sync + 'static {
    /// Answers `errand`. `errand.deadline_ms` is counted from this call.
    fn answer(
        &self,
        errand: Errand,
    ) -> impl Future<Output = Result<Reply, StoreError>> + Send + 'static;

    /// Drops what is open to the store: the process was frozen, and nobody knows what became of its connections.
    fn reconnect(&self);
}
