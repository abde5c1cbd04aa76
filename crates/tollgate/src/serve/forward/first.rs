//! An origin of HTTP/1.1: connections that are kept, and a request that met one which was just being closed.

use hyper::{Request, Response, body::Incoming};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use tollgate_http::answer::Trouble;

use super::{
    super::body::Payload,
    dial::Dial,
    line::{Connector, Turns, was_closing},
    trouble,
};
use crate::config::Origin;

/// How many connections to the origin are kept while nobody needs them.
const IDLE_MAX: usize = 1_024;

/// The connections.
pub(super) struct First {
    kept: Client<Connector, Payload>,
    /// Connects anew for each request, and keeps nothing.
    anew: Client<Connector, Payload>,
    turns: Turns,
}

impl First {
    /// Those to `origin`; nothing is connected yet.
    pub(super) fn new(origin: &Origin, dial: Dial) -> Self {
        let turns = Turns::default();
        let connector = Connector::new(dial, turns.clone());
        let client = |idle_max| {
            Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(origin.idle_timeout)
                .pool_max_idle_per_host(idle_max)
                .build(connector.clone())
        };
        Self { kept: client(IDLE_MAX), anew: client(0), turns }
    }

    /// Sends `request`; if that met a connection which the origin was closing, what `again` gives, once more.
    ///
    /// # Errors
    ///
    /// When the origin gives no answer.
    pub(super) async fn send(
        &self,
        request: Request<Payload>,
        again: impl FnOnce() -> Option<Request<Payload>>,
    ) -> Result<Response<Incoming>, Trouble> {
        let begun = self.turns.begin();
        let error = match self.kept.request(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let again = if was_closing(&error, begun) { again() } else { None };
        let again = again.ok_or_else(|| trouble(&error))?;
        self.anew.request(again).await.map_err(|error| trouble(&error))
    }
}
