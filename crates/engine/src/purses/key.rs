//! A bucket's name in its parts: compared and hashed without being spelled.

use std::hash::{DefaultHasher, Hasher};

use tollgate_core::{
    bucket::Subject,
    id::Id,
    lease::HolderId,
    limit::{Limit, LimitScope},
    network::Address,
    record::Record,
};

/// What hashes are seeded with: addresses are chosen by whoever calls, and must not be chosen to meet.
#[derive(Clone, Debug)]
pub(crate) struct Seed(DefaultHasher);

impl Seed {
    /// From what nobody else knows.
    pub(crate) fn new(holder: HolderId) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&holder.0);
        Self(hasher)
    }
}

/// Which bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) tenant: Id<'a>,
    pub(crate) subject: Subject<'a>,
    pub(crate) limit: Id<'a>,
}

impl<'a> Key<'a> {
    /// The bucket of a limit for a request with this record from this address; none if it counts addresses
    /// and there is none.
    pub(crate) fn of(
        record: &Record<'a>,
        limit: &Limit<'a>,
        address: Option<Address>,
    ) -> Option<Self> {
        let subject = match limit.scope {
            LimitScope::Key => Subject::Key(record.key),
            LimitScope::Owner => Subject::Owner(record.owner),
            LimitScope::Tenant => Subject::Tenant,
            LimitScope::Ip => Subject::Ip(address?.counted().ip()),
            LimitScope::Global => Subject::Global,
        };
        Some(Self { tenant: record.tenant, subject, limit: limit.name })
    }

    /// The address that it counts, if it counts one.
    pub(crate) const fn address(&self) -> Option<Address> {
        match self.subject {
            Subject::Ip(address) => Some(Address::new(address)),
            Subject::Key(_) | Subject::Owner(_) | Subject::Tenant | Subject::Global => None,
        }
    }

    pub(crate) fn hash(&self, seed: &Seed) -> u32 {
        let mut hasher = seed.0.clone();
        // No part can hold a slash.
        let mut part = |bytes: &[u8]| {
            hasher.write(bytes);
            hasher.write_u8(b'/');
        };
        match self.subject {
            Subject::Global => {}
            Subject::Key(id) | Subject::Owner(id) => {
                part(self.tenant.as_str().as_bytes());
                part(id.as_str().as_bytes());
            }
            Subject::Tenant => part(self.tenant.as_str().as_bytes()),
            Subject::Ip(address) => {
                part(self.tenant.as_str().as_bytes());
                match address {
                    std::net::IpAddr::V4(address) => part(&address.octets()),
                    std::net::IpAddr::V6(address) => part(&address.octets()),
                }
            }
        }
        part(self.subject.scope().as_str().as_bytes());
        part(self.limit.as_str().as_bytes());
        let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Whether `name` is this bucket's, counting `address`.
    pub(crate) fn names(&self, name: &str, address: Option<Address>) -> bool {
        self.address() == address && self.rest(name) == Some("")
    }

    /// What of a name comes after this one's parts.
    fn rest<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (tenant, scope) = (self.tenant.as_str(), self.subject.scope().as_str());
        let rest = match self.subject {
            Subject::Global => part(part(part(name, "*")?, scope)?, "*")?,
            Subject::Key(id) | Subject::Owner(id) => {
                part(part(part(name, tenant)?, scope)?, id.as_str())?
            }
            Subject::Tenant => part(part(part(name, tenant)?, scope)?, tenant)?,
            // Addresses are compared as such, not as they are spelled.
            Subject::Ip(_) => part(part(name, tenant)?, scope)?.split_once('/')?.1,
        };
        rest.strip_prefix(self.limit.as_str())
    }
}

/// What comes after a part of a name and its slash.
fn part<'n>(name: &'n str, part: &str) -> Option<&'n str> {
    name.strip_prefix(part)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use std::net::IpAddr;

    use tollgate_core::bucket::BucketName;

    use super::*;

    #[test]
    fn a_bucket_is_known_by_its_parts_exactly_as_by_its_name() {
        let ids = ["a", "aa", "key", "b@x"].map(|id| Id::new(id).unwrap());
        let addresses = ["192.0.2.1", "192.0.2.11", "2001:db8::", "2001:db8:0:1::"];
        let addresses = addresses.map(|text| text.parse::<IpAddr>().unwrap());
        let subjects = ids.iter().flat_map(|&id| [Subject::Key(id), Subject::Owner(id)]);
        let subjects = subjects.chain([Subject::Tenant, Subject::Global]);
        let subjects: Vec<_> = subjects.chain(addresses.map(Subject::Ip)).collect();
        let mut keys = vec![];
        for tenant in ids {
            for limit in ids {
                keys.extend(subjects.iter().map(|&subject| Key { tenant, subject, limit }));
            }
        }
        let seed = Seed::new(HolderId([5; 16]));
        for one in &keys {
            let name = BucketName::new(one.tenant, one.subject, one.limit);
            for other in &keys {
                let same = name == BucketName::new(other.tenant, other.subject, other.limit);
                assert_eq!(other.names(name.as_str(), one.address()), same, "{one:?} {other:?}");
                assert_eq!(one.hash(&seed) == other.hash(&seed), same, "{one:?} {other:?}");
            }
        }
        let other_seed = Seed::new(HolderId([6; 16]));
        assert_ne!(keys.first().unwrap().hash(&seed), keys.first().unwrap().hash(&other_seed));
    }
}
