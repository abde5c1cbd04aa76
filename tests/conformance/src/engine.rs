//! `engine.*`: docs/spec/gate.md.

mod stores;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use tollgate_core::{
    decision::Request,
    head::MaxStaleness,
    key::{ApiKey, Brand, Draw, mint},
    lease::Host,
    lookup::LookupId,
    pepper::Genuine,
    scope::Scope,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{
    Arrival, Decision, Demand, Engine, Errand, Inquiry, Lookup, Question, Settings,
};

use crate::{
    BadCase,
    bucket::{list, small},
    decision::denied,
    input,
    key::working,
    lease::text,
    network::{address, country},
    record::{stamp, strings},
};
use stores::Stores;

/// No row is about how much is held.
const PLENTY: usize = 1 << 20;

/// The result of `engine.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub(crate) fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "run" => run(input),
        _ => Err(BadCase(format!("no operation engine.{op}"))),
    }
}

fn run(input: &Value) -> Result<Value, BadCase> {
    let mut gate = Gate::new(input)?;
    let steps: Result<Vec<_>, _> =
        list(input, "steps")?.iter().map(|step| gate.step(step)).collect();
    Ok(json!({"steps": steps?}))
}

/// An engine, and what a host keeps beside it.
struct Gate {
    engine: Engine<usize>,
    stores: Stores,
    /// What each request demanded, in the order of arrival.
    demands: Vec<Arc<Demand>>,
    keys: BTreeMap<LookupId, u64>,
    /// Every errand so far: the first is number 1.
    errands: Vec<Errand>,
}

impl Gate {
    fn new(input: &Value) -> Result<Self, BadCase> {
        let settings = input::field(input, "settings")?;
        let staleness = MaxStaleness::new(input::uint(settings, "max_staleness_ms")?);
        let background = text::flag(settings, "background")?;
        let settings = Settings {
            max_staleness: staleness.ok_or_else(|| BadCase("staleness is out of bounds".into()))?,
            store_deadline_ms: small(settings, "store_deadline_ms")?,
            host: if background { Host::Background } else { Host::Bare },
            replica: text::flag(settings, "replica")?,
            records_bytes_max: PLENTY,
            absences_max: PLENTY,
            purses_max: PLENTY,
            parked_max: PLENTY,
            fetches_max: PLENTY,
            usage_every_ms: 0,
        };
        Ok(Self {
            engine: Engine::new(settings, text::holder(input)?),
            stores: Stores::new()?,
            demands: Vec::new(),
            keys: BTreeMap::new(),
            errands: Vec::new(),
        })
    }

    fn step(&mut self, step: &Value) -> Result<Value, BadCase> {
        let mut said = Value::Null;
        if step.get("holder").is_some() {
            self.engine.new_holder(text::holder(step)?);
        } else if let Some(asked) = step.get("arrive") {
            said = self.arrive(asked, reading(step)?)?;
        } else if step.get("deliver").is_some() {
            self.deliver(step, reading(step)?)?;
        } else {
            self.engine.tick(reading(step)?);
        }
        let mut decisions: Vec<_> = self.engine.decisions().collect();
        // As rows have them: verdicts of one step have no order of their own.
        decisions.sort_by_key(|(number, _)| *number);
        let told: Result<Vec<_>, BadCase> = decisions
            .iter()
            .map(|(number, decision)| {
                let said = self.rendered(*number, decision)?;
                Ok(json!([number.saturating_add(1), said]))
            })
            .collect();
        let asked = self.asked()?;
        let frozen = self.engine.needs_holder();
        Ok(json!({"said": said, "told": told?, "asked": asked, "frozen": frozen}))
    }

    fn arrive(&mut self, asked: &Value, now: Reading) -> Result<Value, BadCase> {
        let key = input::uint(asked, "key")?;
        let genuine = self.genuine(key)?;
        self.keys.insert(genuine.lookup(), key);
        let required = strings(input::field(asked, "required")?).unwrap_or_default();
        let demand = Arc::new(working(Demand::new(&required, small(asked, "cost")?))?);
        let number = self.demands.len();
        self.demands.push(Arc::clone(&demand));
        let inquiry =
            Inquiry { genuine, address: address(asked)?, country: country(asked)?, demand };
        match self.engine.arrive(inquiry, || number, now) {
            Arrival::Parked => Ok(json!("waits")),
            Arrival::Decided(decision) => self.rendered(number, &decision),
        }
    }

