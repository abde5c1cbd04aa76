//! Where a request comes from, as far as it can be believed.

use std::{fmt, net::IpAddr};

use tollgate_core::network::{Address, Block, Country};

use crate::{
    Fields,
    text::{same, trim},
};

/// The most blocks of trusted hops.
pub const TRUSTED_MAX: usize = 64;

/// The most `X-Forwarded-For` lines that are looked at: the last ones, which the nearest hops wrote.
pub const LINES_MAX: usize = 16;

/// The most hops that are walked.
pub const HOPS_MAX: usize = 32;

/// The hops whose word is taken. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Box<[Block]>);

/// A list of trusted hops cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedError {
    /// The block at this place is none in its canonical form.
    WrongBlock(usize),
    /// There are more than [`TRUSTED_MAX`].
    TooMany,
}

impl fmt::Display for TrustedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongBlock(_) => tollgate_core::network::AddressError.fmt(f),
            Self::TooMany => write!(f, "at most {TRUSTED_MAX} blocks of hops are trusted"),
        }
    }
}

impl std::error::Error for TrustedError {}

impl Trusted {
    /// Trusts the hops in `blocks`, each written `address/length`.
    ///
    /// # Errors
    ///
    /// See [`TrustedError`].
    pub fn new<T: AsRef<str>>(blocks: &[T]) -> Result<Self, TrustedError> {
        if blocks.len() > TRUSTED_MAX {
            return Err(TrustedError::TooMany);
        }
        let read = blocks.iter().enumerate();
        let read = read.map(|(place, text)| {
            Block::parse(text.as_ref()).map_err(|_| TrustedError::WrongBlock(place))
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the hop at `address` is trusted.
    #[must_use]
    pub fn contains(&self, address: Address) -> bool {
        self.0.iter().any(|block| block.contains(address))
    }

    /// The blocks.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }
}

/// The client's address: the nearest one that no trusted hop has.
///
/// From the peer on, each trusted hop is believed about the one before it, which is the last entry of
/// `X-Forwarded-For` not yet looked at. What is no address ends the walk at the hop that wrote it.
pub fn client<'a>(peer: IpAddr, fields: impl Fields<'a>, trusted: &Trusted) -> Address {
    let mut nearest = Address::new(peer);
    if !trusted.contains(nearest) {
        return nearest;
    }
    let (lines, len) = last_lines(fields);
    let lines = lines.iter().take(len).rev();
    let entries = lines.flat_map(|line| line.rsplit(|&byte| byte == b','));
    for entry in entries.take(HOPS_MAX) {
        let Some(address) = read(trim(entry)) else {
            break;
        };
        nearest = address;
        if !trusted.contains(address) {
            break;
        }
    }
    nearest
}

/// The last `X-Forwarded-For` lines in their order, and how many there are.
fn last_lines<'a>(fields: impl Fields<'a>) -> ([&'a [u8]; LINES_MAX], usize) {
    let (mut lines, mut len): ([&[u8]; LINES_MAX], _) = ([&[]; LINES_MAX], 0_usize);
    for (_, value) in fields.filter(|(name, _)| same(name, "x-forwarded-for")) {
        if len == LINES_MAX {
            lines.rotate_left(1);
            len = len.saturating_sub(1);
        }
        if let Some(line) = lines.get_mut(len) {
            *line = value;
            len = len.saturating_add(1);
        }
    }
    (lines, len)
}

/// Reads an entry: an address, an IPv4 address with a port, or an IPv6 address in brackets with or without
/// one. Names, zones and placeholders are no addresses.
fn read(entry: &[u8]) -> Option<Address> {
    let entry = str::from_utf8(entry).ok()?;
    let (address, port) = if let Some(rest) = entry.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        // Only an IPv6 address stands in brackets.
        address.contains(':').then_some(())?;
        (address, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
    } else {
        match entry.split_once(':') {
            Some((address, port)) if !port.contains(':') => (address, Some(port)),
            _ => (entry, None),
        }
    };
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    port.is_none_or(is_port).then_some(())?;
    Address::parse(address).ok()
}

/// The client's country, if `header` is configured, the peer is trusted, and the field says one thing.
pub fn country<'a>(
    peer: IpAddr,
    fields: impl Fields<'a>,
    header: Option<&str>,
    trusted: &Trusted,
) -> Option<Country> {
    let header = header.filter(|_| trusted.contains(Address::new(peer)))?;
    let mut said = fields.filter(|(name, _)| same(name, header)).map(|(_, value)| trim(value));
    let first = said.next()?;
    said.all(|other| other == first).then(|| Country::new(first)).flatten()
}

/// The `X-Forwarded-For` that the origin gets: what a trusted peer said, if it did, and the peer itself.
pub fn forwarded_for<'a>(peer: IpAddr, fields: impl Fields<'a>, trusted: &Trusted) -> String {
    let peer = Address::new(peer);
    let mut chain = String::new();
    if trusted.contains(peer) {
        let (lines, len) = last_lines(fields);
        for line in lines.iter().take(len).map(|line| trim(line)).filter(|line| !line.is_empty()) {
            // A line that is not visible ASCII is nobody's address.
            if line.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                chain.extend(line.iter().copied().map(char::from));
                chain.push_str(", ");
            }
        }
    }
    chain.push_str(&peer.to_string());
    chain
}
