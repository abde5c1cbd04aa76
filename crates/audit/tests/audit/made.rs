//! Exports of random chains, and how to break one.

use serde_json::{Value, json};
use tollgate_audit::{Actor, Chain, Document, Entry, Image, Keys, Report, Verifier, due, export};
use tollgate_core::{id::Id, network::Address, time::UnixMillis};
use tollgate_identity::{Jwk, SigningKey};
use tollgate_testkit::Random;

/// Anything, as a document.
pub(crate) struct Shown(pub(crate) Value);

impl Document for Shown {
    fn document(&self) -> Value {
        self.0.clone()
    }
}

/// The signing key of a name and a seed's first byte.
pub(crate) fn key(kid: &str, first: u8) -> SigningKey {
    let mut seed = [7; 32];
    seed[0] = first;
    SigningKey::new(kid, "EdDSA", &seed).unwrap()
}

/// What believes `keys`.
pub(crate) fn known(keys: &[&SigningKey]) -> Keys {
    let mut known = Keys::none();
    for key in keys {
        let kid = key.kid();
        known.add(&Jwk { kid: kid.as_str(), alg: "EdDSA", x: key.public() }).unwrap();
    }
    known
}

/// The first instant of every made chain.
pub(crate) const START: u64 = 1_700_000_000_000;

/// An export: its lines, without their ends.
pub(crate) struct Made {
    pub(crate) lines: Vec<String>,
    pub(crate) key: SigningKey,
}

/// An export of a chain of `entries` random entries, with the checkpoints that were due.
pub(crate) fn made(entries: u64, seed: u64) -> Made {
    let mut random = Random::new(seed);
    let key = key("k1", 1);
    let tenant = Id::new("acme").unwrap();
    let before = Chain::new(Some(tenant));
    let mut chain = before;
    let mut lines = vec![export::head(&before).unwrap()];
    let (mut now, mut last, mut since) = (START, None, 0);
    for _ in 0..entries {
        now += random.below(4_000);
        append(&mut lines, &mut chain, &mut random, now);
        since += 1;
        if due(last, UnixMillis(now), since) {
            lines.push(chain.checkpoint(&key, UnixMillis(now)).unwrap());
            (last, since) = (Some(UnixMillis(now)), 0);
        }
    }
    lines.push(export::end(&before, &chain, &key, UnixMillis(now)).unwrap());
    Made { lines, key }
}

fn append(lines: &mut Vec<String>, chain: &mut Chain<'_>, random: &mut Random, now: u64) {
    let subject = format!("key_{:016x}", random.bits());
    let admin = format!("key_{:08x}", random.below(5));
    let request = format!("{:032x}", random.bits());
    let actor = match random.below(8) {
        0 => Actor::Command,
        1 => Actor::System,
        _ => Actor::Key(Id::new(&admin).unwrap()),
    };
    let operation = random.one_of(&["keys.create", "keys.update", "keys.revoke", "owners.stop"]);
    let from = random.one_of(&[None, Some("192.0.2.7"), Some("2001:db8::1")]);
    let entry = Entry {
        at: UnixMillis(now),
        actor,
        operation: Id::new(operation).unwrap(),
        subject: Id::new(&subject).unwrap(),
        before: image(random),
        after: image(random),
        from: from.map(|from| Address::parse(from).unwrap()),
        request: random.happens(800).then(|| Id::new(&request).unwrap()),
    };
    lines.push(chain.append(&entry).unwrap().line);
}

fn image(random: &mut Random) -> Image {
    if random.happens(200) {
        return Image::nothing();
    }
    let name = random.one_of(&["CI", "ünïcode 💡", "a \"quoted\" name", ""]);
    let scopes: Vec<_> = (0..random.below(4)).map(|at| format!("orders:{at}")).collect();
    let rate = random.below(1 << 40);
    Image::of(&Shown(json!({
        "name": name, "scopes": scopes, "limits": [{ "rate": rate }], "expires": null, "active": true,
    })))
}

impl Made {
    /// What verifies it.
    pub(crate) fn keys(&self) -> Keys {
        known(&[&self.key])
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// A verifier for each line, which has read the lines before it.
    pub(crate) fn before_each<'k>(&self, keys: &'k Keys) -> Vec<Verifier<'k>> {
        let mut verifier = Verifier::new(keys);
        let mut before = vec![];
        for line in &self.lines {
            before.push(verifier.clone());
            feed(&mut verifier, line);
        }
        let report = verifier.finish();
        assert_eq!(report.wrong, None, "what was written holds");
        before
    }

    /// Which lines are entries.
    pub(crate) fn entries(&self) -> Vec<usize> {
        let entry = |at: &usize| self.lines[*at].starts_with("{\"entry\":");
        (0..self.lines.len()).filter(entry).collect()
    }
}

/// Gives a line to a verifier.
pub(crate) fn feed(verifier: &mut Verifier<'_>, line: &str) {
    verifier.feed(line.as_bytes());
    verifier.feed(b"\n");
}

/// What is found in lines that follow what `before` has read. It need not read on after the first wrong one.
pub(crate) fn after<'l>(before: &Verifier<'_>, lines: impl IntoIterator<Item = &'l str>) -> Report {
    let mut verifier = before.clone();
    for line in lines {
        feed(&mut verifier, line);
        if verifier.is_wrong() {
            break;
        }
    }
    verifier.finish()
}

/// What is found in a text.
pub(crate) fn report(text: &str, keys: &Keys) -> Report {
    let mut verifier = Verifier::new(keys);
    verifier.feed(text.as_bytes());
    verifier.finish()
}

/// The code and the line of what is wrong.
pub(crate) fn wrong(report: &Report) -> (&'static str, u64) {
    report.wrong.as_ref().map_or(("none", 0), |wrong| (wrong.fault.code(), wrong.line))
}
