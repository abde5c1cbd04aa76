//! Messages of Envoy's authorization service, put together and taken apart by the numbers of the published
//! definitions.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};

use crate::h2::Told;

/// A field of a message that is a text, bytes or a message.
pub(crate) fn long(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut field = vec![number << 3 | 2];
    let mut rest = content.len();
    while rest > 127 {
        field.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    field.push(u8::try_from(rest).unwrap());
    field.extend_from_slice(content);
    field
}

/// Fields joined by name, as Envoy tells them unless it is told otherwise.
pub(crate) fn joined(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut map = BTreeMap::<&str, String>::new();
    for (name, value) in fields {
        map.entry(name)
            .and_modify(|known| known.push_str(&format!(",{value}")))
            .or_insert_with(|| (*value).into());
    }
    map.iter().flat_map(|(name, value)| long(3, [long(1, name), long(2, value)].concat())).collect()
}

/// Fields as they came.
pub(crate) fn raw(fields: &[(&str, &str)]) -> Vec<u8> {
    let all = fields.iter().map(|(name, value)| long(1, [long(1, name), long(3, value)].concat()));
    long(13, all.collect::<Vec<_>>().concat())
}

/// A `CheckRequest` from `source`.
pub(crate) fn question(source: &str, method: &str, target: &str, fields: &[u8]) -> Vec<u8> {
    let pseudo = [(":method", method), (":path", target), (":authority", "app.example")];
    let http = [&long(2, method), &joined(&pseudo)[..], &long(4, target), fields].concat();
    let address = long(1, long(1, [long(2, source), vec![3 << 3, 80]].concat()));
    long(1, [long(1, address), long(4, long(2, http))].concat())
}

/// A message behind its length.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// A message taken apart: what stands at each number.
#[derive(Debug, Default)]
pub(crate) struct Message(BTreeMap<u64, Vec<Bytes>>);

impl Message {
    pub(crate) fn read(mut bytes: Bytes) -> Self {
        let mut message = Self::default();
        while bytes.has_remaining() {
            let tag = number(&mut bytes);
            let value = match tag & 7 {
                0 => Bytes::from(number(&mut bytes).to_string()),
                2 => {
                    let length = usize::try_from(number(&mut bytes)).unwrap();
                    bytes.split_to(length)
                }
                other => panic!("a field of the kind {other}"),
            };
            message.0.entry(tag >> 3).or_default().push(value);
        }
        message
    }

    pub(crate) fn all(&self, number: u64) -> &[Bytes] {
        self.0.get(&number).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn message(&self, number: u64) -> Option<Self> {
        self.all(number).first().cloned().map(Self::read)
    }

    pub(crate) fn text(&self, number: u64) -> String {
        self.all(number)
            .first()
            .map_or_else(String::new, |text| String::from_utf8(text.to_vec()).unwrap())
    }

    /// The fields in a list of `HeaderValueOption`, and what becomes of those that are there.
    pub(crate) fn options(&self, number: u64) -> Vec<(String, String, String)> {
        let all = self.all(number).iter().cloned().map(Self::read);
        all.map(|option| {
            let header = option.message(1).unwrap();
            assert!(option.all(2).is_empty() && header.all(3).is_empty());
            (header.text(1), header.text(2), option.text(3))
        })
        .collect()
    }
}

fn number(bytes: &mut Bytes) -> u64 {
    let mut number = 0;
    for place in 0.. {
        let byte = bytes.get_u8();
        number |= u64::from(byte & 127) << (7 * place);
        if byte < 128 {
            break;
        }
    }
    number
}

/// What Envoy is told.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// 0 lets the request pass.
    pub(crate) code: String,
    /// What its client is told instead.
    pub(crate) status: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) body: String,
    /// What the origin is told: name, value, and how.
    pub(crate) inward: Vec<(String, String, String)>,
    pub(crate) removed: Vec<String>,
    pub(crate) outward: Vec<(String, String, String)>,
    pub(crate) parameters: Vec<String>,
}

/// The verdict in an answer that must hold one.
pub(crate) fn verdict(told: &Told) -> Verdict {
    assert_eq!((told.status, told.field("content-type")), (200, Some("application/grpc")));
    assert!(told.field("grpc-status").is_none(), "{told:?}");
    let trailers = told.trailers.as_ref().expect("the call has a status");
    assert_eq!(trailers["grpc-status"], "0");
    let length = told.body.slice(1..5).get_u32();
    assert_eq!((told.body[0], usize::try_from(length).unwrap()), (0, told.body.len() - 5));
    let response = Message::read(told.body.slice(5..));
    let code = response.message(1).unwrap().text(1);
    let mut verdict =
        Verdict { code: if code.is_empty() { "0".into() } else { code }, ..Verdict::default() };
    if let Some(denied) = response.message(2) {
        verdict.status = denied.message(1).unwrap().text(1);
        verdict.body = denied.text(3);
        for (name, value, action) in denied.options(2) {
            assert_eq!(action, if name == "vary" { "" } else { "2" }, "{name}");
            assert!(verdict.fields.insert(name, value).is_none());
        }
    }
    if let Some(allowed) = response.message(3) {
        verdict.inward = allowed.options(2);
        verdict.outward = allowed.options(6);
        let texts = |number| {
            allowed
                .all(number)
                .iter()
                .map(|text| String::from_utf8(text.to_vec()).unwrap())
                .collect()
        };
        (verdict.removed, verdict.parameters) = (texts(5), texts(8));
    }
    assert_eq!(verdict.code == "0", verdict.status.is_empty());
    verdict
}
