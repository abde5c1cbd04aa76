//! The compact form in which a gate keeps a record: about 80 bytes and its names.
//!
//! Made only from a text that has been opened, and private to one process, so it has no version and no
//! seal of its own. Integers are little-endian; the five names of a record are their length bytes and then all of
//! their text, any other name is a length byte and its bytes; a list is a count byte, the length of what follows
//! in two bytes, and its elements.

mod element;

use core::marker::PhantomData;

use crate::{
    head::Vouched,
    id::Id,
    key::Env,
    limit::Limit,
    lookup::LookupId,
    record::{Record, State},
    scope::Scope,
    stamp::Stamp,
    time::UnixMillis,
};

pub(super) use element::Element;

/// What comes before the names: two stamps, a lookup id, a state, two instants.
const FIXED: usize = 16 + 16 + 16 + 1 + 8 + 8;

/// The names of a record: env, key, tenant, owner, plan.
const NAMES: usize = 5;

/// The most bytes that a packed record takes.
pub const PACKED_MAX: usize = 10 * 1024;

/// Elements of one kind, packed one after the other.
#[derive(Debug)]
pub struct List<'a, T> {
    count: u8,
    bytes: Unpacker<'a>,
    kind: PhantomData<T>,
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> List<'_, T> {
    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        // A u8 always fits; `usize::from` is not const.
        #[expect(clippy::as_conversions, reason = "widening, in a const fn")]
        let count = self.count as usize;
        count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a, T: Element<'a>> List<'a, T> {
    /// The elements, in the record's order.
    #[must_use]
    pub const fn iter(self) -> Elements<'a, T> {
        Elements(self)
    }

    fn unpack(from: &mut Unpacker<'a>) -> Option<Self> {
        let count = from.byte()?;
        let len = u16::from_le_bytes(from.array()?);
        Some(Self { count, bytes: Unpacker(from.bytes(len.into())?), kind: PhantomData })
    }
}

impl<'a, T: Element<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Elements<'a, T>;

    fn into_iter(self) -> Elements<'a, T> {
        self.iter()
    }
}

/// Goes through the elements of a [`List`].
#[derive(Debug)]
pub struct Elements<'a, T>(List<'a, T>);

impl<T> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<'a, T: Element<'a>> Iterator for Elements<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.count = self.0.count.checked_sub(1)?;
        T::unpack(&mut self.0.bytes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl<'a, T: Element<'a>> ExactSizeIterator for Elements<'a, T> {}

impl<'a> Record<'a> {
    /// The view of a packed record; none if the bytes are no packed record.
    #[must_use]
    pub fn unpack(packed: &'a [u8]) -> Option<Self> {
        Self::unpack_from(&mut Unpacker(packed))
    }

    /// How many of the bytes are the packed record: the rest need not be kept.
    #[must_use]
    pub fn packed_len(packed: &'a [u8]) -> Option<usize> {
        let mut from = Unpacker(packed);
        Self::unpack_from(&mut from)?;
        packed.len().checked_sub(from.0.len())
    }

    // Called, it costs every look at a cached record 70 instructions.
    #[inline(always)]
    fn unpack_from(from: &mut Unpacker<'a>) -> Option<Self> {
        let (vouched, as_of) = (from.stamp()?, from.stamp()?);
        let lookup = LookupId::new(from.array()?);
        let state = *State::ALL.get(usize::from(from.byte()?))?;
        let (not_before, expires) = (from.instant()?, from.instant()?);
        let [env, key, tenant, owner, plan] = from.names::<NAMES>()?;
        Some(Self {
            vouched,
            as_of,
            lookup,
            state,
            not_before,
            expires,
            env: Env::new(env).ok()?,
            key: Id::new(key).ok()?,
            tenant: Id::new(tenant).ok()?,
            owner: Id::new(owner).ok()?,
            plan: match plan {
                "" => None,
                plan => Some(Id::new(plan).ok()?),
            },
            scopes: List::unpack(from)?,
            limits: List::unpack(from)?,
            quotas: List::unpack(from)?,
            ips_allowed: List::unpack(from)?,
            ips_denied: List::unpack(from)?,
            countries_allowed: List::unpack(from)?,
            countries_denied: List::unpack(from)?,
        })
    }
}

/// What a record counts requests by, taken from a packed record without a look at the rest of it.
///
/// For telling callers of their limits. It says nothing of whether the bytes are a record at all, so nothing may
/// be decided on it.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// How fast the key may be used.
    pub limits: List<'a, Limit<'a>>,
    /// How often it may be used.
    pub quotas: List<'a, Limit<'a>>,
}

impl<'a> Bounds<'a> {
    /// Those of a packed record; none if the bytes end before them.
    #[must_use]
    pub fn unpack(packed: &'a [u8]) -> Option<Self> {
        let from = &mut Unpacker(packed);
        from.bytes(FIXED)?;
        let lens: [u8; NAMES] = from.array()?;
        from.bytes(lens.iter().fold(0, |sum: usize, &len| sum.saturating_add(len.into())))?;
        List::<Scope<'a>>::unpack(from)?;
        Some(Self { limits: List::unpack(from)?, quotas: List::unpack(from)? })
    }
}

