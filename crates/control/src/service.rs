//! The service: one request in, one answer out.

use tollgate_core::{key::Brand, pepper::Peppers, time::UnixMillis};
use tollgate_identity::SigningKey;

use crate::{
    BODY_MAX, Books, By, Chance, Guard, Origins, Request, Response,
    admit::{Admitted, admit},
    problem::Code,
    reply::Refusal,
    routes::{self, Desk, Door, Run},
};

/// How often whoever asks is admitted again because it was changed meanwhile.
const ADMISSIONS_MAX: usize = 3;

/// What an operator is told of a change that the audit does not tell.
const UNTOLD: &str = "audit_untold";

/// In whose name a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Authority {
    /// In that of the key that it shows.
    Key,
    /// In that of whoever may run the command where the store is.
    Command,
}

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
    pub(crate) signer: Option<&'s SigningKey>,
    pub(crate) origins: Option<&'s Origins>,
}

impl<'s> Service<'s> {
    /// The service of `setup`, whose keys `peppers` prove. `guard` outlives it: it knows who failed lately.
    #[must_use]
    pub const fn new(setup: &'s Setup, peppers: &'s Peppers, guard: &'s Guard) -> Self {
        Self { setup, peppers, guard, signer: None, origins: None }
    }

    /// The same, which signs checkpoints and exports of the audit with `key`: the one that signs identities now.
    #[must_use]
    pub const fn signing(self, key: &'s SigningKey) -> Self {
        Self { signer: Some(key), ..self }
    }

    /// The same, which pages of these origins may ask.
    #[must_use]
    pub const fn pages(self, origins: &'s Origins) -> Self {
        Self { origins: Some(origins), ..self }
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
        if let Some(response) = self.origins.and_then(|origins| origins.preflight(request)) {
            return response;
        }
        let mut response = self.answered(Authority::Key, request, books, chance, now);
        if let Some(origins) = self.origins {
            origins.mark(request, &mut response);
        }
        response
    }

    /// Answers one request of whoever may run the command where the store is. It may do what an operator with every scope
    /// may; what is about the key that asks is refused.
    ///
    /// # Security
    ///
    /// Nobody is asked for a key. Never for a request that came over a network.
    pub fn command(
        &self,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
    ) -> Response {
        self.answered(Authority::Command, request, books, chance, now)
    }

    fn answered(
        &self,
        authority: Authority,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
    ) -> Response {
        let mut by = None;
        let done = self.done(authority, request, books, chance, now, &mut by);
        let mut response = done.unwrap_or_else(|refusal| refusal.response(request));
        response.by = by;
        if request.method == "HEAD" {
            response.body.clear();
        }
        response
    }

    fn done(
        &self,
        authority: Authority,
        request: &Request<'_>,
        books: &mut dyn Books,
        chance: &mut dyn Chance,
        now: UnixMillis,
        by: &mut Option<By>,
    ) -> Result<Response, Refusal> {
        let (operation, ids) = routes::find(request)?;
        let run = match operation.run {
            Run::Desk(run) => run,
            Run::Open(run) => {
                routes::read(operation, request.query)?;
                return Ok(run());
            }
        };
        for _ in 0..ADMISSIONS_MAX {
            let who = match authority {
                Authority::Key => admit(self, request, books, now)?,
                Authority::Command if operation.door == Door::Own => {
                    return Err(Code::Forbidden.into());
                }
                Authority::Command => Admitted::command(self),
            };
            *by = who.by();
            let missing = match operation.door {
                Door::Scope(scope) => (!who.holds(scope)).then_some(scope),
                Door::Either(scope, other) => {
                    (!who.holds(scope) && !who.holds(other)).then_some(other)
                }
                Door::Own | Door::Open => None,
            };
            if let Some(scope) = missing {
                return Err(Refusal::Scope(scope));
            }
            if request.body.len() > BODY_MAX {
                return Err(Code::BodyTooLarge.into());
            }
            let (service, ids) = (*self, ids.clone());
            let (books, chance) = (&mut *books, &mut *chance);
            routes::named(operation, &ids)?;
            let words = routes::read(operation, request.query)?;
            let mut desk =
                Desk { service, request, operation, ids, words, who, books, chance, now };
            let answered = run(&mut desk);
            let untold = desk.books.take_untold();
            match answered {
                Err(Refusal::CallerChanged) => {}
                Ok(response) if untold => {
                    return Ok(Response { trouble: Some(UNTOLD), ..response });
                }
                answered => return answered,
            }
        }
        Err(Refusal::CallerChanged)
    }
}
