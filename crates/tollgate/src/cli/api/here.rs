//! The management API on the store that is here: the same service, in the name of whoever may run the command.

use tollgate_control::{Chance, Guard, NoChance, Request, Service, Setup};
use tollgate_core::pepper::Peppers;
use tollgate_identity::SigningKey;
use tollgate_store_sqlite::Store;

use super::{NEXT, Question, Reply};
use crate::{
    cli::{Failure, site::Site},
    clock,
    config::OPERATORS,
};

/// The service, and what it works with.
pub(in crate::cli) struct Here {
    store: Store,
    peppers: Peppers,
    setup: Setup,
    guard: Guard,
    signer: SigningKey,
}

/// The system's randomness.
struct Random;

impl Chance for Random {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        getrandom::fill(bytes).map_err(|_| NoChance)
    }
}

/// The random bytes of what a request is called.
const ID_BYTES: usize = 8;

impl Here {
    pub(super) fn of(site: &Site) -> Result<Self, Failure> {
        let control = site.config.control.as_ref();
        let operators = control.map_or(OPERATORS, |control| control.operators.as_str()).to_owned();
        let setup = Setup { brand: site.config.keys.brand.clone(), operators };
        let secrets = site.secrets()?;
        let (peppers, signer) = (secrets.peppers()?, secrets.signer(site.now)?);
        Ok(Self { store: site.store()?, peppers, setup, guard: Guard::new(), signer })
    }

    pub(super) fn answer(
        &mut self,
        question: &Question,
        fields: &[(&'static str, String)],
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let id = name()?;
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let fields: Vec<_> = fields.collect();
        let query = question.query();
        let request = Request {
            method: question.method,
            path: &question.path,
            query: query.as_deref(),
            fields: &fields,
            body,
            address: None,
            id: &id,
        };
        let service = Service::new(&self.setup, &self.peppers, &self.guard).signing(&self.signer);
        let now = clock::read().wall;
        let response = service.command(&request, &mut self.store, &mut Random, now);
        if let Some(trouble) = response.trouble {
            let message = format!("the store failed: {trouble}; `tollgate doctor` looks at it");
            return Err(Failure::failed(trouble, message));
        }
        let retry_after = response.field("retry-after").map(str::to_owned);
        let next = response.field(NEXT).map(str::to_owned);
        Ok(Reply { status: response.status, body: response.body, retry_after, next })
    }
}

/// What a request is called in the audit: nothing else is called so.
pub(in crate::cli) fn name() -> Result<String, Failure> {
    let mut bytes = [0; ID_BYTES];
    let none = |_| Failure::failed("no_randomness", "the system gives no randomness");
    getrandom::fill(&mut bytes).map_err(none)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
