//! Records: what goes in comes out, and nothing else does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

#[path = "support/records.rs"]
mod records;

use records::{genuine, open, plain, record, ring, text};
use tollgate_core::{
    head::{Checked, Entry, Head},
    id::Id,
    limit::{Limit, LimitScope, Numbers, Period},
    lookup::LookupId,
    record::{
        self, Absence, Bounds, Draft, Expected, Found, PACKED_MAX, Record, RecordError, TEXT_MAX,
        vouch,
    },
    sealed::SealError,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_testkit::Random;

fn limit(name: &str, numbers: Numbers) -> Limit<'_> {
    let changed = Stamp { incarnation: 1, epoch: 40 };
    Limit { name: Id::new(name).unwrap(), scope: LimitScope::Key, numbers, changed }
}

/// A record as most deployments have them.
fn usual(check: impl FnOnce(&Draft<'_>)) {
    let limits = [limit("burst", Numbers::steady(100, 50, 1_000).unwrap())];
    let quotas = [limit("daily", Numbers::quota(100_000, Period::Day).unwrap())];
    check(&Draft {
        expires: Some(UnixMillis(1_798_761_600_000)),
        plan: Some("pro"),
        scopes: &["orders:read", "orders:write", "invoices:*"],
        limits: &limits,
        quotas: &quotas,
        ..plain()
    });
}

#[test]
fn what_was_sealed_is_what_is_read() {
    usual(|draft| {
        let packed = &mut [0; PACKED_MAX];
        let record = record(draft, packed);
        assert_eq!(record.as_of, draft.as_of);
        assert_eq!(record.lookup, draft.lookup);
        assert_eq!(record.key.as_str(), draft.key);
        assert_eq!(record.tenant.as_str(), draft.tenant);
        assert_eq!(record.owner.as_str(), draft.owner);
        assert_eq!(record.env, draft.env);
        assert_eq!(record.state, draft.state);
        assert_eq!(record.not_before, draft.not_before);
        assert_eq!(record.expires, draft.expires);
        assert_eq!(record.plan.map(Id::as_str), draft.plan);
        let scopes: Vec<_> = record.scopes.iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, draft.scopes);
        assert_eq!(record.limits.iter().collect::<Vec<_>>(), draft.limits);
        assert_eq!(record.quotas.iter().collect::<Vec<_>>(), draft.quotas);
    });
}

#[test]
fn the_bounds_of_a_packed_record_are_those_of_its_view() {
    usual(|draft| {
        let packed = &mut [0; PACKED_MAX];
        record(draft, packed);
        let bounds = Bounds::unpack(packed).unwrap();
        assert_eq!(bounds.limits.iter().collect::<Vec<_>>(), draft.limits);
        assert_eq!(bounds.quotas.iter().collect::<Vec<_>>(), draft.quotas);
        let whole = Record::packed_len(packed).unwrap();
        assert!((0..whole).any(|len| Bounds::unpack(&packed[..len]).is_none()));
    });
}

#[test]
fn a_usual_record_is_cached_in_300_bytes() {
    usual(|draft| {
        let packed = &mut [0; PACKED_MAX];
        record(draft, packed);
        let used = PACKED_MAX - packed.iter().rev().take_while(|byte| **byte == 0).count();
        assert!(used <= 300, "{used} bytes");
    });
}

#[test]
fn a_text_cut_short_anywhere_is_no_record() {
    usual(|draft| {
        let text = text(draft).unwrap();
        for len in 0..text.len() {
            let error = open(&text[..len], draft.lookup, &mut [0; PACKED_MAX]).unwrap_err();
            assert!(matches!(error, RecordError::Sealed(_)), "{len}: {error:?}");
        }
    });
}

#[test]
fn a_text_with_any_bit_changed_is_no_record() {
    usual(|draft| {
        let text = text(draft).unwrap();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[at] ^= 1 << bit;
                open(&changed, draft.lookup, &mut [0; PACKED_MAX]).unwrap_err();
            }
        }
    });
}

#[test]
fn a_record_is_read_for_its_own_secret_and_env_only() {
    let text = text(&plain()).unwrap();
    let other = LookupId::new([0; 16]);
    assert_eq!(open(&text, other, &mut [0; PACKED_MAX]).unwrap_err(), RecordError::OtherLookup);
    let expected = Expected::from(&genuine("test"));
    let lookup = genuine("live").lookup();
    let packed = &mut [0; PACKED_MAX];
    let error = record::open(&text, &ring(), Expected { lookup, ..expected }, packed);
    assert_eq!(error.unwrap_err(), RecordError::OtherEnv);
}

#[test]
fn a_head_key_seals_no_record() {
    let text = text(&plain()).unwrap();
    let ring = ring();
    let end = text.len() - 74;
    let seal = ring.head_key(ring.issuing()).unwrap().mac_parts(&[b"tgr1", &text[..end]]);
    let mut forged = text[..end].to_vec();
    forged.extend(b",\"mac\":\"");
    forged.extend(seal.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()));
    forged.extend(b"\"}");
    let error = open(&forged, plain().lookup, &mut [0; PACKED_MAX]).unwrap_err();
    assert_eq!(error, RecordError::Sealed(SealError::Broken));
}

