//! The exchange: one ask, one answer, one new state.

use super::{Account, Entry, Given, Slot, outstanding};
use crate::{
    bucket::Wait,
    lease::{Answer, Ask, HolderId, Lease, Situation, Size, Sizing},
    limit::Refill,
    time::UnixMillis,
};

const HEARD_MS: u64 = 2_000;
const ASK_AFTER_MAX_MS: u64 = 3_600_000;
/// While anything is out it may be handed back at any time.
const ASK_AFTER_OUT_MAX_MS: u64 = 3_000;
const SPREAD_MAX_MS: u64 = 1_000;
const LARGE_WAIT_MAX_MS: u64 = 9_000;
const LARGE_GRACE_MS: u64 = 1_000;

/// What became of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// The state has changed, and must be durable before this answer leaves.
    Write(Answer),
    /// The state is as it was: a repetition gets what it got, an older message nothing.
    Unchanged(Answer),
}

impl Exchange {
    /// The answer.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        match *self {
            Self::Write(answer) | Self::Unchanged(answer) => answer,
        }
    }
}

/// How many share the bucket, and how often each of them may call.
struct Round {
    holders: u32,
    window_ms: u64,
    round_ms: u32,
    over: bool,
    calls: u32,
}

impl Account {
    /// Answers one ask at `now`, the authority's clock. `slots` is the same table every time.
    ///
    /// Total: every ask has an answer, and none can make credit and what is out exceed the burst.
    pub fn exchange(
        &mut self,
        slots: &mut [Slot],
        ask: &Ask,
        now: UnixMillis,
        sizing: &impl Sizing,
    ) -> Exchange {
        if let Some(entry) = find(slots, ask.holder) {
            if entry.seq == ask.seq {
                return Exchange::Unchanged(self.answer(entry.seq, entry.given));
            }
            if entry.seq > ask.seq {
                return Exchange::Unchanged(Answer::Stale { seq: ask.seq });
            }
        }
        self.advance(slots, now);
        vacate(slots, self.instant);
        if ask.changed > self.changed {
            self.renumber(slots, ask.numbers);
            self.changed = ask.changed;
        }
        let calls = self.meter.count(self.instant);
        self.settle(slots, ask);

        let known = find(slots, ask.holder).copied();
        let place = place_for(slots, ask.holder);
        let entry = known.unwrap_or_else(|| Entry::new(ask));
        if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
            slot.0 = Some(Entry { heard: self.instant, ..entry });
        }
        let round = self.round(slots, place.is_none(), calls, sizing);
        let size = if place.is_some() {
            self.size(ask, known.is_none(), &round, sizing)
        } else {
            let size = self.size(ask, true, &round, sizing);
            Size { granted_waiting: 0, granted: 0, ..size }
        };
        let ttl_ms = self.ttl(size.life_ms);
        self.lend(slots, ask, size, ttl_ms);
        let given = self.given(slots, ask, size, ttl_ms, &round);
        if let Some(entry) = find_mut(slots, ask.holder) {
            let last = entry.out.last_until().unwrap_or(self.instant).max(self.instant);
            entry.seq = ask.seq;
            entry.given = given;
            let unheard = self.instant.plus(round.window_ms);
            entry.forget_at = last.plus(u64::from(ask.deadline.millis())).max(unheard);
        }
        self.check(slots);
        Exchange::Write(self.answer(ask.seq, given))
    }

    /// Books what the holder keeps and hands back; what it names neither way is spent.
    fn settle(&mut self, slots: &mut [Slot], ask: &Ask) {
        let Some(entry) = find_mut(slots, ask.holder) else { return };
        let recorded = entry.out.tokens();
        let keep = u64::from(ask.keep).min(recorded);
        let back = u64::from(ask.back).min(recorded.saturating_sub(keep));
        entry.out.cut(keep);
        self.put_back(slots, back);
    }

    fn round(&self, slots: &[Slot], crowded: bool, calls: u32, sizing: &impl Sizing) -> Round {
        let heard_within = |window_ms: u64| {
            let entries = slots.iter().filter_map(|slot| slot.0.as_ref());
            let heard = entries.filter(|entry| self.instant.since(entry.heard) <= window_ms);
            u32::try_from(heard.count().saturating_add(usize::from(crowded))).unwrap_or(u32::MAX)
        };
        let first = u64::from(sizing.round_ms(self.numbers, heard_within(HEARD_MS)));
        let window_ms = HEARD_MS.max(first.saturating_mul(5) / 2);
        let holders = heard_within(window_ms);
        let round_ms = sizing.round_ms(self.numbers, holders);
        Round { holders, window_ms, round_ms, over: calls > sizing.budget(holders), calls }
    }

    fn size(&self, ask: &Ask, first: bool, round: &Round, sizing: &impl Sizing) -> Size {
        let credit = self.whole_tokens();
        let size = sizing.size(&Situation {
            numbers: self.numbers,
            credit,
            holders: round.holders,
            calls: round.calls,
            first,
            large: self.is_large(ask) || self.large_until > self.instant,
            waiting: ask.waiting,
            cost: ask.cost,
            want: ask.want,
            deadline_ms: ask.deadline.millis(),
        });
        let granted_waiting = size.granted_waiting.min(ask.waiting).min(credit);
        let wanted = if ask.want == 0 { 0 } else { size.granted };
        let granted = wanted.min(credit.saturating_sub(granted_waiting));
        Size { granted_waiting, granted, life_ms: size.life_ms }
    }

    /// No lease outlives a quota's period, and none ends as it begins.
    fn ttl(&self, life_ms: u32) -> u32 {
        let life_ms = life_ms.max(1);
        let Refill::Each(period) = self.numbers.refill() else { return life_ms };
        let left = period.next(self.instant).map(|next| next.since(self.instant));
        left.and_then(|left| u32::try_from(left).ok()).map_or(life_ms, |left| left.min(life_ms))
    }

    fn lend(&mut self, slots: &mut [Slot], ask: &Ask, size: Size, ttl_ms: u32) {
        let Some(entry) = find_mut(slots, ask.holder) else { return };
        let answered = self.instant.plus(u64::from(ask.deadline.millis().min(ttl_ms)));
        entry.out.add(size.granted_waiting, answered);
        entry.out.add(size.granted, self.instant.plus(u64::from(ttl_ms)));
        let tokens = u64::from(size.granted_waiting).saturating_add(u64::from(size.granted));
        let price = tokens.saturating_mul(u64::from(self.numbers.unit()));
        self.credit = self.credit.saturating_sub(price);
    }

    fn given(
        &mut self,
        slots: &[Slot],
        ask: &Ask,
        size: Size,
        ttl_ms: u32,
        round: &Round,
    ) -> Given {
        let given = size.granted_waiting >= ask.waiting;
        let (retry_after, ask_after_ms) = if given {
            let slowed = if round.over { spread(u64::from(round.round_ms), ask) } else { 0 };
            (Wait::Later(0), slowed)
        } else {
            let retry_after = match self.wait_for(slots, u64::from(ask.cost.max(1))) {
                Wait::Later(wait) => Wait::Later(wait.max(1)),
                Wait::Never => Wait::Never,
            };
            let next = u64::from(self.whole_tokens()).saturating_add(1);
            let next = match self.wait_for(slots, next) {
                Wait::Later(wait) => wait.min(ASK_AFTER_MAX_MS),
                Wait::Never => ASK_AFTER_MAX_MS,
            };
            let most = if outstanding(slots) > 0 { ASK_AFTER_OUT_MAX_MS } else { ASK_AFTER_MAX_MS };
            (retry_after, spread(next.max(u64::from(round.round_ms)).min(most), ask))
        };
        if self.is_large(ask) && ask.cost <= self.numbers.burst() {
            let wait = match retry_after {
                Wait::Later(wait) => wait.min(LARGE_WAIT_MAX_MS),
                Wait::Never => LARGE_WAIT_MAX_MS,
            };
            let waits = self.instant.plus(wait.saturating_add(LARGE_GRACE_MS));
            self.large_until = if given { UnixMillis(0) } else { waits };
        }
        Given {
            granted_waiting: size.granted_waiting,
            granted: size.granted,
            ttl_ms,
            retry_after,
            ask_after_ms: u32::try_from(ask_after_ms).unwrap_or(u32::MAX),
            left: self.whole_tokens(),
        }
    }

    fn is_large(&self, ask: &Ask) -> bool {
        u64::from(ask.cost).saturating_mul(2) > u64::from(self.numbers.burst())
    }

    fn whole_tokens(&self) -> u32 {
        let tokens = self.credit.checked_div(u64::from(self.numbers.unit())).unwrap_or(0);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    const fn answer(&self, seq: u64, given: Given) -> Answer {
        Answer::Lease(Lease {
            seq,
            granted_waiting: given.granted_waiting,
            granted: given.granted,
            ttl_ms: given.ttl_ms,
            retry_after: given.retry_after,
            ask_after_ms: given.ask_after_ms,
            numbers: self.numbers,
            changed: self.changed,
            left: given.left,
        })
    }
}

