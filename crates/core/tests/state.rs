//! The authority's state as bytes: exact, small, and nothing else is accepted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "small numbers")]

use tollgate_core::{
    lease::{
        Account, Ask, Deadline, HolderId, STATE_HEADER_MAX, STATE_HOLDER_MAX, Situation, Size,
        Sizing, Slot, Standard, StateError,
    },
    limit::{Numbers, Period},
    stamp::Stamp,
    time::UnixMillis,
};

const START: u64 = 1_800_000_000_000;

/// Eight holders that renew while they hold two leases and requests wait.
fn busy() -> (Account, Vec<Slot>) {
    let numbers = Numbers::steady(10_000, 10_000, 1_000).unwrap();
    let mut slots = vec![Slot::VACANT; 8];
    let mut account = None;
    for step in 0..64_u64 {
        let holder = u8::try_from(step % 8).unwrap();
        let ask = Ask {
            holder: HolderId([0xa0 | holder; 16]),
            seq: 1_000 + step,
            numbers,
            changed: Stamp { incarnation: 3, epoch: 123_456 },
            deadline: Deadline::new(200).unwrap(),
            waiting: 12,
            cost: 1,
            want: 400,
            keep: 420,
            back: 0,
        };
        let now = UnixMillis(START + step * 12);
        let account = account.get_or_insert_with(|| Account::new(&ask, now));
        let _answer = account.exchange(&mut slots, &ask, now, &Standard::default());
    }
    (account.unwrap(), slots)
}

fn encoded() -> Vec<u8> {
    let (account, slots) = busy();
    let mut buffer = vec![0; STATE_HEADER_MAX + slots.len() * STATE_HOLDER_MAX];
    let len = account.encode(&slots, &mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

#[test]
fn a_state_reads_back_as_it_was() {
    let (account, slots) = busy();
    let mut read = vec![Slot::VACANT; 8];
    assert_eq!(Account::decode(&encoded(), &mut read), Ok(account));
    assert_eq!(read, slots);
}

#[test]
fn a_busy_holder_takes_at_most_56_bytes() {
    let len = encoded().len();
    assert!(len <= 32 + 8 * 56, "{len}");
}

#[test]
fn a_buffer_too_small_is_an_error_and_so_is_a_table_too_short() {
    let (account, slots) = busy();
    let whole = encoded();
    for len in 0..whole.len() {
        assert_eq!(account.encode(&slots, &mut vec![0; len]), Err(StateError::Full));
    }
    let mut short = vec![Slot::VACANT; 7];
    assert_eq!(Account::decode(&whole, &mut short), Err(StateError::TooManyHolders));
    assert_eq!(short, vec![Slot::VACANT; 7]);
}

#[test]
fn whatever_was_not_written_is_refused_or_keeps_the_burst() {
    let whole = encoded();
    let mut slots = vec![Slot::VACANT; 8];
    for len in 0..whole.len() {
        assert_eq!(Account::decode(&whole[..len], &mut slots), Err(StateError::Malformed));
        assert!(slots.iter().all(|slot| slot.holder().is_none()));
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(Account::decode(&longer, &mut slots), Err(StateError::Malformed));
    let mut accepted = 0;
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut other = whole.clone();
            other[place] ^= 1 << bit;
            let Ok(account) = Account::decode(&other, &mut slots) else { continue };
            accepted += 1;
            let mut buffer = vec![0; STATE_HEADER_MAX + slots.len() * STATE_HOLDER_MAX];
            let len = account.encode(&slots, &mut buffer).unwrap();
            assert_eq!(buffer[..len], other[..], "one state has one spelling");
            let out: u64 =
                slots.iter().flat_map(Slot::outstanding).map(|(t, _)| u64::from(t)).sum();
            let (numbers, _) = account.limit();
            let room = u64::from(numbers.burst()).saturating_sub(out) * u64::from(numbers.unit());
            assert!(account.credit() <= room);
        }
    }
    assert!(accepted > 0, "most of it is numbers, and another number is another state");
}

/// The least that can be asked.
fn small(numbers: Numbers) -> Ask {
    Ask {
        holder: HolderId([1; 16]),
        seq: 1,
        numbers,
        changed: Stamp::default(),
        deadline: Deadline::new(100).unwrap(),
        waiting: 0,
        cost: 0,
        want: 0,
        keep: 0,
        back: 0,
    }
}

#[test]
fn each_way_to_be_wrong_has_its_error() {
    let numbers = Numbers::steady(5, 1, 1_000).unwrap();
    let ask = small(numbers);
    let account = Account::new(&ask, UnixMillis(7));
    let mut buffer = [0; 64];
    let len = account.encode(&[], &mut buffer).unwrap();
    let good = &buffer[..len];
    // Version, kind, burst, rate, period (2), changed (2), credit (2), instant, large, meter (3), count.
    assert_eq!(good, [2, 0, 5, 1, 0xe8, 7, 0, 0, 0x88, 0x27, 7, 0, 0, 0, 0, 0]);
    for (place, byte, error) in [
        (0, 1, StateError::Version),
        (1, 4, StateError::Malformed),
        (2, 0, StateError::Impossible),
        (3, 0, StateError::Impossible),
        (9, 0x28, StateError::Impossible),
        (12, 1, StateError::Impossible),
        (15, 1, StateError::TooManyHolders),
    ] {
        let mut bad = good.to_vec();
        bad[place] = byte;
        assert_eq!(Account::decode(&bad, &mut []), Err(error), "byte {place}");
    }
    assert_eq!(Account::decode(good, &mut []), Ok(account));
}

/// Lends for no time at all.
struct Briefly;

impl Sizing for Briefly {
    fn budget(&self, _holders: u32) -> u32 {
        0
    }

    fn round_ms(&self, _numbers: Numbers, _holders: u32) -> u32 {
        0
    }

    fn size(&self, now: &Situation) -> Size {
        Size { granted_waiting: now.waiting, granted: now.want, life_ms: 0 }
    }
}

#[test]
fn whatever_the_policy_an_exchange_leaves_a_state_that_can_be_read() {
    for numbers in
        [Numbers::steady(100, 1, 1_000).unwrap(), Numbers::quota(100, Period::Day).unwrap()]
    {
        let ask = Ask { waiting: 3, want: 4, ..small(numbers) };
        let mut slots = [Slot::VACANT; 1];
        let mut account = Account::new(&ask, UnixMillis(START));
        let _answer = account.exchange(&mut slots, &ask, UnixMillis(START), &Briefly);
        assert_eq!(slots[0].outstanding().map(|(tokens, _)| tokens).sum::<u32>(), 7);
        let mut buffer = [0; STATE_HEADER_MAX + STATE_HOLDER_MAX];
        let len = account.encode(&slots, &mut buffer).unwrap();
        let mut read = [Slot::VACANT; 1];
        assert_eq!(Account::decode(&buffer[..len], &mut read), Ok(account));
        assert_eq!(read, slots);
    }
}
