//! A deployment in one process: a ledger with one key, its head, and the gate that reads both.

use anyhow::{Context, anyhow};
use tollgate_core::{
    decision::{Known, Presented, Request, Step, decide},
    head::{Checked, Current, Entry, Freshness, Head, Name, Subject},
    id::Id,
    key::{ApiKey, Brand, Draw, Env, Minted, Prefix, mint},
    lease::Purse,
    limit::{Limit, LimitScope, Numbers},
    pepper::{Genuine, Pepper, Peppers},
    record::{self, Draft, Expected, Found, PACKED_MAX, Record, State},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

use crate::clock;

/// How many entries the head of so short a life has room for.
const ENTRIES: usize = 8;

/// A ledger with one key, its head, and a gate.
pub(crate) struct Deployment {
    pub(crate) brand: Brand,
    pub(crate) peppers: Peppers,
    head: Head<[Entry; ENTRIES]>,
    state: State,
    changed: Stamp,
    minted: Minted,
    expires: UnixMillis,
    pub(crate) numbers: Numbers,
    /// What the gate has cached, still stamped with the head of back then.
    packed: [u8; PACKED_MAX],
}

impl Deployment {
    /// Starts with a random pepper and one key.
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).context("no randomness to be had")?;
        let peppers = Peppers::new(&[Pepper { id: 0, secret: &secret }], 0)?;
        let mut random = [0; 19];
        getrandom::fill(&mut random).context("no randomness to be had")?;
        let env = Env::new("live")?;
        let minted = mint(Prefix::new("tg")?, env, &peppers, &Draw::new(&random)?);
        // The ledger's first change creates the key, which needs no entry: nothing older of it exists.
        let mut head = Head::begin(Stamp { incarnation: 1, epoch: 1 }, [Entry::NONE; ENTRIES]);
        let changed = head.record(None);
        let mut deployment = Self {
            brand: Brand::new("tg", &["live"])?,
            peppers,
            head,
            state: State::Active,
            changed,
            minted,
            expires: clock::read().wall.plus(86_400_000),
            numbers: Numbers::steady(40, 20, 1_000)?,
            packed: [0; PACKED_MAX],
        };
        deployment.fetch()?;
        Ok(deployment)
    }

    /// The key, as its holder was shown it once.
    pub(crate) fn key(&self) -> &str {
        self.minted.as_str()
    }

    /// What the store knows the key by.
    pub(crate) fn lookup(&self) -> String {
        self.minted.lookup().to_string()
    }

    /// Parses and proves a key.
    pub(crate) fn prove(&self, key: &str) -> anyhow::Result<Genuine> {
        Ok(self.peppers.prove(&ApiKey::parse(key.as_bytes(), &self.brand)?)?)
    }

    /// What the ledger publishes: the key's sealed record, as of now.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let name = Id::new("burst")?;
        let limit =
            Limit { name, scope: LimitScope::Key, numbers: self.numbers, changed: self.changed };
        let draft = Draft {
            as_of: self.head.stamp(),
            lookup: self.minted.lookup(),
            key: "key_tour",
            tenant: "acme",
            owner: "dev@acme.example",
            env: Env::new("live")?,
            state: self.state,
            not_before: None,
            expires: Some(self.expires),
            plan: Some("pro"),
            scopes: &["orders:read"],
            limits: &[limit],
            quotas: &[],
            ips_allowed: &[],
            ips_denied: &[],
            countries_allowed: &[],
            countries_denied: &[],
        };
        let mut out = [0; record::TEXT_MAX];
        let text = record::seal(&draft, &self.peppers, self.peppers.issuing(), &mut out)?;
        Ok(core::str::from_utf8(text)?.to_owned())
    }

    /// The gate asks the authority for the record and caches it.
    pub(crate) fn fetch(&mut self) -> anyhow::Result<()> {
        let text = self.text()?;
        let expected = Expected { lookup: self.minted.lookup(), env: Env::new("live")? };
        match record::open(text.as_bytes(), &self.peppers, expected, &mut self.packed)? {
            Found::Present(_) => Ok(()),
            Found::Absent(_) => Err(anyhow!("the ledger has lost its only key")),
        }
    }

    /// The record that the gate has cached.
    pub(crate) fn cached(&self) -> anyhow::Result<Record<'_>> {
        Record::unpack(&self.packed).context("the cached record is damaged")
    }

    /// What the head says of the cached record.
    pub(crate) fn check(&self) -> anyhow::Result<Checked<Current<'_>>> {
        Ok(self.head.check(self.cached()?))
    }

    /// The gate's decision on one request, from what it has cached and leased.
    pub(crate) fn decide(
        &self,
        genuine: Genuine,
        purse: &mut Purse,
        now: Reading,
    ) -> anyhow::Result<Step<'_>> {
        let known = Known::from(self.check()?);
        let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
        let presented = Presented::Genuine(genuine, known);
        Ok(decide(presented, Freshness::Fresh, &request, &mut [purse], now))
    }

    /// Commits the revocation of the key: the change and its entry in the head, in one step.
    pub(crate) fn revoke(&mut self) -> anyhow::Result<Stamp> {
        self.state = State::Revoked;
        let (tenant, key) = (Name::new(Id::new("acme")?), Name::new(Id::new("key_tour")?));
        Ok(self.head.record(Some(Subject::Key { tenant, key })))
    }
}
