//! Who asks: a key that Tollgate proves, as the ledger has it at this moment.

use tollgate_core::{
    decision::Denial, key::ApiKey, lookup::LookupId, network::Country, scope::Scope,
    time::UnixMillis,
};
use tollgate_http::{
    answer::Invalid,
    credential::{self, Found, Sources},
};
use tollgate_ledger::Settings;

use crate::{
    Books, By, Caller, Request, Seen, Service, StoppedBy,
    reply::Refusal,
    verdict::{self, Place},
};

/// The resources whose scopes are about administration.
pub(crate) const ADMINISTERED: [&str; 7] =
    ["keys", "usage", "audit", "tenants", "owners", "roles", "templates"];

/// What stands where the id and the owner of a key would: the command has none.
const COMMAND: &str = "command";

/// Whoever asks, and may.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    /// The tenant that it acts in unless another is named.
    tenant: String,
    /// Whether its scopes may reach beyond its tenant.
    operator: bool,
}

/// Proves whoever asks, and looks it up. What it may do is looked at for each operation.
pub(crate) fn admit(
    service: &Service<'_>,
    request: &Request<'_>,
    books: &mut dyn Books,
    now: UnixMillis,
) -> Result<Admitted, Refusal> {
    match proved(service, request, books, now) {
        Ok((lookup, seen)) => {
            let operator = seen.key.settings.tenant == service.setup.operators;
            Ok(Admitted::key(lookup, seen, operator))
        }
        Err(refusal) => {
            // Who shows nothing tries nothing, and a store that fails is nobody's attempt.
            let tried = !matches!(
                refusal,
                Refusal::Denied(Denial::CredentialMissing | Denial::Unavailable)
                    | Refusal::Ledger(_)
            );
            if !tried {
                return Err(refusal);
            }
            // Whoever shares an address with somebody who tries is let in all the same: nothing is learnt by a key that is good.
            if let Some(wait) = service.guard.wait(request.address, now) {
                return Err(Refusal::TooManyAttempts { wait });
            }
            service.guard.failed(request.address, now);
            Err(refusal)
        }
    }
}

/// The caller that a request proves to be, whatever it may do.
pub(crate) fn proved(
    service: &Service<'_>,
    request: &Request<'_>,
    books: &mut dyn Books,
    now: UnixMillis,
) -> Result<(LookupId, Seen), Refusal> {
    let fields = request.fields.iter().copied();
    let sources = Sources::default();
    let text = match credential::find(fields, None, &sources, None, &service.setup.brand) {
        Found::Missing => return Err(Refusal::Denied(Denial::CredentialMissing)),
        Found::Ambiguous(cause) => return Err(Refusal::Invalid(cause)),
        Found::Refused => return Err(Refusal::Denied(Denial::KeyInvalid)),
        Found::Key(presented) => presented.text,
    };
    let invalid = Refusal::Denied(Denial::KeyInvalid);
    let Ok(key) = ApiKey::parse(&text, &service.setup.brand) else { return Err(invalid) };
    let Ok(genuine) = service.peppers.prove(&key) else { return Err(invalid) };
    let lookup = genuine.lookup();
    let Some(seen) = books.caller(lookup).map_err(Refusal::Ledger)? else { return Err(invalid) };
    let place = Place { address: request.address, country: None::<Country> };
    match verdict::against(&seen, (lookup, genuine.env()), place, now) {
        Some(denial) => Err(Refusal::Denied(denial)),
        None => Ok((lookup, seen)),
    }
}

impl From<Invalid> for Refusal {
    fn from(cause: Invalid) -> Self {
        Self::Invalid(cause)
    }
}

impl Admitted {
    fn key(lookup: LookupId, seen: Seen, operator: bool) -> Self {
        let tenant = seen.key.settings.tenant.clone();
        Self { caller: Caller::Key { lookup, seen: Box::new(seen) }, tenant, operator }
    }

    /// Whoever may run the command where the store is.
    pub(crate) fn command(service: &Service<'_>) -> Self {
        let tenant = service.setup.operators.clone();
        Self { caller: Caller::Command, tenant, operator: true }
    }

    /// Its key; none of the command.
    fn settings(&self) -> Option<&Settings> {
        match &self.caller {
            Caller::Key { seen, .. } => Some(&seen.key.settings),
            Caller::Command => None,
        }
    }

    /// The public id of its key.
    pub(crate) fn id(&self) -> &str {
        match &self.caller {
            Caller::Key { seen, .. } => &seen.key.id,
            Caller::Command => COMMAND,
        }
    }

    /// Whose key it is; none of the command.
    pub(crate) fn by(&self) -> Option<By> {
        let Settings { owner, tenant, .. } = self.settings()?;
        Some(By { key: self.id().to_owned(), owner: owner.clone(), tenant: tenant.clone() })
    }

    /// Its tenant.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whom it acts for.
    pub(crate) fn owner(&self) -> &str {
        self.settings().map_or(COMMAND, |settings| &settings.owner)
    }

    /// Whether it has a scope of administration.
    ///
    /// # Security
    ///
    /// A scope names what it administers: `*:*` is what an origin's own clients have, and opens nothing here.
    pub(crate) fn holds(&self, scope: &str) -> bool {
        let Some(settings) = self.settings() else { return true };
        let mut held = settings.scopes.iter().filter_map(|text| Scope::new(text).ok());
        let Ok(required) = Scope::new(scope) else { return false };
        held.any(|held| held.resource() != "*" && held.covers(required))
    }

    /// Whether it may read what is this tenant's.
    pub(crate) fn sees(&self, tenant: &str) -> bool {
        self.tenant() == tenant || (self.operator && self.holds("tenants:read"))
    }

    /// Whether it may change what is this tenant's.
    pub(crate) fn changes(&self, tenant: &str) -> bool {
        self.tenant() == tenant || self.changes_all()
    }

    /// Whether it sees every tenant.
    pub(crate) fn sees_all(&self) -> bool {
        self.operator && self.holds("tenants:read")
    }

    /// Whether it may change every tenant.
    pub(crate) fn changes_all(&self) -> bool {
        self.operator && self.holds("tenants:write")
    }

    /// Whose a stop is that it makes: one of the operators, if it may change every tenant.
    pub(crate) fn stops_as(&self) -> StoppedBy {
        if self.changes_all() { StoppedBy::Operators } else { StoppedBy::Tenant }
    }

    /// Whether it may change keys that act for this owner: its own, unless more is said.
    pub(crate) fn acts_for(&self, tenant: &str, owner: &str) -> bool {
        (self.tenant() == tenant && self.owner() == owner) || self.holds("owners:write")
    }

    /// The first of `scopes` that administers something which this caller may not: nobody gives what it has not.
    pub(crate) fn lacks<'s>(&self, scopes: &'s [String]) -> Option<&'s str> {
        let mut scopes = scopes.iter().map(String::as_str);
        scopes.find(|text| match Scope::new(text) {
            Ok(scope) => ADMINISTERED.contains(&scope.resource()) && !self.holds(text),
            Err(_) => false,
        })
    }
}
