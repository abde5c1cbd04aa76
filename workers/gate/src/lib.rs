//! The gate for JavaScript runtimes: engine, rules and identities behind bare exports.
//!
//! The other side writes the head of a request into one buffer, and reads there what becomes of it: nothing is
//! awaited for a warm key. What has to be asked of stores comes out as lines that it carries to wherever they are,
//! and their answers come back the same way. Which platform it runs on is not known here.

#[cfg(target_arch = "wasm32")]
mod exports;
mod head;
mod host;
mod refusals;
mod render;
mod shelf;

pub use host::{Code, Host, Outside};
pub use tollgate_gate::settings::{Settings, SettingsError};
pub use tollgate_store_cloudflare::page::Page;
