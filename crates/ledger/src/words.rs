//! How the core's types are spelled in documents: as everywhere else in the formats.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use tollgate_core::{
    limit::{LimitScope, Period},
    lookup::LookupId,
    stamp::Stamp,
};

/// `"key"`, `"owner"`, `"tenant"`, `"ip"`, `"global"`.
pub(crate) mod scope {
    use super::{Deserialize, Deserializer, Error, LimitScope, Serializer};

    pub(crate) fn serialize<S: Serializer>(scope: &LimitScope, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(scope.as_str())
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<LimitScope, D::Error> {
        let word = String::deserialize(from)?;
        let named = LimitScope::ALL.into_iter().find(|scope| scope.as_str() == word);
        named.ok_or_else(|| D::Error::custom("a scope is key, owner, tenant, ip or global"))
    }
}

/// `"day"`, `"month"`, `"total"`.
pub(crate) mod period {
    use super::{Deserialize, Deserializer, Error, Period, Serializer};

    pub(crate) fn serialize<S: Serializer>(period: &Period, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(period.as_str())
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Period, D::Error> {
        let word = String::deserialize(from)?;
        let named = Period::ALL.into_iter().find(|period| period.as_str() == word);
        named.ok_or_else(|| D::Error::custom("a period is day, month or total"))
    }
}

/// `[incarnation,epoch]`.
pub(crate) mod stamp {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Stamp};

    pub(crate) fn serialize<S: Serializer>(stamp: &Stamp, to: S) -> Result<S::Ok, S::Error> {
        [stamp.incarnation, stamp.epoch].serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Stamp, D::Error> {
        let [incarnation, epoch] = <[u64; 2]>::deserialize(from)?;
        Ok(Stamp { incarnation, epoch })
    }
}

/// 32 lower-case hexadecimal digits.
pub(crate) mod lookup {
    use super::{Deserialize, Deserializer, Error, LookupId, Serializer};

    pub(crate) fn serialize<S: Serializer>(lookup: &LookupId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(lookup)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<LookupId, D::Error> {
        let digits = String::deserialize(from)?;
        let read = LookupId::from_hex(&digits);
        read.ok_or_else(|| D::Error::custom("a lookup id is 32 lower-case hexadecimal digits"))
    }
}
