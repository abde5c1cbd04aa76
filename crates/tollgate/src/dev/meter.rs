//! The key is used: tokens are leased, spent locally, and never more than there are.

use std::io;

use anyhow::{Context, bail};
use tollgate_core::{
    bucket::Wait,
    decision::{Denial, Need, Step, Verdict},
    lease::{Account, HolderId, Host, Purse, Queue, Slot, Standard},
    pepper::Genuine,
    time::Reading,
};
use tollgate_identity::{
    Claims, Jwk, KeySet, LIFE_MAX_S, Name, Room, SigningKey, TOKEN_MAX, Verifier,
};

use super::{Deployment, Report};
use crate::clock;

/// Shows the record, requests that are more than its limit allows, and the identity of the caller.
pub(crate) fn show(
    deployment: &mut Deployment,
    genuine: Genuine,
    report: &mut Report<'_, impl io::Write>,
) -> anyhow::Result<()> {
    report.chapter("The gate reads one sealed record")?;
    report.fact("from the store", deployment.text()?)?;

    report.chapter("60 requests at once, against a burst of 40 and 20 a second")?;
    let mut gate = Gate::new(deployment)?;
    let start = clock::read();
    let answers = (0..60).map(|_| gate.request(deployment, genuine, start));
    let answers = answers.collect::<anyhow::Result<Vec<_>>>()?;
    let allowed = answers.iter().filter(|answer| answer.is_none()).count();
    let refused = answers.len().saturating_sub(allowed);
    report.fact("allowed", allowed)?;
    let wait_ms = answers.into_iter().flatten().last().unwrap_or(0);
    report.fact("refused", format_args!("{refused}, the last with: retry after {wait_ms} ms"))?;
    report.fact("asked the authority", format_args!("{} times", gate.asked))?;
    let mono_ms = start.mono_ms.saturating_add(wait_ms);
    let later = Reading { wall: start.wall.plus(wait_ms), mono_ms };
    let answer = gate.request(deployment, genuine, later)?;
    report.fact("after that wait", if answer.is_none() { "allowed" } else { "refused" })?;

    report.chapter("The origin is told who called, and can verify it")?;
    identity(deployment, start, report)
}

/// A gate with one purse, beside the authority of the one bucket.
struct Gate {
    purse: Purse,
    account: Option<Account>,
    slots: [Slot; 1],
    asked: u32,
}

impl Gate {
    fn new(deployment: &Deployment) -> anyhow::Result<Self> {
        let limit = deployment.cached()?.limits.iter().next().context("the key has no limit")?;
        let purse = Purse::new(limit.numbers, limit.changed, Host::Background, 0);
        Ok(Self { purse, account: None, slots: [Slot::VACANT; 1], asked: 0 })
    }

    /// Answers one request, asking the authority for tokens if it must; gives the wait of a refusal.
    fn request(
        &mut self,
        deployment: &Deployment,
        genuine: Genuine,
        now: Reading,
    ) -> anyhow::Result<Option<u64>> {
        let mut step = deployment.decide(genuine, &mut self.purse, now)?;
        if let Step::Await(Need::Tokens(_)) = step {
            self.ask(now);
            step = deployment.decide(genuine, &mut self.purse, now)?;
        }
        match step {
            Step::Verdict(Verdict::Allow(_)) => Ok(None),
            Step::Verdict(Verdict::Deny(Denial::RateLimited {
                wait: Wait::Later(wait_ms),
                ..
            })) => Ok(Some(wait_ms)),
            Step::Verdict(Verdict::Deny(denial)) => bail!("the gate says {denial}"),
            Step::Await(need) => bail!("the tour has nothing to fetch, yet {need:?} is needed"),
        }
    }

    fn ask(&mut self, now: Reading) {
        let queue = Queue { tokens: 1, largest: 1 };
        if let Some(ask) = self.purse.ask(HolderId([1; 16]), queue, now) {
            self.asked = self.asked.saturating_add(1);
            let account = self.account.get_or_insert_with(|| Account::new(&ask, now.wall));
            let exchange = account.exchange(&mut self.slots, &ask, now.wall, &Standard::default());
            self.purse.receive(&exchange.answer(), now);
        }
    }
}

fn identity(
    deployment: &Deployment,
    now: Reading,
    report: &mut Report<'_, impl io::Write>,
) -> anyhow::Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("no randomness to be had")?;
    let key = SigningKey::new("tour", "EdDSA", &seed)?;
    let record = deployment.cached()?;
    let claims = Claims {
        issuer: Name::new("https://gate.example")?,
        audience: Name::new("orders")?,
        owner: record.owner,
        key: record.key,
        tenant: record.tenant,
        env: record.env,
        scopes: record.scopes.iter(),
        plan: record.plan,
        binding: None,
    };
    let mut room = [0; TOKEN_MAX];
    let token = key.sign(&claims, LIFE_MAX_S, now.wall, &mut room)?;
    report.fact("Tollgate-Identity", token.text)?;

    let keys = KeySet::new(&[Jwk { kid: "tour", alg: "EdDSA", x: key.public() }])?;
    let origin = Verifier::new(keys, "https://gate.example", "orders")?;
    let request = tollgate_identity::Request { method: b"GET", path: b"/orders/7" };
    let mut room = Room::new();
    let identity = origin.verify(token.text.as_bytes(), request, now.wall, &mut room)?;
    let scopes: Vec<_> = identity.claims().scopes.map(|scope| scope.to_string()).collect();
    report.fact(
        "the origin reads",
        format_args!(
            "owner {}, tenant {}, scopes {}, for {} s",
            identity.claims().owner,
            identity.claims().tenant,
            scopes.join(" "),
            identity.exp().saturating_sub(identity.iat())
        ),
    )
}
