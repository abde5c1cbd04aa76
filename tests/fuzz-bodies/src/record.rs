//! The record decoder.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tollgate_core::{
    key::Env,
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers, danger},
    record::{Expected, PACKED_MAX, open},
};

use crate::counted;

const LOOKUP: &str = "2ccbc0e2728b2154939a868ede964808";

static PEPPERS: LazyLock<Peppers> = LazyLock::new(|| {
    danger::published_peppers(&[Pepper { id: 0, secret: &counted() }], 0).unwrap()
});

/// Opens `data` as a record; then again under a seal that holds. What is accepted then must be spelled
/// exactly as our own writer spells it.
pub fn fuzz_record(data: &[u8]) {
    let expected =
        Expected { lookup: LookupId::from_hex(LOOKUP).unwrap(), env: Env::new("live").unwrap() };
    let mut packed = [0; PACKED_MAX];
    let _ = open(data, &PEPPERS, expected, &mut packed);

    let text = sealed(unsealed(data));
    if open(&text, &PEPPERS, expected, &mut packed).is_ok() {
        let text = String::from_utf8(text).expect("a record is ASCII");
        assert_eq!(spelled_again(&text), text);
    }
}

/// What stands before the seal, if `data` has one.
fn unsealed(data: &[u8]) -> &[u8] {
    const SEAL: &[u8] = b",\"mac\":\"";
    let at = data.windows(SEAL.len()).position(|part| part == SEAL);
    at.and_then(|at| data.get(..at)).unwrap_or(data)
}

fn sealed(body: &[u8]) -> Vec<u8> {
    let key = PEPPERS.record_key(PepperId::new(0).unwrap()).unwrap();
    let mut text = body.to_vec();
    text.extend(b",\"mac\":\"");
    for byte in key.mac_parts(&[b"tgr1", body]) {
        text.extend(format!("{byte:02x}").as_bytes());
    }
    text.extend(b"\"}");
    text
}

/// The record of `text`, taken apart and written anew, by the operations of the specification.
fn spelled_again(text: &str) -> String {
    let secret: String = counted().iter().map(|byte| format!("{byte:02x}")).collect();
    let peppers = json!([{"id": 0, "secret": secret}]);
    let case = json!({"peppers": peppers, "text": text, "lookup": LOOKUP, "env": "live"});
    let opened = tollgate_conformance::apply("record.open", &case).unwrap();
    let case = json!({"peppers": peppers, "record": opened.get("record")});
    let sealed = tollgate_conformance::apply("record.seal", &case).unwrap();
    sealed.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
}