    fn deliver(&mut self, step: &Value, now: Reading) -> Result<(), BadCase> {
        let number = usize::try_from(input::uint(step, "deliver")?).unwrap_or(0);
        let errand = number.checked_sub(1).and_then(|place| self.errands.get(place));
        let errand = errand.ok_or_else(|| BadCase(format!("nobody asked {number}")))?;
        let reply = self.stores.reply(errand, input::field(step, "reply")?)?;
        self.engine.deliver(errand.id, reply, now);
        Ok(())
    }

    /// The key of that number, by which no row depends on its bytes.
    fn genuine(&self, key: u64) -> Result<Genuine, BadCase> {
        let number = u8::try_from(key).map_err(|_| BadCase("a key is 0 to 255".into()))?;
        let brand = working(Brand::new("tg", &["live"]))?;
        let env = brand.envs().next().ok_or_else(|| BadCase("no env".into()))?;
        let mut bytes = [7; 19];
        let [first, ..] = &mut bytes;
        *first = number;
        let draw = Draw::new(&bytes).map_err(|_| BadCase("no draw".into()))?;
        let minted = mint(brand.prefix(), env, self.stores.peppers(), &draw);
        let key = ApiKey::parse(minted.as_str().as_bytes(), &brand);
        let key = key.map_err(|_| BadCase("what was minted is no key".into()))?;
        self.stores.peppers().prove(&key).map_err(|_| BadCase("what was minted is forged".into()))
    }

    fn rendered(&self, number: usize, decision: &Decision) -> Result<Value, BadCase> {
        let refused = match decision {
            Decision::Allow(pass) => {
                return Ok(json!({"step": "allow", "flagged": pass.flagged()}));
            }
            Decision::Deny(refused) => refused,
        };
        let demand = self.demands.get(number).ok_or_else(|| BadCase("nobody asked".into()))?;
        let required: Vec<_> = demand.scopes().filter_map(|scope| Scope::new(scope).ok()).collect();
        let request = Request {
            address: None,
            country: None,
            required: &required,
            cost: demand.cost(),
            limits: &[],
        };
        Ok(denied(&refused.denial(), refused.record().as_ref(), &request))
    }

    /// What is asked now, in the order of rows: questions of one step have no order of their own.
    fn asked(&mut self) -> Result<Vec<Value>, BadCase> {
        let mut errands: Vec<_> = self.engine.errands().collect();
        errands.sort_by_key(|errand| match &errand.question {
            Question::Head => (0, None, None),
            Question::Record { expected, .. } => {
                (1, self.keys.get(&expected.lookup).copied(), None)
            }
            Question::Lease { bucket, .. } => (2, None, Some(Arc::clone(bucket))),
            Question::Usage(_) => (3, None, None),
        });
        let mut shown = Vec::new();
        for errand in errands {
            let mut fields = match &errand.question {
                Question::Head => json!({"of": "head"}),
                Question::Record { expected, of } => {
                    let from = match of {
                        Lookup::Replica => "replica",
                        Lookup::Authority => "authority",
                    };
                    json!({"of": "record", "key": self.keys.get(&expected.lookup), "from": from})
                }
                Question::Lease { bucket, ask } => {
                    json!({"of": "lease", "bucket": **bucket, "ask": text::asked(ask)})
                }
                Question::Usage(usage) => json!({"of": "usage", "seq": usage.seq()}),
            };
            let (since, deadline_ms) = (stamp(errand.since), errand.deadline_ms);
            self.errands.push(errand);
            let more =
                json!({"errand": self.errands.len(), "since": since, "deadline_ms": deadline_ms});
            if let (Some(fields), Value::Object(mut more)) = (fields.as_object_mut(), more) {
                fields.append(&mut more);
            }
            shown.push(fields);
        }
        Ok(shown)
    }
}

/// What both clocks say at a step.
fn reading(step: &Value) -> Result<Reading, BadCase> {
    match list(step, "at")? {
        [wall, mono] => match (wall.as_u64(), mono.as_u64()) {
            (Some(wall), Some(mono_ms)) => Ok(Reading { wall: UnixMillis(wall), mono_ms }),
            _ => Err(BadCase("an instant is no integer".into())),
        },
        _ => Err(BadCase("a reading is two instants".into())),
    }
}
