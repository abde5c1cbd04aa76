//! The core behind a few bare exports, with no allocator and no standard library: what is measured on
//! V8, and whose size is budgeted.
//!
//! Built for `wasm32-unknown-unknown`; on other targets there is nothing here.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
mod gate;
