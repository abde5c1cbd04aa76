//! The head of a message as the other side writes it: a few lines, then a field a line.

use std::net::IpAddr;

use tollgate_core::network::{Address, Country};
use tollgate_http::path::{self, Target};

/// The most fields of a head, and their most bytes: as many as the native gate takes unless it is told otherwise.
const FIELDS_MAX: usize = 128;
const HEAD_BYTES_MAX: usize = 65_536;

/// A field.
pub(crate) type Field<'a> = (&'a [u8], &'a [u8]);

/// The head of a request.
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    url: &'a str,
    /// The client's address, in the platform's words, and what was read of it.
    pub(crate) spelled: &'a str,
    pub(crate) address: Option<IpAddr>,
    country: &'a str,
    /// None of them if there are too many or they are too long.
    pub(crate) fields: Vec<Field<'a>>,
    /// Whether that is so.
    pub(crate) too_large: bool,
}

impl<'a> Head<'a> {
    /// Reads what the other side wrote: method, URL, address and country a line each, and then the fields. None if
    /// that cannot be read in one way.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let (method, rest) = line(text)?;
        let (url, rest) = line(rest)?;
        let (address, rest) = line(rest)?;
        let (country, rest) = line(rest)?;
        let word = |bytes| std::str::from_utf8(bytes).ok();
        let fields = Some(rest).filter(|_| text.len() <= HEAD_BYTES_MAX).and_then(fields);
        Some(Self {
            method: word(method)?,
            url: word(url)?,
            spelled: word(address)?,
            address: word(address)?.parse().ok(),
            country: word(country)?,
            too_large: fields.is_none(),
            fields: fields.unwrap_or_default(),
        })
    }

    /// A head of which nothing is known but the method.
    pub(crate) const fn bare(method: &'a str) -> Self {
        let fields = Vec::new();
        Self { method, url: "", spelled: "", address: None, country: "", fields, too_large: false }
    }

    /// The client's address, as limits count it.
    pub(crate) fn client(&self) -> Option<Address> {
        self.address.map(Address::new)
    }

    pub(crate) fn country(&self) -> Option<Country> {
        Country::new(self.country.as_bytes())
    }

    /// What is asked for; none if that can be read in more than one way. The platform has matched the authority of
    /// the URL to this gate already.
    pub(crate) fn target(&self) -> Option<Target<'a>> {
        let url = self.url.as_bytes();
        let scheme = url.windows(3).position(|three| three == b"://")?;
        let after = url.get(scheme.checked_add(3)?..)?;
        // `OPTIONS *` has no path: the asterisk then stands behind the authority.
        let begins = after.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let local = after.get(begins.or_else(|| after.len().checked_sub(1))?..)?;
        path::target(self.method.as_bytes(), local, None).ok()
    }

    /// Whether the client asks to switch to WebSocket.
    pub(crate) fn wants_websocket(&self) -> bool {
        let mut upgrades =
            self.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"upgrade"));
        let only = upgrades.next().filter(|_| upgrades.next().is_none());
        self.method == "GET"
            && only.is_some_and(|(_, value)| value.eq_ignore_ascii_case(b"websocket"))
    }
}

/// Fields, one a line; none if there are too many, or a line is none.
pub(crate) fn fields(mut text: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::with_capacity(24);
    while !text.is_empty() {
        let (field, rest) = line(text)?;
        let at = field.iter().position(|&byte| byte == b':')?;
        let (name, value) = field.split_at_checked(at)?;
        if fields.len() == FIELDS_MAX {
            return None;
        }
        fields.push((name, value.get(1..)?));
        text = rest;
    }
    Some(fields)
}

/// The first line, and what follows it.
pub(crate) fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = text.split_at_checked(at)?;
    Some((line, rest.get(1..)?))
}

/// A walk over fields that can be taken up again.
pub(crate) fn walk<'f, 'a: 'f>(
    fields: &'f [Field<'a>],
) -> impl Iterator<Item = Field<'a>> + Clone + 'f {
    fields.iter().copied()
}
