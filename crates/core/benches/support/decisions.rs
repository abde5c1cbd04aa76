//! What is measured of buckets, leases, records, the head and the decision.

use core::cell::RefCell;
use std::hint::black_box;

use tollgate_core::{
    bucket::{Bucket, Debit, Wait},
    decision::{Known, Presented, Request, decide},
    head::{self, Checked, Entry, Freshness, HEAD_ENTRIES_MAX, Head, Name, Subject},
    id::Id,
    key::ApiKey,
    lease::{Answer, HolderId, Host, Lease, Purse, Queue},
    limit::{Limit, LimitScope, Numbers},
    lookup::LookupId,
    record::{Draft, Expected, PACKED_MAX, Record},
    scope::Scope,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

use super::{Case, case, leak, records};

const NOW: Reading = Reading { wall: UnixMillis(1_700_000_000_000), mono_ms: 1_000 };

/// The cases.
pub fn all() -> Vec<Case> {
    let numbers = Numbers::steady(4_294_967_295, 1_000, 1_000).unwrap();
    let changed = Stamp { incarnation: 1, epoch: 1 };
    let limit = Limit { name: Id::new("burst").unwrap(), scope: LimitScope::Key, numbers, changed };
    let draft = Draft {
        plan: Some("pro"),
        scopes: &["orders:read", "orders:write", "invoices:*"],
        limits: leak([limit]),
        ..records::plain()
    };
    let text: &'static [u8] = records::text(&draft).unwrap().leak();
    let packed: &'static [u8; PACKED_MAX] = {
        let packed = leak_mut([0; PACKED_MAX]);
        records::record(&draft, packed);
        packed
    };
    let ring: &'static _ = leak(records::ring());
    let brand: &'static _ = leak(tollgate_core::key::Brand::new("tg", &["live", "test"]).unwrap());
    let genuine = records::genuine("live");
    let key: &'static str = leak(records::key("live"));
    let record = Record::unpack(packed).unwrap();
    let head: &'static _ = leak(Head::begin(record.as_of, vec![Entry::NONE; HEAD_ENTRIES_MAX]));
    let moved: &'static _ = leak(moved_on(record.as_of));
    let full: &'static _ = leak(full_list(record.as_of));
    let required: &'static [Scope<'static>] = leak([Scope::new("orders:read").unwrap()]);
    let request = Request { address: None, country: None, required, cost: 1, limits: &[] };
    let decided = move |purse: &RefCell<Purse>, genuine| {
        let Some(record) = Record::unpack(black_box(packed)) else { return false };
        let Checked::Current(current) = head.check(record) else { return false };
        let presented = Presented::Genuine(genuine, Known::Current(current));
        let purses = &mut [&mut *purse.borrow_mut()];
        matches!(
            decide(presented, Freshness::Fresh, &request, purses, black_box(NOW)),
            tollgate_core::decision::Step::Verdict(tollgate_core::decision::Verdict::Allow(_))
        )
    };
    let (spent, warm, whole) = (purse(&limit), purse(&limit), purse(&limit));
    let bucket = RefCell::new(Bucket::full(numbers, NOW.wall));
    let sealed = |asker| -> &'static [u8] {
        let mut out = vec![0; head::TEXT_MAX];
        let answer = full.answer(asker, 0);
        head::seal(&answer, ring, ring.issuing(), &mut out).unwrap().to_vec().leak()
    };
    let (whole_text, empty_text) = (sealed(Stamp::default()), sealed(full.stamp()));
    let out = RefCell::new(vec![0; head::TEXT_MAX]);
    let places = || RefCell::new(Box::new([Entry::NONE; HEAD_ENTRIES_MAX]));
    let (places, few) = (places(), places());
    vec![
        case("bucket debited", move || {
            let mut bucket = bucket.borrow_mut();
            if let Debit::Taken(next) = bucket.debit(numbers, 1, black_box(NOW.wall)) {
                *bucket = next;
            }
        }),
        case("lease spent", move || spent.borrow_mut().spend(1, black_box(NOW))),
        case("record opened", move || {
            let expected = Expected::from(&genuine);
            let packed = &mut [0; PACKED_MAX];
            tollgate_core::record::open(black_box(text), ring, expected, packed).is_ok()
        }),
        case("record viewed", move || Record::unpack(black_box(packed))),
        case("head checked, same stamp", move || head.check(black_box(record))),
        case("head checked, 32 entries on", move || moved.check(black_box(record))),
        case("head folded, 1024 entries", move || full.clone().record(Some(subject(9_999)))),
        case("head copied, 1024 entries", move || full.clone()),
        case("head sealed, 1024 entries", move || {
            let answer = black_box(full).answer(Stamp::default(), 0);
            head::seal(&answer, ring, ring.issuing(), &mut out.borrow_mut()).is_ok()
        }),
        case("head opened, 1024 entries", move || {
            head::open(black_box(whole_text), ring, &mut places.borrow_mut()).is_ok()
        }),
        case("head opened, no entry", move || {
            head::open(black_box(empty_text), ring, &mut few.borrow_mut()).is_ok()
        }),
        case("decided, warm", move || assert!(decided(&warm, genuine))),
        case("decided from bytes, warm", move || {
            let key = ApiKey::parse(black_box(key.as_bytes()), brand).unwrap();
            assert!(decided(&whole, ring.prove(&key).unwrap()));
        }),
    ]
}

/// A purse with tokens enough for any measurement.
fn purse(limit: &Limit<'_>) -> RefCell<Purse> {
    let mut purse = Purse::new(limit.numbers, limit.changed, Host::Background, 0);
    let ask = purse.ask(HolderId([1; 16]), Queue { tokens: 1, largest: 1 }, NOW).unwrap();
    let lease = Lease {
        seq: ask.seq,
        granted_waiting: 0,
        granted: 4_294_967_295,
        ttl_ms: 5_000,
        retry_after: Wait::Later(0),
        ask_after_ms: 0,
        numbers: limit.numbers,
        changed: limit.changed,
        left: 0,
    };
    purse.receive(&Answer::Lease(lease), NOW);
    RefCell::new(purse)
}

/// A head 32 changes of other tenants on.
fn moved_on(stamp: Stamp) -> Head<Vec<Entry>> {
    let mut head = Head::begin(stamp, vec![Entry::NONE; HEAD_ENTRIES_MAX]);
    for number in 0..32 {
        head.record(Some(subject(number)));
    }
    head
}

/// A head without room for one more: 512 tenants with two entries each.
fn full_list(stamp: Stamp) -> Head<Vec<Entry>> {
    let mut head = Head::begin(stamp, vec![Entry::NONE; HEAD_ENTRIES_MAX]);
    for number in 0..1_024 {
        head.record(Some(subject(number)));
    }
    head
}

fn subject(number: u16) -> Subject {
    let tenant = format!("tenant-{}", number / 2);
    let [high, low] = number.to_be_bytes();
    let mut lookup = [7; 16];
    lookup[..2].copy_from_slice(&[high, low]);
    Subject::Lookup { tenant: Name::new(Id::new(&tenant).unwrap()), lookup: LookupId::new(lookup) }
}

fn leak_mut<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}
