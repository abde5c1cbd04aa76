//! The control plane: who may change keys, what they may say, and what they are told. Written once for every host.
//!
//! A host carries bytes: it makes a [`Request`] of what came, gives [`Service::answer`] its [`Books`], its
//! [`Chance`] and one reading of its clock, and sends the [`Response`]. Nothing here opens a socket, knows SQL, reads a
//! clock or draws randomness of its own. See `docs/spec/control.md`.
#![forbid(unsafe_code)]

mod admit;
mod books;
mod chance;
mod guard;
mod message;
pub mod model;
pub mod problem;
mod reply;
mod routes;
mod service;
mod verdict;

pub use books::{
    Books, BooksError, Caller, Counted, Counting, Done, Filed, Line, Page, Retry, Seen, Told,
    Wanted, Work,
};
pub use chance::{Chance, NoChance};
pub use guard::{ADDRESSES_MAX, FAILURES_MAX, FAILURES_PERIOD_MS, Guard};
pub use message::{BODY_MAX, Request, Response};
pub use routes::{Door, OPERATIONS, Operation};
pub use service::{Service, Setup};
