//! The control plane: who may change keys, what they may say, and what they are told. Written once for every host.
//!
//! A host carries bytes: it makes a [`Request`] of what came, gives [`Service::answer`] its [`Books`], its
//! [`Chance`] and one reading of its clock, and sends the [`Response`]. Nothing here opens a socket, knows SQL, reads a
//! clock or draws randomness of its own. See `docs/spec/control.md`.
#![forbid(unsafe_code)]

mod admit;
mod books;
mod chance;
mod checkpoint;
mod csv;
mod guard;
mod looked;
mod message;
pub mod model;
mod openapi;
mod origins;
pub mod problem;
mod reply;
mod routes;
mod service;
mod verdict;

pub use books::{
    Act, Apart, Balance, Books, BooksError, Caller, Carries, Counted, Counting, DocumentId,
    DocumentKind, Documented, Done, Filed, Held, Line, OWNERS_MAX, Page, ROLES_MAX, Retry, Seen,
    Signed, Signer, Spending, Standing, StoppedBy, TEMPLATES_MAX, Tokens, Told, Wanted, Work,
};
pub use chance::{Chance, NoChance};
pub use checkpoint::{CheckpointError, Damage, Haste, ROUND_MAX, Round};
pub use guard::{ADDRESSES_MAX, FAILURES_MAX, FAILURES_PERIOD_MS, Guard};
pub use looked::{Newest, newest};
pub use message::{BODY_MAX, By, Request, Response};
pub use openapi::document;
pub use origins::{OriginError, Origins};
pub use routes::{Door, OPERATIONS, Operation, PATH, Takes, without_reason};
pub use service::{Service, Setup};
