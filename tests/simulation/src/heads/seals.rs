//! The texts in which records and heads travel, sealed and opened by the real code.

use core::cell::RefCell;

use tollgate_core::{
    head::{self, Answer, Entry, HEAD_ENTRIES_MAX},
    key::Env,
    pepper::{Pepper, Peppers, danger},
    record::{self, Absence, Draft, Expected, Found, PACKED_MAX, Record},
    stamp::Stamp,
};

use super::tables::{self, Verdict};

const TEXT: usize = 32 * 1024;

/// The peppers of the deployment.
#[derive(Debug)]
pub struct Seals {
    peppers: Peppers,
    env: Env,
    /// What an answer is opened into: too much to make anew each time.
    places: RefCell<Box<[Entry; HEAD_ENTRIES_MAX]>>,
}

/// An opened text of a record: packed as a gate keeps it, or an absence.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    Record(Box<[u8; PACKED_MAX]>),
    Absent(Absence),
}

impl Opened {
    pub(super) fn as_of(&self) -> Stamp {
        match self {
            Self::Record(packed) => record(packed).as_of,
            Self::Absent(absence) => absence.as_of,
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Record(packed) => Some(record(packed).state),
            Self::Absent(_) => None,
        }
    }
}

/// The view of a packed record.
pub(super) fn record(packed: &[u8; PACKED_MAX]) -> Record<'_> {
    Record::unpack(packed).expect("packed by opening")
}

impl Default for Seals {
    fn default() -> Self {
        Self::new()
    }
}

impl Seals {
    /// A ring of one published pepper.
    #[must_use]
    pub fn new() -> Self {
        let secret: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).expect("below 32"));
        let peppers = danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0);
        Self {
            peppers: peppers.expect("a ring"),
            env: Env::new("live").expect("an environment"),
            places: RefCell::new(Box::new([Entry::NONE; HEAD_ENTRIES_MAX])),
        }
    }

    /// The sealed text of what the ledger said of a secret.
    #[must_use]
    pub fn record(&self, secret: usize, as_of: Stamp, verdict: Verdict) -> Vec<u8> {
        let out = &mut [0; 1_024];
        let (lookup, pepper) = (tables::lookup(secret), self.peppers.issuing());
        let text = match verdict {
            None => record::seal_absence(Absence { as_of, lookup }, &self.peppers, pepper, out),
            Some(state) => {
                let (key, tenant) = (tables::key(secret), tables::tenant(secret));
                let draft = Draft {
                    as_of,
                    lookup,
                    key: &key,
                    tenant: &tenant,
                    owner: &tables::owner(secret),
                    env: self.env,
                    state,
                    not_before: None,
                    expires: None,
                    plan: None,
                    scopes: &[],
                    limits: &[],
                    quotas: &[],
                    ips_allowed: &[],
                    ips_denied: &[],
                    countries_allowed: &[],
                    countries_denied: &[],
                };
                record::seal(&draft, &self.peppers, pepper, out)
            }
        };
        text.expect("a record").to_vec()
    }

    pub(super) fn open_record(&self, secret: usize, text: &[u8]) -> Opened {
        let mut packed = Box::new([0; PACKED_MAX]);
        let expected = Expected { lookup: tables::lookup(secret), env: self.env };
        match record::open(text, &self.peppers, expected, &mut packed).expect("our own record") {
            Found::Present(_) => Opened::Record(packed),
            Found::Absent(absence) => Opened::Absent(absence),
        }
    }

    /// The sealed text of an answer.
    #[must_use]
    pub fn head(&self, answer: &Answer<'_>) -> Vec<u8> {
        let out = &mut [0; TEXT];
        let text = head::seal(answer, &self.peppers, self.peppers.issuing(), out);
        text.expect("a head that can be passed on").to_vec()
    }

    /// Opens an answer and does something with it.
    pub fn open_head<T>(&self, text: &[u8], with: impl FnOnce(&Answer<'_>) -> T) -> T {
        let places = &mut self.places.borrow_mut();
        with(&head::open(text, &self.peppers, places).expect("our own head"))
    }
}
