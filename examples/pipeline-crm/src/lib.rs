//! An origin worth reading: a sales pipeline with opportunities, stages and metrics, behind a gate.
//!
//! It has no accounts, no keys and no limits of its own: the gate knows those. What it has to get right is whose
//! data it shows, and that is one way through four types:
//!
//! ```text
//! Tollgate-Identity ─ verifier ─► Identity ─ scope ─► May ─► Workspace ─► Desk ─► SQL with :workspace
//! ```
//!
//! A handler cannot have a [`Workspace`](workspace::Workspace) without an identity that the gate has signed and a scope
//! that the operation asks for, and no statement reaches the database without one. Start at [`app::OPERATIONS`].
#![forbid(unsafe_code)]

pub mod app;
pub mod input;
pub mod metrics;
pub mod money;
pub mod opportunities;
pub mod problem;
pub mod settings;
pub mod stages;
pub mod store;
pub mod workspace;
