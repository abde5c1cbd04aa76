//! Money: a whole number of the smallest unit of a currency, and never a fraction.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize};

/// The most that an amount can be: a million of these are still a number that SQLite can add up.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// An amount. `{"minor": 125000, "currency": "EUR"}` is 1,250 euros.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// So many of the smallest unit.
    pub minor: Minor,
    /// Of which currency.
    pub currency: Currency,
}

/// A count of smallest units that one opportunity can have: 0 to [`MINOR_MAX`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "i64")]
pub struct Minor(i64);

impl TryFrom<i64> for Minor {
    type Error = String;

    fn try_from(minor: i64) -> Result<Self, String> {
        let good = (0..=MINOR_MAX).contains(&minor);
        good.then_some(Self(minor)).ok_or_else(|| format!("must be 0 to {MINOR_MAX}"))
    }
}

/// What many amounts come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// So many of the smallest unit.
    pub minor: i64,
    /// Of which currency: sums of two are two sums.
    pub currency: Currency,
}

/// The currencies that are taken, by their codes of ISO 4217.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Swiss francs.
    Chf,
    /// Euros.
    Eur,
    /// Pounds.
    Gbp,
    /// Yen, whose smallest unit is one.
    Jpy,
    /// New Zealand dollars.
    Nzd,
    /// US dollars.
    Usd,
}

impl Currency {
    const ALL: [Self; 6] = [Self::Chf, Self::Eur, Self::Gbp, Self::Jpy, Self::Nzd, Self::Usd];

    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chf => "CHF",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Nzd => "NZD",
            Self::Usd => "USD",
        }
    }
}

impl ToSql for Minor {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Minor {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let minor = i64::column_result(value)?;
        Self::try_from(minor).map_err(|_| FromSqlError::OutOfRange(minor))
    }
}

impl ToSql for Currency {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.code().to_sql()
    }
}

impl FromSql for Currency {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = value.as_str()?;
        Self::ALL.into_iter().find(|one| one.code() == code).ok_or(FromSqlError::InvalidType)
    }
}
