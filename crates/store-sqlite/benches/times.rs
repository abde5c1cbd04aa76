//! How long the store takes, in a file and in memory: `cargo bench -p tollgate-store-sqlite [-- --json]`.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints, and stops at the first thing that is not right"
)]

use std::{env, fs, process, sync::Arc, time::Instant};

use tollgate_core::{
    key::Env,
    lease::{Ask, Deadline, HolderId},
    limit::{LimitScope, Numbers},
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers},
    record::Expected,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Errand, ErrandId, Lookup, Question};
use tollgate_ledger::{Change, Ledger, LimitSpec, Secret, Settings};
use tollgate_store_sqlite::{Access, Store};

/// How often each case is timed; the median is printed, and the slowest of a hundred.
const ROUNDS: usize = 301;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const KEYS: u32 = 1_000;

fn main() {
    let folder = env::temp_dir().join(format!("tollgate-times-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = Store::open(&folder.join("store.db"), Access::Create).unwrap();
    for (place, store) in [("file", file), ("memory", Store::memory().unwrap())] {
        run(place, store);
    }
    fs::remove_dir_all(&folder).unwrap();
}

fn run(place: &str, mut store: Store) {
    let peppers = ring();
    for number in 0..KEYS {
        store.change(&creation(number), NOW).unwrap();
    }
    let mut changes = 0;
    time(place, "a change", || {
        changes += 1;
        let id = format!("key_{}", changes % KEYS);
        store.change(&Change::Disable { id }, NOW).unwrap();
    });
    let stamp = store.stamp().unwrap();
    let mut turn = 0;
    for (name, leases, buckets) in
        [("a lease", 1, 1), ("64 leases of 64 buckets", 64, 64), ("64 leases of one bucket", 64, 1)]
    {
        time(place, name, || {
            turn += 1;
            let errands: Vec<Errand> =
                (0..leases).map(|at| lease(at % buckets, at, turn, stamp)).collect();
            let replies = store.answer(&errands, &peppers, NOW.plus(turn));
            assert!(replies.iter().all(|(_, reply)| reply.is_ok()));
        });
    }
    for (name, count) in [("a record", 1), ("64 records", 64)] {
        time(place, name, || {
            turn += 1;
            let of = |at| {
                let number = u32::try_from((turn * 17 + at) % u64::from(KEYS)).unwrap();
                let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
                errand(Question::Record { expected, of: Lookup::Authority }, stamp)
            };
            let errands: Vec<Errand> = (0..count).map(of).collect();
            let replies = store.answer(&errands, &peppers, NOW);
            assert!(replies.iter().all(|(_, reply)| reply.is_ok()));
        });
    }
    for (name, since) in [("the head, known", stamp), ("the head, whole", Stamp::default())] {
        time(place, name, || {
            let replies = store.answer(&[errand(Question::Head, since)], &peppers, NOW);
            assert!(replies[0].1.is_ok());
        });
    }
}

/// The median of so many rounds; each is timed alone, because what waits for a disk has a long tail.
fn time(place: &str, name: &str, mut run: impl FnMut()) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (median, slow) = (times[ROUNDS / 2], times[ROUNDS - ROUNDS / 100 - 1]);
    if env::args().any(|argument| argument == "--json") {
        println!("{{\"name\":\"{place}: {name}\",\"value\":{median:.0},\"unit\":\"ns\"}}");
    } else {
        let (median, slow) = (median / 1e3, slow / 1e3);
        println!("{place:<7} {name:<26} {median:>9.1} µs   one in a hundred above {slow:>9.1} µs");
    }
}

fn errand(question: Question, since: Stamp) -> Errand {
    Errand { id: ErrandId(1), question, since, deadline_ms: 50 }
}

/// An ask of a busy bucket that four processes share.
fn lease(bucket: u64, holder: u64, seq: u64, since: Stamp) -> Errand {
    let holder = u8::try_from(1 + holder % 4).unwrap();
    let ask = Ask {
        holder: HolderId([holder; 16]),
        seq: seq * 64 + bucket,
        numbers: Numbers::steady(1_000, 1_000, 1_000).unwrap(),
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting: 2,
        cost: 1,
        want: 8,
        keep: 0,
        back: 0,
    };
    let bucket = Arc::from(format!("acme/key/key_{bucket}/burst"));
    errand(Question::Lease { bucket, ask }, since)
}

fn lookup(number: u32) -> LookupId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    LookupId::new(bytes)
}

fn creation(number: u32) -> Change {
    let limit = LimitSpec {
        name: "burst".to_owned(),
        scope: LimitScope::Key,
        burst: 100,
        rate: 50,
        period_ms: 1_000,
        changed: Stamp::default(),
    };
    let settings = Settings {
        plan: Some("pro".to_owned()),
        scopes: vec!["orders:read".to_owned(), "invoices:*".to_owned()],
        limits: vec![limit],
        ..Settings::of(format!("tenant_{}", number % 50), "ops@acme.example", "live")
    };
    let secret = Secret::new(lookup(number), PepperId::new(0).unwrap());
    Change::Create { id: format!("key_{number}"), name: None, settings, secret }
}

fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(byte)).collect();
    Peppers::new(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
}
