//! Somebody who writes to the store past the service.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tollgate_audit::{Actor, Chain, Document, Entry, Image};
use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_store_sqlite::{Access, Store};

use crate::made::{NOW, World};

/// A world whose store is a file, and that file.
pub(crate) struct Raw {
    folder: PathBuf,
    pub(crate) world: World,
    pub(crate) file: rusqlite::Connection,
}

impl Raw {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("tollgate-audit-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("store.db");
        let world = World::over(Store::open(&path, Access::Create).unwrap());
        let file = rusqlite::Connection::open(&path).unwrap();
        Self { folder, world, file }
    }

    /// Does something to the tables.
    pub(crate) fn does(&self, sql: &str) {
        self.file.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Puts this many entries into the chain of a tenant, as the store would.
    pub(crate) fn fill(&self, tenant: &str, entries: u64) {
        let mut chain = Chain::new(Some(Id::new(tenant).unwrap()));
        self.does("BEGIN");
        for number in 1..=entries {
            let entry = Entry {
                at: UnixMillis(NOW.0 + number),
                actor: Actor::Command,
                operation: Id::new("keys.update").unwrap(),
                subject: Id::new("key_1").unwrap(),
                before: Image::nothing(),
                after: Image::of(&Shown(json!({ "name": "ü".repeat(60) }))),
                from: None,
                request: None,
            };
            let line = chain.append(&entry).unwrap().line;
            let row = (tenant, number, chain.at.0, "command", "keys.update", "key_1", line);
            let put = "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            self.file.prepare_cached(put).unwrap().execute(row).unwrap();
        }
        self.does("COMMIT");
        let row = (tenant, chain.number, chain.hash.to_string(), chain.at.0);
        self.file.execute("INSERT INTO chains VALUES (?1, ?2, ?3, ?4)", row).unwrap();
        self.file.execute("INSERT INTO unchecked VALUES (?1)", [tenant]).unwrap();
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Anything, as a document.
struct Shown(Value);

impl Document for Shown {
    fn document(&self) -> Value {
        self.0.clone()
    }
}
