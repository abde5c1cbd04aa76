//! Who may administer: whoever presents a key of the administrators' tenant that may do what is asked.
//!
//! The first such key is not in the ledger, since somebody has to write the ledger's first key: the deployment holds
//! its sealed record. Its tenant is the administrators'. A key of any other tenant administers nothing, whatever
//! scopes it has: a customer's `*:*` is about the customer's own things.

use serde::Deserialize;
use tollgate_core::{
    decision::{Denial, Known, Presented, Request, Step, Verdict, decide},
    head::{Entry, Freshness, Head},
    key::{ApiKey, Brand, Env},
    lease::Purse,
    lookup::LookupId,
    pepper::{Genuine, Peppers},
    record::{Expected, Found, PACKED_MAX, Record, open},
    scope::Scope,
    time::Reading,
};

/// What the deployment holds of its first admin key.
#[derive(Debug)]
pub(crate) struct Admin {
    text: Vec<u8>,
    expected: Expected,
    /// The administrators' tenant.
    tenant: String,
}

/// What has to be known of the record before its seal can be looked at.
#[derive(Deserialize)]
struct Named<'a> {
    lookup: &'a str,
    env: &'a str,
}

impl Admin {
    /// Reads the record; none if it is none, or not sealed by us.
    pub(crate) fn read(text: &[u8], peppers: &Peppers) -> Option<Self> {
        let named: Named<'_> = serde_json::from_slice(text).ok()?;
        let lookup = LookupId::from_hex(named.lookup)?;
        let expected = Expected { lookup, env: Env::new(named.env).ok()? };
        let mut packed = [0; PACKED_MAX];
        match open(text, peppers, expected, &mut packed) {
            Ok(Found::Present(record)) => {
                let tenant = record.tenant.as_str().to_owned();
                Some(Self { text: text.to_vec(), expected, tenant })
            }
            Ok(Found::Absent(_)) | Err(_) => None,
        }
    }

    /// The record, if it is that of the key that was presented.
    pub(crate) fn record_of(&self, genuine: Genuine) -> Option<&[u8]> {
        (Expected::from(&genuine) == self.expected).then_some(&self.text)
    }

    /// Whether the record `text` of a key lets its holder do what `scope` is about.
    ///
    /// # Errors
    ///
    /// Why not: nothing is done then.
    pub(crate) fn allows(
        &self,
        text: &[u8],
        genuine: Genuine,
        scope: &str,
        peppers: &Peppers,
        now: Reading,
    ) -> Result<(), Denial> {
        let mut packed = [0; PACKED_MAX];
        let Ok(found) = open(text, peppers, Expected::from(&genuine), &mut packed) else {
            return Err(Denial::Unavailable);
        };
        match found {
            Found::Present(record) if record.tenant.as_str() == self.tenant => {
                judged(record, genuine, scope, now)
            }
            Found::Present(_) | Found::Absent(_) => Err(Denial::KeyInvalid),
        }
    }
}

/// The key that was presented, if it is one of ours. A forged one causes no read.
pub(crate) fn genuine(key: &[u8], brand: &Brand, peppers: &Peppers) -> Option<Genuine> {
    peppers.prove(&ApiKey::parse(key, brand).ok()?).ok()
}

/// The decision of the core. The record comes from the deployment or from the ledger itself, this very moment: there
/// is no head that could say more of it.
fn judged(record: Record<'_>, genuine: Genuine, scope: &str, now: Reading) -> Result<(), Denial> {
    let required = [Scope::new(scope).map_err(|_| Denial::Unavailable)?];
    let head: Head<[Entry; 1]> = Head::begin(record.as_of, [Entry::NONE]);
    let presented = Presented::Genuine(genuine, Known::from(head.check(record)));
    let request =
        Request { address: None, country: None, required: &required, cost: 0, limits: &[] };
    // Nothing is counted here, so a key whose use is to be counted does not administer.
    let mut purses: [Purse; 0] = [];
    match decide(presented, Freshness::Fresh, &request, &mut purses, now) {
        Step::Verdict(Verdict::Allow(_)) => Ok(()),
        Step::Verdict(Verdict::Deny(denial)) => Err(denial),
        Step::Await(_) => Err(Denial::Unavailable),
    }
}
