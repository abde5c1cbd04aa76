//! The service: one request in, one answer out.

use tollgate_core::{key::Brand, pepper::Peppers, time::UnixMillis};

use crate::{
    BODY_MAX, Books, Chance, Guard, Request, Response,
    admit::admit,
    problem::Code,
    reply::Refusal,
    routes::{self, Desk, Door},
};

/// How often whoever asks is admitted again because it was changed meanwhile.
const ADMISSIONS_MAX: usize = 3;

/// What a deployment says about its control plane.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What keys look like.
    pub brand: Brand,
    /// The tenant whose admin keys may act for others.
    pub operators: String,
}

/// The control plane of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Service<'s> {
    pub(crate) setup: &'s Setup,
    pub(crate) peppers: &'s Peppers,
    pub(crate) guard: &'s Guard,
}

impl<'s> Service<'s> {
    /// The service of `setup`, whose keys `peppers` prove. `guard` outlives it: it knows who failed lately.
    #[must_use]
    pub const fn new(setup: &'s Setup, peppers: &'s Peppers, guard: &'s Guard) -> Self {
        Self { setup, peppers, guard }
    }

    /// Answers one request.
    ///
    /// # Security
    ///
    /// Whoever asks is proved before anything of the request but its method, its path and its credential is looked at.
    /// What it may do is the ledger's word at this moment, and once more in the transaction that changes something.
    pub fn answer(
        &self,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
    ) -> Response {
        let answered = self.answered(request, books, chance, now);
        let mut response = answered.unwrap_or_else(|refusal| refusal.response(request));
        if request.method == "HEAD" {
            response.body.clear();
        }
        response
    }

    fn answered(
        &self,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
    ) -> Result<Response, Refusal> {
        let (operation, ids) = routes::find(request)?;
        for _ in 0..ADMISSIONS_MAX {
            let who = admit(self, request, books, now)?;
            if let Door::Scope(scope) = operation.door
                && !who.holds(scope)
            {
                return Err(Refusal::Scope(scope));
            }
            if request.body.len() > BODY_MAX {
                return Err(Code::BodyTooLarge.into());
            }
            let (service, ids) = (*self, ids.clone());
            let (books, chance) = (&mut *books, &mut *chance);
            let mut desk = Desk { service, request, operation, ids, who, books, chance, now };
            match (operation.run)(&mut desk) {
                Err(Refusal::CallerChanged) => {}
                answered => return answered,
            }
        }
        Err(Refusal::CallerChanged)
    }
}
