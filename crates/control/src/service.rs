//! The service: one request in, one answer out.

use tollgate_core::{key::Brand, pepper::Peppers, time::UnixMillis};

use crate::{Books, Chance, Request, Response};

/// What a deployment says about its control plane.
#[derive(Debug)]
pub struct Setup {
    /// What keys look like.
    pub brand: Brand,
    /// The tenant whose admin keys may act for others.
    pub operators: String,
}

/// The control plane of one deployment.
#[derive(Debug)]
pub struct Service<'s> {
    setup: &'s Setup,
    peppers: &'s Peppers,
}

impl<'s> Service<'s> {
    /// The service of `setup`, whose keys `peppers` prove.
    #[must_use]
    pub const fn new(setup: &'s Setup, peppers: &'s Peppers) -> Self {
        Self { setup, peppers }
    }

    /// Answers one request.
    pub fn answer(
        &self,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
    ) -> Response {
        let _ = (self.setup, self.peppers, request, books, chance, now);
        Response { status: 404, fields: vec![], body: vec![] }
    }
}
