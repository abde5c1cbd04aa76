//! `head.*`: docs/spec/head.md.

use serde_json::{Value, json};
use tollgate_core::{
    head::{
        self, Answer, Checked, Entry, Freshness, HEAD_ENTRIES_MAX, Head, MaxStaleness, Merge, Name,
        Reader, Subject, TEXT_MAX,
    },
    id::Id,
    lookup::LookupId,
    pepper::PepperId,
    record::{Absence, PACKED_MAX, Record},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_engine::Tidings;

use crate::{
    BadCase, input,
    record::{blank, pepper_of, peppers, read_stamp, stamp},
};

/// The result of `head.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "record" => recorded(input),
        "answer" => {
            let head = head(input::field(input, "head")?, vec![Entry::NONE; HEAD_ENTRIES_MAX])?;
            let answer = head.answer(stamp_of(input, "asker")?, 0);
            Ok(json!({"since": answer.since, "entries": entries(answer.entries)}))
        }
        "seal" => sealed(input),
        "open" => opened(input),
        "merge" => merged(input),
        "freshness" => {
            let optional = |name| input::field(input, name).map(Value::as_u64);
            let staleness = MaxStaleness::new(input::uint(input, "max_staleness_ms")?);
            let staleness =
                staleness.ok_or_else(|| BadCase("staleness is out of bounds".into()))?;
            let freshness =
                Freshness::of(optional("age_ms")?, optional("failed_ms_ago")?, staleness);
            Ok(json!({"freshness": freshness.as_str()}))
        }
        "check" => check(input),
        _ => Err(BadCase(format!("no operation head.{op}"))),
    }
}

fn recorded(input: &Value) -> Result<Value, BadCase> {
    let mut head = head(input::field(input, "head")?, places(input)?)?;
    for change in array(input, "changes")? {
        let subject = match change.as_array().map(Vec::as_slice) {
            None => None,
            Some([tenant, kind, id]) => Some(subject(tenant, kind, id).ok_or_else(bad_entry)?),
            Some(_) => return Err(bad_entry()),
        };
        head.record(subject);
    }
    Ok(fields(&head))
}

fn merged(input: &Value) -> Result<Value, BadCase> {
    let travel_ms = input::uint(input, "travel_ms")?;
    let before = input::field(input, "reader")?;
    // The question is sent at an arbitrary moment, and the answer arrives `travel_ms` later.
    const SENT_MS: u64 = 1 << 40;
    let at = |ms| Reading { wall: UnixMillis(ms), mono_ms: ms };
    let arrival_ms = SENT_MS.saturating_add(travel_ms);
    let (sent, now) = (at(SENT_MS), at(arrival_ms));
    let mut reader = Reader::new(places(input)?);
    if !before.is_null() {
        let head = head(before, places(input)?)?;
        let age_ms = input::uint(before, "age_ms")?;
        let whole = Answer { since: head.floor(), age_ms: 0, ..head.answer(Stamp::default(), 0) };
        // Learned just now, long ago: age counts from the sending of its own question.
        let learned = at(arrival_ms.saturating_sub(age_ms));
        told(&mut reader, &whole, learned)?;
    }
    let answer = tidings(input::field(input, "answer")?)?;
    let merge = reader.merge(&answer.answer(), sent, now);
    let after = reader.head().map(|head| {
        let mut fields = fields(head);
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("age_ms".into(), json!(reader.age_ms(now)));
        }
        fields
    });
    Ok(json!({"merge": merge.as_str(), "reader": after}))
}

fn check(input: &Value) -> Result<Value, BadCase> {
    let head = head(input::field(input, "head")?, vec![Entry::NONE; HEAD_ENTRIES_MAX])?;
    let record = input::field(input, "record")?;
    let lookup = LookupId::from_hex(input::str(record, "lookup")?).ok_or_else(bad_entry)?;
    let as_of = stamp_of(record, "as_of")?;
    let checked = if record.get("key").is_some() {
        let id = |name| Id::new(input::str(record, name)?).map_err(|_| bad_entry());
        let packed = &mut [0; PACKED_MAX];
        let record = Record {
            vouched: as_of,
            lookup,
            key: id("key")?,
            owner: id("owner")?,
            tenant: id("tenant")?,
            ..blank(packed).ok_or_else(bad_entry)?
        };
        match head.check(record) {
            Checked::Current(current) => Checked::Current(current.record().vouched),
            Checked::Outdated => Checked::Outdated,
            Checked::HeadBehind => Checked::HeadBehind,
        }
    } else {
        match head.check_absence(Absence { as_of, lookup }, 0) {
            Checked::Current(current) => Checked::Current(current.absence().as_of),
            Checked::Outdated => Checked::Outdated,
            Checked::HeadBehind => Checked::HeadBehind,
        }
    };
    Ok(match checked {
        Checked::Current(as_of) => json!({"check": "current", "as_of": stamp(as_of)}),
        Checked::Outdated => json!({"check": "outdated"}),
        Checked::HeadBehind => json!({"check": "head_behind"}),
    })
}

