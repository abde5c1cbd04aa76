//! The application: every operation in one table, behind one verifier.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use tollgate_origin::Verifier;

use crate::{
    input::BODY_MAX,
    metrics, opportunities,
    problem::Problem,
    stages,
    store::Store,
    workspace::{
        ReadMetrics, ReadOpportunities, ReadStages, Scope, WriteOpportunities, WriteStages,
    },
};

/// Something that can be asked, as `openapi.json` says it too.
#[derive(Debug)]
pub struct Operation {
    /// How.
    pub method: &'static str,
    /// Of what.
    pub path: &'static str,
    /// What the caller's key must have for it.
    pub scope: &'static str,
    handler: fn() -> MethodRouter<Crm>,
}

/// Every operation. What is not here is answered with 404 or 405, to those who have an identity.
pub const OPERATIONS: &[Operation] = &[
    row::<ReadOpportunities>("GET", "/opportunities", || get(opportunities::list)),
    row::<WriteOpportunities>("POST", "/opportunities", || post(opportunities::create)),
    row::<ReadOpportunities>("GET", "/opportunities/{id}", || get(opportunities::show)),
    row::<WriteOpportunities>("PATCH", "/opportunities/{id}", || patch(opportunities::update)),
    row::<WriteOpportunities>("POST", "/opportunities/{id}/archive", || {
        post(opportunities::archive)
    }),
    row::<ReadStages>("GET", "/stages", || get(stages::list)),
    row::<WriteStages>("POST", "/stages", || post(stages::create)),
    row::<WriteStages>("PUT", "/stages/order", || put(stages::order)),
    row::<WriteStages>("DELETE", "/stages/{id}", || delete(stages::remove)),
    row::<ReadMetrics>("GET", "/metrics/overview", || get(metrics::overview)),
    row::<ReadMetrics>("GET", "/metrics/conversion", || get(metrics::conversion)),
    row::<ReadMetrics>("GET", "/metrics/performance", || get(metrics::performance)),
];

const fn row<S: Scope>(
    method: &'static str,
    path: &'static str,
    handler: fn() -> MethodRouter<Crm>,
) -> Operation {
    Operation { method, path, scope: S::NAME, handler }
}

/// What handlers share.
#[derive(Clone)]
pub struct Crm {
    pub(crate) store: Store,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Crm {
    /// An application over a store, and a clock that tells milliseconds since 1970.
    pub fn new(store: Store, now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { store, now_ms: Arc::new(now_ms) }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.now_ms)()
    }

    /// All operations, behind `verifier`. The layer is put around everything, so that whoever has no identity is told
    /// so and does not learn which paths there are.
    pub fn router(self, verifier: &Verifier) -> Router {
        let all = OPERATIONS.iter().fold(Router::new(), |router, operation| {
            router.route(operation.path, (operation.handler)())
        });
        all.method_not_allowed_fallback(async || Problem::MethodNotAllowed)
            .fallback(async || Problem::NotFound)
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .layer(verifier.layer())
            .with_state(self)
    }
}

impl fmt::Debug for Crm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crm").field("store", &self.store).finish_non_exhaustive()
    }
}
