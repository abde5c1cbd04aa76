//! How one element of each kind of list is packed.

use super::{Full, Packer, Unpacker};
use crate::{
    id::Id,
    limit::{Limit, LimitScope, Numbers, Period, Refill},
    network::{Block, Country},
    scope::Scope,
};

/// What can stand in a list of a record.
pub trait Element<'a>: Sized {
    /// Packs the element.
    fn pack(self, to: &mut Packer<'_>) -> Result<(), Full>;

    /// Takes the next element.
    fn unpack(from: &mut Unpacker<'a>) -> Option<Self>;
}

impl<'a> Element<'a> for Scope<'a> {
    fn pack(self, to: &mut Packer<'_>) -> Result<(), Full> {
        to.name(self.as_str())
    }

    fn unpack(from: &mut Unpacker<'a>) -> Option<Self> {
        Scope::new(from.name()?).ok()
    }
}

impl<'a> Element<'a> for Country {
    fn pack(self, to: &mut Packer<'_>) -> Result<(), Full> {
        to.bytes(&self.bytes())
    }

    fn unpack(from: &mut Unpacker<'a>) -> Option<Self> {
        Self::new(from.bytes(2)?)
    }
}

impl<'a> Element<'a> for Block {
    fn pack(self, to: &mut Packer<'_>) -> Result<(), Full> {
        match self {
            Self::V4 { first, length } => {
                to.bytes(&[4, length])?;
                to.bytes(&first.to_le_bytes())
            }
            Self::V6 { first, length } => {
                to.bytes(&[6, length])?;
                to.bytes(&first.to_le_bytes())
            }
        }
    }

    fn unpack(from: &mut Unpacker<'a>) -> Option<Self> {
        let [family, length] = from.array()?;
        match family {
            4 => Some(Self::V4 { first: u32::from_le_bytes(from.array()?), length }),
            6 => Some(Self::V6 { first: u128::from_le_bytes(from.array()?), length }),
            _ => None,
        }
    }
}

/// What stands in the place of the rate's kind.
const STEADY: u8 = u8::MAX;

impl<'a> Element<'a> for Limit<'a> {
    fn pack(self, to: &mut Packer<'_>) -> Result<(), Full> {
        to.name(self.name.as_str())?;
        to.bytes(&[position(&LimitScope::ALL, self.scope)])?;
        to.bytes(&self.numbers.burst().to_le_bytes())?;
        match self.numbers.refill() {
            Refill::Steady { rate, period_ms } => {
                to.bytes(&[STEADY])?;
                to.bytes(&rate.to_le_bytes())?;
                to.bytes(&period_ms.to_le_bytes())?;
            }
            Refill::Each(period) => to.bytes(&[position(&Period::ALL, period)])?,
        }
        to.stamp(self.changed)
    }

    fn unpack(from: &mut Unpacker<'a>) -> Option<Self> {
        let name = Id::new(from.name()?).ok()?;
        let scope = *LimitScope::ALL.get(usize::from(from.byte()?))?;
        let burst = from.number()?.into();
        let numbers = match from.byte()? {
            STEADY => {
                let (rate, period_ms) = (from.number()?, from.number()?);
                Numbers::steady(burst, rate.into(), period_ms.into())
            }
            period => Numbers::quota(burst, *Period::ALL.get(usize::from(period))?),
        };
        Some(Self { name, scope, numbers: numbers.ok()?, changed: from.stamp()? })
    }
}

fn position<T: PartialEq>(all: &[T], one: T) -> u8 {
    let position = all.iter().position(|each| *each == one);
    position.and_then(|position| u8::try_from(position).ok()).unwrap_or(STEADY)
}