impl Entry {
    fn new(ask: &Ask) -> Self {
        Self {
            id: ask.holder,
            seq: ask.seq,
            given: Given {
                granted_waiting: 0,
                granted: 0,
                ttl_ms: 0,
                retry_after: Wait::Later(0),
                ask_after_ms: 0,
                left: 0,
            },
            heard: UnixMillis(0),
            forget_at: UnixMillis(0),
            out: Default::default(),
        }
    }
}

fn find(slots: &[Slot], holder: HolderId) -> Option<&Entry> {
    slots.iter().filter_map(|slot| slot.0.as_ref()).find(|entry| entry.id == holder)
}

fn find_mut(slots: &mut [Slot], holder: HolderId) -> Option<&mut Entry> {
    slots.iter_mut().filter_map(|slot| slot.0.as_mut()).find(|entry| entry.id == holder)
}

/// Removes the entries that have nothing out and need not be remembered.
fn vacate(slots: &mut [Slot], now: UnixMillis) {
    for slot in slots {
        if slot.0.as_ref().is_some_and(|entry| entry.out.is_empty() && entry.forget_at <= now) {
            *slot = Slot::VACANT;
        }
    }
}

/// Where the holder's entry stands or may be put; none if every other holder has tokens out.
fn place_for(slots: &[Slot], holder: HolderId) -> Option<usize> {
    if let Some(own) = slots.iter().position(|slot| slot.holder() == Some(holder)) {
        return Some(own);
    }
    if let Some(vacant) = slots.iter().position(|slot| slot.0.is_none()) {
        return Some(vacant);
    }
    let idle = slots.iter().enumerate().filter_map(|(place, slot)| {
        let entry = slot.0.as_ref().filter(|entry| entry.out.is_empty())?;
        Some((entry.forget_at, entry.id, place))
    });
    idle.min().map(|(_, _, place)| place)
}

/// A wait of about `wait_ms`, a little different for every message: holders must not come together.
fn spread(wait_ms: u64, ask: &Ask) -> u64 {
    let [.., a, b, c, d] = ask.holder.0;
    let id = u64::from(u32::from_be_bytes([a, b, c, d]));
    let mixed = id.wrapping_add(ask.seq.wrapping_mul(2_654_435_761)) & u64::from(u32::MAX);
    let either_way = (wait_ms / 5).min(SPREAD_MAX_MS);
    let width = either_way.saturating_mul(2).saturating_add(1);
    let offset = (mixed >> 8).checked_rem(width).unwrap_or(0);
    wait_ms.saturating_sub(either_way).saturating_add(offset)
}
