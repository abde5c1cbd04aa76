//! What a bucket is called, wherever it lives.

use core::{
    fmt::{self, Write},
    net::{IpAddr, Ipv6Addr},
};

use crate::{
    id::{ID_MAX, Id},
    limit::LimitScope,
};

/// The longest name of a bucket, in bytes: a limit on a tenant, all identifiers of full length.
pub const NAME_MAX: usize = 3 * ID_MAX + "/tenant//".len();

/// Whose requests a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Those of one key.
    Key(Id<'a>),
    /// Those of one owner.
    Owner(Id<'a>),
    /// Those of the tenant.
    Tenant,
    /// Those from one address; of an IPv6 address, those from its /64.
    Ip(IpAddr),
    /// All requests.
    Global,
}

impl Subject<'_> {
    /// The scope of limits on this subject.
    #[must_use]
    pub const fn scope(self) -> LimitScope {
        match self {
            Self::Key(_) => LimitScope::Key,
            Self::Owner(_) => LimitScope::Owner,
            Self::Tenant => LimitScope::Tenant,
            Self::Ip(_) => LimitScope::Ip,
            Self::Global => LimitScope::Global,
        }
    }
}

/// The name of a bucket: tenant, scope, scope id and limit name, and never the numbers.
///
/// No part can hold `/` or `*`, so two buckets never share a name; and a limit whose numbers change
/// keeps its bucket, so a change does not make a second, full one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BucketName {
    text: [u8; NAME_MAX],
    len: usize,
}

impl BucketName {
    /// The name of the bucket of `limit` for `subject` in `tenant`.
    #[must_use]
    pub fn new(tenant: Id<'_>, subject: Subject<'_>, limit: Id<'_>) -> Self {
        let mut name = Self { text: [0; NAME_MAX], len: 0 };
        let scope = subject.scope().as_str();
        let written = match subject {
            Subject::Key(id) | Subject::Owner(id) => write!(name, "{tenant}/{scope}/{id}/{limit}"),
            Subject::Tenant => write!(name, "{tenant}/{scope}/{tenant}/{limit}"),
            Subject::Ip(address) => match address.to_canonical() {
                IpAddr::V4(address) => write!(name, "{tenant}/{scope}/{address}/{limit}"),
                IpAddr::V6(address) => {
                    let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
                    write!(name, "{tenant}/{scope}/{network}/{limit}")
                }
            },
            Subject::Global => write!(name, "*/{scope}/*/{limit}"),
        };
        // INVARIANT: NAME_MAX holds the longest possible parts, so nothing is ever cut off.
        debug_assert!(written.is_ok(), "a bucket's name fits");
        name
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.get(..self.len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl Write for BucketName {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.len.checked_add(part.len()).ok_or(fmt::Error)?;
        self.text.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