impl<'a> From<&Record<'a>> for Bounds<'a> {
    fn from(record: &Record<'a>) -> Self {
        Self { limits: record.limits, quotas: record.quotas }
    }
}

/// Notes in a packed record up to when the head has vouched for it; of another secret's record nothing is noted.
pub fn vouch(packed: &mut [u8], vouched: Vouched) {
    if Record::unpack(packed).is_none_or(|record| record.lookup != vouched.lookup) {
        return;
    }
    let mut to = Packer::new(packed);
    // Too short for a stamp is too short for a record: there is nothing to keep up to date.
    let _ = to.stamp(vouched.stamp);
}

/// The buffer that a record is packed into is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Packs the parts of a record, in the order in which [`Record::unpack`] takes them.
#[derive(Debug)]
pub struct Packer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Packer<'b> {
    pub(super) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let end = self.len.checked_add(bytes.len()).ok_or(Full)?;
        self.buffer.get_mut(self.len..end).ok_or(Full)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    pub(super) fn stamp(&mut self, stamp: Stamp) -> Result<(), Full> {
        self.bytes(&stamp.incarnation.to_le_bytes())?;
        self.bytes(&stamp.epoch.to_le_bytes())
    }

    /// An instant; none is written as zero, which no instant of a record is.
    pub(super) fn instant(&mut self, instant: Option<UnixMillis>) -> Result<(), Full> {
        self.bytes(&instant.map_or(0, |instant| instant.0).to_le_bytes())
    }

    /// Names whose number is known.
    pub(super) fn names(&mut self, names: &[&str]) -> Result<(), Full> {
        for name in names {
            self.bytes(&[u8::try_from(name.len()).map_err(|_| Full)?])?;
        }
        names.iter().try_for_each(|name| self.bytes(name.as_bytes()))
    }

    pub(super) fn name(&mut self, name: &str) -> Result<(), Full> {
        self.bytes(&[u8::try_from(name.len()).map_err(|_| Full)?])?;
        self.bytes(name.as_bytes())
    }

    /// Begins a list; its elements follow, then [`Packer::end`].
    pub(super) fn begin(&mut self) -> Result<Begun, Full> {
        let at = self.len;
        self.bytes(&[0; 3])?;
        Ok(Begun { at, count: 0 })
    }

    /// Packs the next element of the list `begun`.
    pub(super) fn element<'e>(
        &mut self,
        begun: &mut Begun,
        element: impl Element<'e>,
    ) -> Result<(), Full> {
        begun.count = begun.count.checked_add(1).ok_or(Full)?;
        element.pack(self)
    }

    pub(super) fn end(&mut self, begun: &Begun) -> Result<(), Full> {
        let end = self.len;
        let first = begun.at.checked_add(3).ok_or(Full)?;
        let len = u16::try_from(end.checked_sub(first).ok_or(Full)?).map_err(|_| Full)?;
        self.len = begun.at;
        self.bytes(&[begun.count])?;
        self.bytes(&len.to_le_bytes())?;
        self.len = end;
        Ok(())
    }

    pub(super) fn finish(self) -> &'b [u8] {
        self.buffer.get(..self.len).unwrap_or(&[])
    }
}

/// A list that is being packed.
pub(super) struct Begun {
    at: usize,
    count: u8,
}

/// Takes apart what a [`Packer`] has written.
#[derive(Clone, Copy, Debug)]
pub struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn stamp(&mut self) -> Option<Stamp> {
        let incarnation = u64::from_le_bytes(self.array()?);
        Some(Stamp { incarnation, epoch: u64::from_le_bytes(self.array()?) })
    }

    /// An instant, or none.
    #[expect(clippy::option_option, reason = "the outer one is the end of the bytes")]
    fn instant(&mut self) -> Option<Option<UnixMillis>> {
        let instant = u64::from_le_bytes(self.array()?);
        Some((instant != 0).then_some(UnixMillis(instant)))
    }

    /// Names whose number is known: looked at once for being text, which costs little more than for one of them.
    fn names<const N: usize>(&mut self) -> Option<[&'a str; N]> {
        let lens: [u8; N] = self.array()?;
        let len = lens.iter().fold(0, |sum: usize, &len| sum.saturating_add(len.into()));
        let mut rest = core::str::from_utf8(self.bytes(len)?).ok()?;
        let mut names = [""; N];
        for (name, len) in names.iter_mut().zip(lens) {
            (*name, rest) = rest.split_at_checked(len.into())?;
        }
        Some(names)
    }

    fn name(&mut self) -> Option<&'a str> {
        let len = self.byte()?;
        core::str::from_utf8(self.bytes(len.into())?).ok()
    }
}
