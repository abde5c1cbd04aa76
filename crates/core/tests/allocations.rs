//! The core mints, proves, reads, leases, decides and refuses without asking for memory.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "support/records.rs"]
mod records;

use tollgate_core::{
    decision::{Known, Need, Presented, Request, Step, Verdict, decide},
    head::{Checked, Entry, Freshness, Head, Name, Subject},
    id::Id,
    key::{ApiKey, Brand, Draw, mint},
    lease::{Account, HolderId, Host, Purse, Queue, Slot, Standard},
    limit::{Limit, LimitScope, Numbers},
    pepper::{Pepper, Peppers},
    record::{self, Draft, Expected, Found, PACKED_MAX},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_testkit::allocations::{Counting, count};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The only test here: another one beside it would be counted too.
#[test]
fn nothing_makes_the_core_allocate() {
    let brand = Brand::new("tg", &["live"]).unwrap();
    let secret = b"not a secret, but no progression";
    let good = minted_text();
    let mistyped = good.replace("tg_live_1", "tg_live_2");
    let long = "a".repeat(65_536);

    let counted = count(|| {
        let ring = Peppers::new(&[Pepper { id: 3, secret }], 3).unwrap();
        let env = brand.envs().next().unwrap();
        let draw = Draw::new(b"nineteen bytes long").unwrap();
        let minted = mint(brand.prefix(), env, &ring, &draw);
        let key = ApiKey::parse(minted.as_str().as_bytes(), &brand).unwrap();
        assert!(ring.prove(&key).is_ok());
        let forged = ApiKey::parse(good.as_bytes(), &brand).unwrap();
        assert!(ring.prove(&forged).is_err());
        for text in ["", "tg_live_", &mistyped, &long] {
            assert!(ApiKey::parse(text.as_bytes(), &brand).is_err());
        }
    });
    assert_eq!(counted, 0);
    assert_eq!(a_request_from_store_to_revocation(), 0);
    assert!(count(|| drop(std::hint::black_box(Box::new(1)))) > 0, "the counter counts");
}

/// How often memory is asked for while a record is opened, tokens are leased, requests are decided and
/// the key is revoked.
fn a_request_from_store_to_revocation() -> usize {
    let numbers = Numbers::steady(40, 20, 1_000).unwrap();
    let changed = Stamp { incarnation: 1, epoch: 40 };
    let limit = Limit { name: Id::new("burst").unwrap(), scope: LimitScope::Key, numbers, changed };
    let limits = [limit];
    let draft = Draft { scopes: &["orders:read"], limits: &limits, ..records::plain() };
    let (text, ring, genuine) =
        (records::text(&draft).unwrap(), records::ring(), records::genuine("live"));
    let now = Reading { wall: UnixMillis(1_700_000_000_000), mono_ms: 7 };
    let room = &mut [0; PACKED_MAX];
    let known = records::record(&draft, room);
    count(|| {
        let packed = &mut [0; PACKED_MAX];
        let expected = Expected::from(&genuine);
        let found = record::open(&text, &ring, expected, packed).unwrap();
        let Found::Present(record) = found else { unreachable!() };
        assert_eq!(record.key, known.key);
        let mut head = Head::begin(record.as_of, [Entry::NONE; 4]);
        let Checked::Current(current) = head.check(record) else { unreachable!() };
        let presented = Presented::Genuine(genuine, Known::Current(current));
        let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
        let mut purses = [Purse::new(numbers, changed, Host::Background, 0)];
        let (mut allowed, mut asked) = (0, 0);
        let mut slots = [Slot::VACANT; 2];
        let mut account = None;
        for _ in 0..100 {
            match decide(presented, Freshness::Fresh, &request, &mut purses, now) {
                Step::Verdict(Verdict::Allow(_)) => allowed += 1,
                Step::Verdict(Verdict::Deny(_)) => {}
                Step::Await(Need::Head | Need::Record) => unreachable!(),
                Step::Await(Need::Tokens(_)) => {
                    let queue = Queue { tokens: 1, largest: 1 };
                    let ask = purses[0].ask(HolderId([1; 16]), queue, now).unwrap();
                    let account = account.get_or_insert_with(|| Account::new(&ask, now.wall));
                    let answer = account.exchange(&mut slots, &ask, now.wall, &Standard::default());
                    purses[0].receive(&answer.answer(), now);
                    asked += 1;
                }
            }
        }
        assert!(allowed > 30 && allowed <= 40 && asked > 0);
        let (tenant, key) = (Name::new(record.tenant), Name::new(record.key));
        head.record(Some(Subject::Key { tenant, key }));
        assert!(matches!(head.check(record), Checked::Outdated));
    })
}

/// A key of another ring.
fn minted_text() -> String {
    let secret = b"another secret that is none, too";
    let ring = Peppers::new(&[Pepper { id: 3, secret }], 3).unwrap();
    let brand = Brand::new("tg", &["live"]).unwrap();
    let env = brand.envs().next().unwrap();
    mint(brand.prefix(), env, &ring, &Draw::new(b"nineteen bytes long").unwrap()).as_str().into()
}
