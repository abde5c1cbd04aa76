//! What tests start from: keys, changes, and the table as a gate reads it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::runtime::Builder;
use tollgate_core::{
    key::Env,
    limit::LimitScope,
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers},
    record::{Expected, Found, PACKED_MAX, State, open},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, Ledger, LimitSpec, Receipt, Secret, Settings};
use tollgate_store_dynamodb::{
    Publisher,
    head::{Dated, HeadItem, read_entries},
};

use crate::local::Place;

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(byte)).collect();
    Peppers::new(&[Pepper { id: 3, secret: &secret }], 3).unwrap()
}

pub(crate) fn lookup(number: u32) -> LookupId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    LookupId::new(bytes)
}

pub(crate) fn secret(number: u32) -> Secret {
    Secret::new(lookup(number), PepperId::new(3).unwrap())
}

pub(crate) fn settings(tenant: &str, owner: &str) -> Settings {
    Settings::of(tenant, owner, "live")
}

pub(crate) fn limit(name: &str, scope: LimitScope, burst: u64) -> LimitSpec {
    let changed = Stamp::default();
    LimitSpec { name: name.to_owned(), scope, burst, rate: 5, period_ms: 1_000, changed }
}

/// A key of tenant `acme` and owner `bob` whose first secret has the same number.
pub(crate) fn creation(number: u32) -> Change {
    created_for(number, settings("acme", "bob"))
}

pub(crate) fn created_for(number: u32, settings: Settings) -> Change {
    Change::Create { id: id(number), name: None, settings, secret: secret(number) }
}

pub(crate) fn id(number: u32) -> String {
    format!("key_{number:05}")
}

pub(crate) fn change(publisher: &mut Publisher, change: &Change) -> Receipt {
    publisher.change(change, NOW).unwrap()
}

pub(crate) fn stop_tenant(tenant: &str) -> Change {
    Change::StopTenant { tenant: tenant.to_owned() }
}

pub(crate) fn resume_tenant(tenant: &str) -> Change {
    Change::ResumeTenant { tenant: tenant.to_owned() }
}

pub(crate) fn stop_owner(tenant: &str, owner: &str) -> Change {
    Change::StopOwner { tenant: tenant.to_owned(), owner: owner.to_owned() }
}

impl Place {
    /// All items of the ledger table.
    pub(crate) fn items(&self) -> Vec<Item> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = self.link().client();
            let (mut items, mut from) = (vec![], None);
            loop {
                let asked = client.scan().table_name(self.tables().ledger).consistent_read(true);
                let told = asked.set_exclusive_start_key(from).send().await.unwrap();
                items.extend(told.items.unwrap_or_default());
                from = told.last_evaluated_key;
                if from.is_none() {
                    return items;
                }
            }
        })
    }

    /// Writes an item behind everybody's back.
    pub(crate) fn put(&self, item: Item) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let put = async {
            let put = self.link().client().put_item().table_name(self.tables().ledger);
            put.set_item(Some(item)).send().await.unwrap()
        };
        runtime.block_on(put);
    }

    pub(crate) fn head(&self) -> HeadItem {
        HeadItem::read(&find(&self.items(), "head", "head").unwrap()).unwrap()
    }

    /// Every entry above the floor, with those of the pages.
    pub(crate) fn entries(&self) -> Vec<Dated> {
        let items = self.items();
        let head = HeadItem::read(&find(&items, "head", "head").unwrap()).unwrap();
        let mut all = vec![];
        for last in &head.pages {
            let page = find(&items, "head", &format!("page#{last:020}")).unwrap();
            all.extend(read_entries(page["entries"].as_s().unwrap()).unwrap());
        }
        all.extend(head.entries);
        all
    }

    /// How many rows the outbox has.
    pub(crate) fn outbox(&self) -> usize {
        self.items().iter().filter(|item| text(item, "pk") == "outbox").count()
    }

    /// The state and the stamp of a secret's record in the table; none if it has none.
    pub(crate) fn record(&self, number: u32) -> Option<(State, Stamp)> {
        recorded(&self.items(), number)
    }
}

pub(crate) fn recorded(items: &[Item], number: u32) -> Option<(State, Stamp)> {
    let lookup = lookup(number);
    let item = find(items, &format!("record#{lookup}"), "record")?;
    let expected = Expected { lookup, env: Env::new("live").unwrap() };
    let sealed = text(&item, "text");
    match open(sealed.as_bytes(), &ring(), expected, &mut [0; PACKED_MAX]).unwrap() {
        Found::Present(record) => Some((record.state, record.as_of)),
        Found::Absent(_) => panic!("an absence has no item"),
    }
}

pub(crate) fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item[name].as_s().unwrap()
}

pub(crate) fn find(items: &[Item], pk: &str, sk: &str) -> Option<Item> {
    items.iter().find(|item| text(item, "pk") == pk && text(item, "sk") == sk).cloned()
}
