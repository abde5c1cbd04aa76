//! One step of a bucket: the core's exchange between the bytes that were kept and those to keep.

use tollgate_core::{
    lease::{
        Account, Answer, Ask, Deadline, Exchange, Forget, HolderId, STATE_HEADER_MAX,
        STATE_HOLDER_MAX, Slot, Standard,
    },
    limit::Numbers,
    stamp::Stamp,
    time::UnixMillis,
};

/// The most holders that spend from one bucket at one time, of those that a desk may be made for.
pub const HOLDERS_MAX: usize = tollgate_core::lease::HOLDERS_MAX;

/// A new bucket is looked at after so long, whether it may be forgotten.
pub const LOOK_AFTER_MS: u64 = 60_000;

/// Who spends where a bucket is kept, and holds nothing: the control plane, whichever process it runs in.
const CONTROL: HolderId = HolderId(*b"tollgate control");

/// Where buckets are worked on: room that is used again.
#[derive(Debug)]
pub struct Desk {
    slots: Box<[Slot]>,
    buffer: Box<[u8]>,
}

/// A bucket's state is not one that was written here.
///
/// It stays as it is: a fresh bucket would be a full one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// What an exchange has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged<'d> {
    /// What the holder is told, once the state is durable.
    pub answer: Answer,
    /// The bucket's new state; none if it is as it was.
    pub state: Option<&'d [u8]>,
    /// Whether an instant was repaired that no honest clock has written, which belongs in a log.
    pub repaired: bool,
}

impl Desk {
    /// A desk for buckets of at most so many holders, of which there are never more than [`HOLDERS_MAX`].
    #[must_use]
    pub fn new(holders: usize) -> Self {
        let holders = holders.clamp(1, HOLDERS_MAX);
        let bytes = STATE_HEADER_MAX.saturating_add(holders.saturating_mul(STATE_HOLDER_MAX));
        Self {
            slots: vec![Slot::VACANT; holders].into_boxed_slice(),
            buffer: vec![0; bytes].into_boxed_slice(),
        }
    }

    /// One exchange with the bucket of this state, or with a new one if there is none.
    ///
    /// # Errors
    ///
    /// When the state is none: it must stay as it is then.
    pub fn exchange(
        &mut self,
        state: Option<&[u8]>,
        ask: &Ask,
        now: UnixMillis,
    ) -> Result<Exchanged<'_>, Unreadable> {
        let mut account = match state {
            Some(state) => self.read(state)?,
            None => {
                self.slots.fill(Slot::VACANT);
                Account::new(ask, now)
            }
        };
        // A clock that had run ahead and was set right would stop the bucket until it has caught up.
        let repaired = account.repair(&mut self.slots, now);
        let exchange = account.exchange(&mut self.slots, ask, now, &Standard::default());
        let (answer, changed) = match exchange {
            Exchange::Unchanged(answer) => (answer, repaired),
            Exchange::Write(answer) => (answer, true),
        };
        let state = if changed { Some(self.written(&account)?) } else { None };
        Ok(Exchanged { answer, state, repaired })
    }

    /// Spends `cost` tokens of the bucket of this state, all of them or none: an exchange in which somebody asks for a
    /// request that waits, wants nothing beside, and has spent whatever it was given before.
    ///
    /// # Errors
    ///
    /// When the state is none: it must stay as it is then.
    pub fn spend(
        &mut self,
        state: Option<&[u8]>,
        (numbers, changed): (Numbers, Stamp),
        cost: u32,
        now: UnixMillis,
    ) -> Result<Exchanged<'_>, Unreadable> {
        let mut before = 0;
        if let Some(state) = state {
            self.read(state)?;
            let own = self.slots.iter().find(|slot| slot.holder() == Some(CONTROL));
            before = own.map_or(0, Slot::seq);
        }
        let ask = Ask {
            holder: CONTROL,
            // Nothing is sent, so nothing comes twice: each spending is a message of its own.
            seq: before.saturating_add(1),
            numbers,
            changed,
            // Nobody waits: what is spent is out for the shortest time that there is.
            deadline: Deadline::nearest(0),
            waiting: cost,
            cost,
            want: 0,
            keep: 0,
            back: 0,
        };
        self.exchange(state, &ask, now)
    }

    /// Whether the bucket of this state may be forgotten.
    ///
    /// # Errors
    ///
    /// When it is no state: it must stay as it is then.
    pub fn forget(&mut self, state: &[u8], now: UnixMillis) -> Result<Forget, Unreadable> {
        let mut account = self.read(state)?;
        Ok(account.forget(&mut self.slots, now))
    }

    /// The state without an instant that no honest clock has written; none if it has no such.
    ///
    /// # Errors
    ///
    /// When it is no state: it must stay as it is then.
    pub fn repair(&mut self, state: &[u8], now: UnixMillis) -> Result<Option<&[u8]>, Unreadable> {
        let mut account = self.read(state)?;
        if !account.repair(&mut self.slots, now) {
            return Ok(None);
        }
        self.written(&account).map(Some)
    }

    /// Whether this is the state of a bucket.
    pub fn reads(&mut self, state: &[u8]) -> bool {
        self.read(state).is_ok()
    }

    fn read(&mut self, state: &[u8]) -> Result<Account, Unreadable> {
        Account::decode(state, &mut self.slots).map_err(|_| Unreadable)
    }

    fn written(&mut self, account: &Account) -> Result<&[u8], Unreadable> {
        let len = account.encode(&self.slots, &mut self.buffer).map_err(|_| Unreadable)?;
        self.buffer.get(..len).ok_or(Unreadable)
    }
}