fn sealed(input: &Value) -> Result<Value, BadCase> {
    let peppers = peppers(input)?;
    let head = input::field(input, "head")?;
    let since = input::uint(input, "since")?;
    let Ok(mut list) = list(head) else { return Ok(json!({"error": "head_invalid"})) };
    list.retain(|entry| entry.epoch > since);
    let answer = Answer {
        stamp: stamp_of(head, "head")?,
        floor: input::uint(head, "floor")?,
        since,
        age_ms: input::uint(input, "age_ms")?,
        entries: &list,
    };
    let pepper = u8::try_from(input::uint(input, "k")?).ok().and_then(PepperId::new);
    let pepper = pepper.ok_or_else(|| BadCase("k is no pepper id".into()))?;
    Ok(match head::seal(&answer, &peppers, pepper, &mut vec![0; TEXT_MAX]) {
        Ok(text) => json!({"text": String::from_utf8_lossy(text)}),
        Err(error) => json!({"error": error.code()}),
    })
}

fn opened(input: &Value) -> Result<Value, BadCase> {
    let peppers = peppers(input)?;
    let text = input::text(input, "text")?;
    let places = vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice();
    let mut places: Box<[Entry; HEAD_ENTRIES_MAX]> =
        places.try_into().map_err(|_| BadCase("as many as were made".into()))?;
    Ok(match head::open(&text, &peppers, &mut places) {
        Ok(answer) => json!({
            "k": pepper_of(&text),
            "head": stamp(answer.stamp),
            "floor": answer.floor,
            "since": answer.since,
            "age_ms": answer.age_ms,
            "entries": entries(answer.entries),
        }),
        Err(error) => json!({"error": error.code()}),
    })
}

type Places = Vec<Entry>;

fn places(input: &Value) -> Result<Places, BadCase> {
    let bound = usize::try_from(input::uint(input, "bound")?);
    Ok(vec![Entry::NONE; bound.unwrap_or(HEAD_ENTRIES_MAX)])
}

fn head(value: &Value, places: Places) -> Result<Head<Places>, BadCase> {
    let list = list(value)?;
    let stamp = stamp_of(value, "head")?;
    let floor = input::uint(value, "floor")?;
    // A head is only ever learned: begin with one that knows nothing and tell it all.
    let answer = Answer { stamp, floor, since: floor, age_ms: 0, entries: &list };
    let mut reader = Reader::new(places);
    told(&mut reader, &answer, Reading::default())?;
    reader.head().cloned().ok_or_else(|| BadCase("no head".into()))
}

/// Tells a reader that knows nothing all that a whole answer says.
fn told(reader: &mut Reader<Places>, whole: &Answer<'_>, at: Reading) -> Result<(), BadCase> {
    let merge = reader.merge(whole, at, at);
    let adopted = merge == Merge::Adopted;
    adopted.then_some(()).ok_or_else(|| BadCase(format!("a whole answer was {}", merge.as_str())))
}

fn fields(head: &Head<Places>) -> Value {
    json!({"head": stamp(head.stamp()), "floor": head.floor(), "entries": entries(head.entries())})
}

fn entries(entries: &[Entry]) -> Vec<Value> {
    let entry = |entry: &Entry| {
        let tenant = entry.subject.tenant().as_str();
        let (kind, id) = match &entry.subject {
            Subject::Lookup { lookup, .. } => ("lookup", lookup.to_string()),
            Subject::Key { key, .. } => ("key", key.as_str().to_owned()),
            Subject::Owner { owner, .. } => ("owner", owner.as_str().to_owned()),
            Subject::Tenant { .. } => ("tenant", String::new()),
        };
        json!([entry.epoch, tenant, kind, id])
    };
    entries.iter().map(entry).collect()
}

/// An answer that was opened.
pub(crate) fn tidings(answer: &Value) -> Result<Tidings, BadCase> {
    Ok(Tidings {
        stamp: stamp_of(answer, "head")?,
        floor: input::uint(answer, "floor")?,
        since: input::uint(answer, "since")?,
        age_ms: input::uint(answer, "age_ms")?,
        entries: list(answer)?,
    })
}

fn list(value: &Value) -> Result<Vec<Entry>, BadCase> {
    let entry = |value: &Value| match value.as_array()?.as_slice() {
        [epoch, tenant, kind, id] => {
            Some(Entry { epoch: epoch.as_u64()?, subject: subject(tenant, kind, id)? })
        }
        _ => None,
    };
    array(value, "entries")?.iter().map(|value| entry(value).ok_or_else(bad_entry)).collect()
}

fn subject(tenant: &Value, kind: &Value, id: &Value) -> Option<Subject> {
    let name = |value: &Value| Some(Name::new(Id::new(value.as_str()?).ok()?));
    let tenant = name(tenant)?;
    Some(match kind.as_str()? {
        "lookup" => Subject::Lookup { tenant, lookup: LookupId::from_hex(id.as_str()?)? },
        "key" => Subject::Key { tenant, key: name(id)? },
        "owner" => Subject::Owner { tenant, owner: name(id)? },
        "tenant" if id == "" => Subject::Tenant { tenant },
        _ => return None,
    })
}

fn array<'v>(value: &'v Value, name: &str) -> Result<&'v Vec<Value>, BadCase> {
    let list = input::field(value, name)?.as_array();
    list.ok_or_else(|| BadCase(format!("{name} is no list")))
}

fn stamp_of(value: &Value, name: &str) -> Result<Stamp, BadCase> {
    read_stamp(value.get(name)).ok_or_else(|| BadCase(format!("{name} is no stamp")))
}

fn bad_entry() -> BadCase {
    BadCase("a malformed entry, subject or record".into())
}
