//! Records that are current, and purses that their authority has told something.

use tollgate_core::{
    bucket::Wait,
    decision::Known,
    head::{Checked, Entry, Head},
    lease::{Answer, HolderId, Host, Lease, Purse, Queue},
    limit::Limit,
    record::Record,
    time::{Reading, UnixMillis},
};

pub(crate) const NOW: Reading = Reading { wall: UnixMillis(1_000_000), mono_ms: 5_000 };

pub(crate) fn known(record: Record<'_>) -> Known<'_> {
    let head = Head::begin(record.as_of, [Entry::NONE; 1]);
    match head.check(record) {
        Checked::Current(current) => Known::Current(current),
        other @ (Checked::Outdated | Checked::HeadBehind) => panic!("{other:?}"),
    }
}

/// What a purse has been told by its authority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Nothing,
    Tokens(u32),
    Wait(u32),
    Never,
}

pub(crate) fn purse(limit: &Limit<'_>, told: Told) -> Purse {
    let mut purse = Purse::new(limit.numbers, limit.changed, Host::Background, 0);
    if told != Told::Nothing {
        let ask = purse.ask(HolderId([1; 16]), Queue { tokens: 1, largest: 1 }, NOW).unwrap();
        let (granted_waiting, granted, ask_after_ms, retry_after) = match told {
            Told::Nothing | Told::Tokens(0) => (0, 0, 0, Wait::Later(0)),
            Told::Tokens(tokens) => (1, tokens - 1, 0, Wait::Later(0)),
            Told::Wait(ms) => (0, 0, ms, Wait::Later(ms.into())),
            Told::Never => (0, 0, 1_000, Wait::Never),
        };
        let (numbers, changed) = (limit.numbers, limit.changed);
        purse.receive(
            &Answer::Lease(Lease {
                seq: ask.seq,
                granted_waiting,
                granted,
                ttl_ms: 5_000,
                retry_after,
                ask_after_ms,
                numbers,
                changed,
                left: 0,
            }),
            NOW,
        );
    }
    purse
}
