//! From where a key may be used: addresses, blocks of addresses, countries.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The most blocks in one list.
pub const BLOCKS_MAX: usize = 32;

/// The most countries in one list.
pub const COUNTRIES_MAX: usize = 64;

/// The longest text of a block: eight groups of four digits, seven colons, `/128`.
pub const BLOCK_TEXT_MAX: usize = 43;

/// A client's address, with IPv4-mapped IPv6 addresses already turned into the IPv4 addresses they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

/// A text is no address or no block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address or block of addresses in its canonical form")
    }
}

impl core::error::Error for AddressError {}

impl Address {
    /// The client's address, from whatever the platform gave.
    #[must_use]
    pub const fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Reads an address in any spelling that RFC 4291 allows; zones are refused.
    ///
    /// # Errors
    ///
    /// When the text is no address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self::new).map_err(|_| AddressError)
    }

    /// The address that a limit counts: an IPv4 address itself, an IPv6 address by its /64.
    #[must_use]
    pub fn counted(self) -> Self {
        match self.0 {
            IpAddr::V4(_) => self,
            IpAddr::V6(address) => {
                Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)))
            }
        }
    }

    /// The address as the platform knows it.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A block of addresses of one family, every bit after its length zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Of IPv4 addresses only.
    V4 {
        /// The first address.
        first: u32,
        /// How many leading bits the block's addresses share: 0 to 32.
        length: u8,
    },
    /// Of IPv6 addresses only: `::/0` contains no IPv4 address.
    V6 {
        /// The first address.
        first: u128,
        /// How many leading bits the block's addresses share: 0 to 128.
        length: u8,
    },
}

impl Block {
    /// Reads `address/length` in the one spelling that the specification allows.
    ///
    /// # Errors
    ///
    /// When the text is anything else, a block with bits after its length included.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (address, length) = text.split_once('/').ok_or(AddressError)?;
        let ip: IpAddr = address.parse().map_err(|_| AddressError)?;
        if ip.to_canonical() != ip || !spelled(ip, address) {
            return Err(AddressError);
        }
        let canonical = !length.starts_with('+') && (length == "0" || !length.starts_with('0'));
        let length = length.parse().ok().filter(|_| canonical).ok_or(AddressError)?;
        let block = match ip {
            IpAddr::V4(ip) => Self::V4 { first: ip.to_bits(), length },
            IpAddr::V6(ip) => Self::V6 { first: ip.to_bits(), length },
        };
        if block.well_formed() { Ok(block) } else { Err(AddressError) }
    }

    fn well_formed(self) -> bool {
        match self {
            Self::V4 { first, length } => length <= 32 && first & !mask_v4(length) == 0,
            Self::V6 { first, length } => length <= 128 && first & !mask_v6(length) == 0,
        }
    }

    /// Whether the block contains `address`.
    #[must_use]
    pub fn contains(self, address: Address) -> bool {
        match (self, address.0) {
            (Self::V4 { first, length }, IpAddr::V4(ip)) => ip.to_bits() & mask_v4(length) == first,
            (Self::V6 { first, length }, IpAddr::V6(ip)) => ip.to_bits() & mask_v6(length) == first,
            (Self::V4 { .. }, IpAddr::V6(_)) | (Self::V6 { .. }, IpAddr::V4(_)) => false,
        }
    }

    /// How many leading bits the block's addresses share.
    #[must_use]
    pub const fn length(self) -> u8 {
        match self {
            Self::V4 { length, .. } | Self::V6 { length, .. } => length,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4 { first, length } => write!(f, "{}/{length}", Ipv4Addr::from_bits(first)),
            Self::V6 { first, length } => write!(f, "{}/{length}", Ipv6Addr::from_bits(first)),
        }
    }
}

fn mask_v4(length: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0)
}

fn mask_v6(length: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(length.into())).unwrap_or(0)
}

/// Whether `text` is how `ip` is written.
fn spelled(ip: IpAddr, text: &str) -> bool {
    struct Expect<'a>(&'a str);
    impl fmt::Write for Expect<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut expect = Expect(text);
    fmt::write(&mut expect, format_args!("{ip}")).is_ok() && expect.0.is_empty()
}

/// A country or a platform's network code: `A-Z`, then `A-Z` or `0-9`; never `XX`, which means unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a code; `XX` and everything else that is no code is nothing.
    #[must_use]
    pub const fn new(code: &[u8]) -> Option<Self> {
        match *code {
            [b'X', b'X'] => None,
            [first @ b'A'..=b'Z', second @ (b'A'..=b'Z' | b'0'..=b'9')] => {
                Some(Self([first, second]))
            }
            _ => None,
        }
    }

    /// The code's two bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.0).unwrap_or(""))
    }
}

/// Whether a request may come from `place`, which is unknown if none.
///
/// The one rule for addresses and countries alike: with both lists empty everything passes; otherwise
/// the unknown is refused, deny wins, and a list of what is allowed allows nothing else.
pub fn admits<T: Copy>(
    place: Option<T>,
    mut allow: impl ExactSizeIterator<Item: Contains<T>>,
    mut deny: impl ExactSizeIterator<Item: Contains<T>>,
) -> bool {
    let anywhere = allow.len() == 0;
    if anywhere && deny.len() == 0 {
        return true;
    }
    place.is_some_and(|place| {
        !deny.any(|listed| listed.contains(place))
            && (anywhere || allow.any(|listed| listed.contains(place)))
    })
}

/// What can stand in a list of places.
pub trait Contains<T> {
    /// Whether `place` is in it.
    fn contains(&self, place: T) -> bool;
}

impl Contains<Address> for Block {
    fn contains(&self, place: Address) -> bool {
        Self::contains(*self, place)
    }
}

impl Contains<Self> for Country {
    fn contains(&self, place: Self) -> bool {
        *self == place
    }
}
