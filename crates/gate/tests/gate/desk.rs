//! A policy with routes of every kind, and an engine behind it.

use std::sync::Arc;

use tollgate_core::{
    limit::{LimitScope, Numbers},
    network::Address,
    stamp::Stamp,
};
use tollgate_engine::{Arrival, Decision, Issuer, Prover};
use tollgate_gate::{Asked, Identity, Judged, Parts, Policy, Question};
use tollgate_http::{
    Fields,
    cors::{Allowed, Cors},
    credential::{KeyFrom, Sources},
    rate::Style,
    route::{RouteLimit, RuleSpec, Rules},
};
use tollgate_identity::{Jti, SigningKey};

use crate::{
    book::{Card, brand, ring, text},
    rig::{Rig, SETTINGS},
};

/// The pages that may read answers.
pub(crate) const PAGE: &str = "https://app.example";

/// A request as a test writes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) fields: &'a [(&'a str, &'a str)],
}

impl<'a> Sent<'a> {
    pub(crate) fn question(self) -> Question<'a, impl Fields<'a>> {
        let Self { method, path, fields } = self;
        Question {
            id: "00000000000000aa",
            method,
            path,
            query: None,
            fields: fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())),
            address: Some(Address::parse("192.0.2.7").unwrap()),
            country: None,
        }
    }
}

pub(crate) fn signing_key(kid: &str) -> SigningKey {
    let seed: [u8; 32] = core::array::from_fn(|at| u8::try_from(at * 7 % 251).unwrap());
    SigningKey::new(kid, "EdDSA", &seed).unwrap()
}

pub(crate) fn parts() -> Parts {
    let rules = rules();
    let limits = rules.iter().flat_map(|rule| &rule.limits);
    let changed = limits.map(|_| Stamp { incarnation: 1, epoch: 1 }).collect();
    Parts {
        prover: Prover::new(brand(), ring()),
        issuer: Issuer::new(signing_key("k1"), "tollgate", "orders").unwrap(),
        jwks: String::from("{}"),
        rules,
        changed,
        sources: Sources { header: None, query: None, forward: false },
        style: Style::Standard,
        realm: "orders".into(),
    }
}

fn rules() -> Rules {
    let cors = Cors::Answer(Allowed {
        origins: [PAGE.into()].into(),
        methods: [].into(),
        headers: [].into(),
        max_age_s: 60,
    });
    let steady = Numbers::steady(2, 1, 60_000).unwrap();
    let few = RouteLimit { name: "few".into(), scope: LimitScope::Key, numbers: steady };
    let get = || vec!["GET".into()];
    Rules::new(vec![
        RuleSpec { public: true, cors: cors.clone(), ..RuleSpec::new("/open") },
        RuleSpec { cors: Cors::Forward, ..RuleSpec::new("/forwarded") },
        // Its methods differ in what is answered: a preflight is about the one that it names.
        RuleSpec { methods: get(), cors: cors.clone(), ..RuleSpec::new("/page") },
        RuleSpec { public: true, cors: Cors::Refuse, ..RuleSpec::new("/page") },
        RuleSpec { scopes: vec!["orders:write".into()], ..RuleSpec::new("/write") },
        RuleSpec { key_from: Some(KeyFrom::XApiKey), ..RuleSpec::new("/from") },
        RuleSpec { bind: true, ..RuleSpec::new("/bound") },
        RuleSpec { cache: true, ..RuleSpec::new("/cached") },
        RuleSpec { cost: 7, limits: vec![few], cors, ..RuleSpec::new("/dear") },
    ])
    .unwrap()
}

/// A policy, an engine, and what lies between them: what a host does, in virtual time.
pub(crate) struct Desk {
    pub(crate) policy: Policy,
    pub(crate) rig: Rig,
}

impl Desk {
    /// Key 0 is as `card` says.
    pub(crate) fn new(card: Card) -> Self {
        let mut rig = Rig::new(SETTINGS);
        rig.book.issue(0, card);
        Self { policy: Policy::new(parts()).unwrap(), rig }
    }

    /// What becomes of a request, as every host asks it.
    pub(crate) fn judge(&mut self, sent: Sent<'_>) -> Judged {
        let question = sent.question();
        let (inquiry, rule) = match self.policy.ask(&question) {
            Asked::Judged(judged, _) => return judged,
            Asked::Inquire(inquiry, rule) => (inquiry, rule),
        };
        let decision = match self.rig.arrival(inquiry) {
            Arrival::Decided(decision) => decision,
            Arrival::Parked => {
                self.rig.answer_all();
                self.rig.decided.pop().unwrap().1
            }
        };
        let now = self.rig.now.wall;
        let judged = self.policy.told(&question, rule, Some(&decision), || jti(7), now);
        if let (Decision::Allow(pass), Judged::Passes(passage)) = (&decision, &judged)
            && let Some(Identity::Kept(signed, true)) = &passage.identity
        {
            self.rig.engine.keep(pass, Arc::clone(signed));
        }
        judged
    }
}

pub(crate) fn jti(byte: u8) -> Option<Jti> {
    Jti::new([byte; 16]).ok()
}

/// The field that presents key `number`.
pub(crate) fn key(number: u32) -> String {
    text(number)
}

/// What became of a request, in one line: what a host acts upon, and the fields that differ from route to route.
pub(crate) fn line(judged: &Judged) -> String {
    let (mut line, fields) = match judged {
        Judged::Passes(passage) => {
            let who = match &passage.identity {
                None => "nobody",
                Some(Identity::Kept(_, true)) => "signed",
                Some(Identity::Kept(_, false)) => "kept",
                Some(Identity::Bound(_)) => "bound",
            };
            let cache = if passage.cacheable { " cacheable" } else { "" };
            let cors = if passage.cors_answered { " cors" } else { "" };
            (format!("passes {who}{cache}{cors}"), &passage.extra)
        }
        Judged::Denied(refusal) => {
            let unproven = refusal.unproven.map(|code| format!(" ({code})")).unwrap_or_default();
            let (status, code) = (refusal.answer.status, refusal.denial.code());
            (format!("{status} {code}{unproven}"), &refusal.answer.fields)
        }
        Judged::Preflight(fields) => (String::from("204"), fields),
    };
    for name in ["access-control-allow-origin", "retry-after", "ratelimit"] {
        if let Some((_, value)) = fields.iter().find(|(other, _)| *other == name) {
            line.push_str(&format!(" {name}={value}"));
        }
    }
    line
}
