//! What a ledger's store does.
// /// Where keys live. (docs: "if an implementation is wrong", in each direction)
// pub trait Ledger {
//   fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError>;   // durable before it returns
//   fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError>;
//   fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError>;
//   fn keys(&mut self, after: Option<&str>, limit: usize, tenant: Option<&str>) -> Result<Page, LedgerError>;
//   fn stamp(&mut self) -> Result<Stamp, LedgerError>;
//   fn peppers_in_use(&mut self) -> Result<[u64; 16], LedgerError>;   // living secrets per pepper
// }
// pub struct Receipt { stamp: Stamp, key: Option<Key> }