#[test]
fn the_largest_record_fits_its_text_and_its_cache() {
    let side = "a".repeat(30);
    let scopes: Vec<_> = (10..74).map(|n| format!("{side}{n}:{side}{n}")).collect();
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let names: Vec<_> = (10..22).map(|n| format!("{}{n}", "n".repeat(62))).collect();
    let changed = Stamp { incarnation: 1 << 53, epoch: 1 << 53 };
    let limit =
        |name, numbers| Limit { scope: LimitScope::Global, changed, ..limit(name, numbers) };
    let steady = Numbers::steady(2_147_483_647, 4_294_967_295, 4_294_967_295).unwrap();
    let quota = Numbers::quota(4_294_967_295, Period::Total).unwrap();
    let limits: Vec<_> = names[..8].iter().map(|name| limit(name, steady)).collect();
    let quotas: Vec<_> = names[8..].iter().map(|name| limit(name, quota)).collect();
    let block = "1111:1111:1111:1111:1111:1111:1111";
    let blocks: Vec<_> = (0..32).map(|n| format!("{block}:{:x}/128", 0x1000 + n)).collect();
    let blocks: Vec<_> = blocks.iter().map(String::as_str).collect();
    let codes: Vec<_> = (0..64_u8)
        .map(|n| format!("{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26)))
        .collect();
    let codes: Vec<_> = codes.iter().map(String::as_str).collect();
    let name = "i".repeat(64);
    let draft = Draft {
        as_of: changed,
        key: &name,
        tenant: &name,
        owner: &name,
        plan: Some(&name),
        not_before: Some(UnixMillis((1 << 53) - 1)),
        expires: Some(UnixMillis(1 << 53)),
        scopes: &scopes,
        limits: &limits,
        quotas: &quotas,
        ips_allowed: &blocks,
        ips_denied: &blocks,
        countries_allowed: &codes,
        countries_denied: &codes,
        ..plain()
    };
    let text = text(&draft).unwrap();
    assert!(text.len() <= TEXT_MAX, "{}", text.len());
    let packed = &mut [0; PACKED_MAX];
    let record = record(&draft, packed);
    assert_eq!(record.scopes.len(), 64);
    assert_eq!(record.limits.len() + record.quotas.len(), 12);
    assert_eq!(record.ips_denied.iter().count(), 32);
    assert_eq!(record.countries_denied.iter().count(), 64);
}

#[test]
fn nothing_is_sealed_that_could_not_be_opened() {
    let zero = Stamp { incarnation: 0, epoch: 1 };
    let twice = ["a:b", "a:b"];
    let one = limit("burst", Numbers::steady(1, 1, 1).unwrap());
    let quota = [limit("burst", Numbers::quota(1, Period::Day).unwrap())];
    let later = [Limit { changed: Stamp { incarnation: 1, epoch: 43 }, ..one }];
    let by_address =
        [Limit { scope: LimitScope::Ip, ..limit("q", Numbers::quota(1, Period::Day).unwrap()) }];
    let cases: [(&str, Draft<'_>); 12] = [
        ("an incarnation of 0", Draft { as_of: zero, ..plain() }),
        ("a blank key id", Draft { key: "", ..plain() }),
        ("a tenant with a quote", Draft { tenant: "a\"b", ..plain() }),
        ("an owner with two @", Draft { owner: "a@b@c", ..plain() }),
        ("a blank plan", Draft { plan: Some(""), ..plain() }),
        ("an expiry of 0", Draft { expires: Some(UnixMillis(0)), ..plain() }),
        (
            "an expiry not after its beginning",
            Draft { not_before: Some(UnixMillis(5)), expires: Some(UnixMillis(5)), ..plain() },
        ),
        ("a scope twice", Draft { scopes: &twice, ..plain() }),
        ("a limit and a quota of one name", Draft { limits: &[one], quotas: &quota, ..plain() }),
        ("numbers that changed after the reading", Draft { limits: &later, ..plain() }),
        ("a quota by address", Draft { quotas: &by_address, ..plain() }),
        ("a block with bits after its length", Draft { ips_denied: &["10.0.0.1/8"], ..plain() }),
    ];
    for (what, draft) in cases {
        assert!(text(&draft).is_err(), "{what} was sealed");
    }
}

#[test]
fn an_absence_says_what_was_not_there_and_when() {
    let ring = ring();
    let absence = Absence { as_of: Stamp { incarnation: 2, epoch: 9 }, lookup: plain().lookup };
    let mut out = [0; 512];
    let text = record::seal_absence(absence, &ring, ring.issuing(), &mut out).unwrap();
    match open(text, plain().lookup, &mut [0; PACKED_MAX]).unwrap() {
        Found::Absent(found) => assert_eq!(found, absence),
        Found::Present(_) => panic!("an absence became a record"),
    }
    let error = open(text, LookupId::new([1; 16]), &mut [0; PACKED_MAX]).unwrap_err();
    assert_eq!(error, RecordError::OtherLookup);
}

#[test]
fn a_record_is_sealed_again_as_of_a_later_stamp_and_is_otherwise_the_same() {
    usual(|draft| {
        let (ring, later) = (ring(), Stamp { epoch: 1_000, ..draft.as_of });
        let mut out = [0; TEXT_MAX];
        let again = record::restamp(&text(draft).unwrap(), later, &ring, &mut out).unwrap();
        assert_eq!(again, text(&Draft { as_of: later, ..*draft }).unwrap());
        // One that somebody else wrote is not given our seal.
        let forged: Vec<u8> = text(draft).unwrap().iter().map(|byte| byte ^ (byte & 1)).collect();
        let whole = text(draft).unwrap();
        for broken in [&forged[..], &whole[..whole.len() - 1], &[], &whole[1..]] {
            let refused = record::restamp(broken, later, &ring, &mut out).unwrap_err();
            assert!(matches!(refused, RecordError::Sealed(_)));
        }
        record::restamp(&whole, later, &ring, &mut [0; 64]).unwrap_err();
    });
}

#[test]
fn what_the_head_vouches_for_is_noted_and_changes_nothing_else() {
    usual(|draft| {
        let packed = &mut [0; PACKED_MAX];
        record(draft, packed);
        let later = Stamp { incarnation: 1, epoch: 1_000 };
        let head = Head::begin(draft.as_of, [Entry::NONE; 1]);
        let mut moved = head.clone();
        while moved.stamp().epoch < later.epoch {
            moved.record(None);
        }
        let Checked::Current(current) = moved.check(Record::unpack(packed).unwrap()) else {
            panic!("nothing has happened to it");
        };
        let vouched = current.vouched();
        vouch(packed, vouched);
        let other = Draft { lookup: LookupId::new([5; 16]), ..*draft };
        let of_another = &mut [0; PACKED_MAX];
        record(&other, of_another);
        vouch(of_another, vouched);
        assert_eq!(Record::unpack(of_another).unwrap().vouched, other.as_of);
        let record = Record::unpack(packed).unwrap();
        assert_eq!(record.vouched, later);
        assert_eq!(record.as_of, draft.as_of);
        assert_eq!(record.lookup, draft.lookup);
        assert_eq!(record.limits.iter().collect::<Vec<_>>(), draft.limits);
    });
}

#[test]
fn no_bytes_stop_the_decoder() {
    let mut random = Random::new(0x7011);
    usual(|draft| {
        let packed = &mut [0; PACKED_MAX];
        record(draft, packed);
        for _ in 0..20_000 {
            let mut bytes = packed[..400].to_vec();
            for _ in 0..random.within(1, 5) {
                let at = random.place(bytes.len());
                bytes[at] = random.byte();
            }
            bytes.truncate(random.place(bytes.len() + 1));
            if let Some(record) = Record::unpack(&bytes) {
                // Damaged lists end early; they never panic and never go on for ever.
                assert!(record.scopes.iter().count() <= 255);
                assert!(record.limits.iter().chain(record.quotas).count() <= 510);
                let bounds = Bounds::unpack(&bytes).unwrap();
                assert!(bounds.limits.iter().eq(record.limits));
                assert!(bounds.quotas.iter().eq(record.quotas));
            }
        }
    });
}

#[test]
fn what_was_refused_leaves_nothing_to_unpack() {
    let limits = [limit("burst", Numbers::steady(1, 1, 1_000).unwrap())];
    let draft = Draft { limits: &limits, ips_denied: &["0.0.0.0/0"], ..plain() };
    let good = String::from_utf8(text(&draft).unwrap()).unwrap();
    let resealed = |body: String| {
        let ring = ring();
        let key = ring.record_key(ring.issuing()).unwrap();
        let seal = key.mac_parts(&[b"tgr1", body.as_bytes()]);
        let digits: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{body},\"mac\":\"{digits}\"}}")
    };
    let body = good.split(",\"mac\"").next().unwrap();
    for (what, body) in [
        ("an unknown scope of a limit", body.replace("\"scope\":\"key\"", "\"scope\":\"region\"")),
        ("a field too many", format!("{body},\"new\":1")),
        ("a block twice", body.replace("\"0.0.0.0/0\"", "\"0.0.0.0/0\",\"0.0.0.0/0\"")),
        ("another env", body.replace("\"env\":\"live\"", "\"env\":\"test\"")),
        ("an absence", format!("{},\"absent\":true", body.split(",\"key\"").next().unwrap())),
    ] {
        let packed = &mut [0; PACKED_MAX];
        record(&draft, packed);
        let found = open(resealed(body).as_bytes(), draft.lookup, packed);
        assert!(!matches!(found, Ok(Found::Present(_))), "{what}");
        assert!(Record::unpack(packed).is_none(), "{what}");
    }
    let packed = &mut [0; PACKED_MAX];
    record(&draft, packed);
    open(good.replace("key_7Hq2", "key_7Hq3").as_bytes(), draft.lookup, packed).unwrap_err();
    assert!(Record::unpack(packed).is_none(), "a broken seal");
}
