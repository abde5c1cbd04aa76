//! Tables that no other test uses, in DynamoDB Local.

use std::{
    io::Write,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use tollgate_core::time::UnixMillis;
use tollgate_store_dynamodb::{Link, Publisher, layout::Tables};
use tollgate_testkit::dynamodb;

use crate::made::ring;

static TABLES: AtomicU64 = AtomicU64::new(0);

/// Two tables, and how they are reached: data, so that another process can be given it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

impl Place {
    /// Empty tables with a ledger begun in them.
    pub(crate) fn new() -> Self {
        let place = Self::bare();
        let mut publisher = place.publisher();
        publisher.make_tables().unwrap();
        publisher.begin(UnixMillis(1_000)).unwrap().unwrap();
        place
    }

    /// Names of tables that there are not.
    pub(crate) fn bare() -> Self {
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let name = format!("publisher-{}-{number}", process::id());
        Self { endpoint: format!("http://127.0.0.1:{}", dynamodb::port()), name }
    }

    pub(crate) fn link(&self) -> Link {
        Link {
            region: "eu-central-1".to_owned(),
            endpoint: Some(self.endpoint.clone()),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        }
    }

    pub(crate) fn tables(&self) -> Tables {
        let name = |kind| format!("{}-{kind}", self.name);
        Tables { buckets: name("buckets"), ledger: name("ledger") }
    }

    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::new(&self.link(), &self.tables(), Some(ring())).unwrap()
    }

    /// One who has no peppers.
    pub(crate) fn blind(&self) -> Publisher {
        Publisher::new(&self.link(), &self.tables(), None).unwrap()
    }
}

/// Prints a line at once: whoever reads it may kill this process then.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}
