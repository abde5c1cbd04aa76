//! What is asked of what was counted, and what is told of it.

use tollgate_core::usage::Kind;

/// What was counted of which requests is wanted; what is none says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counting<'a> {
    /// From this hour since 1970 on.
    pub from: u64,
    /// Before this one.
    pub until: u64,
    /// Of what.
    pub kind: Kind,
    /// Of this tenant: the empty text is for what is counted by no key.
    pub tenant: Option<&'a str>,
    /// Of this owner.
    pub owner: Option<&'a str>,
    /// Of this key, by its public id.
    pub key: Option<&'a str>,
    /// Under the route of this name.
    pub route: Option<&'a str>,
    /// What rows are told apart by, besides hours and tenants: what else they say is empty, and added up.
    pub by: &'a [Apart],
}

/// What rows can be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// By owner.
    Owner,
    /// By key.
    Key,
    /// By route.
    Route,
    /// By what became of the requests, as their [`Kind`] says.
    Word,
}

impl Apart {
    /// Everything: rows as they are kept.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Key, Self::Route, Self::Word];
}

/// So many requests of an hour came to the same, of those who are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// The hours since 1970.
    pub hour: u64,
    /// The key's tenant.
    pub tenant: String,
    /// Its owner.
    pub owner: String,
    /// Its public id.
    pub key: String,
    /// The route's name.
    pub route: String,
    /// What that is, as its [`Kind`] says.
    pub word: String,
    /// How many.
    pub count: u64,
    /// Of how many kept rows that is the sum.
    pub rows: u64,
}
