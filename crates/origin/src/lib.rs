//! Trust `Tollgate-Identity`, and nothing else: the verifier for origins written in Rust.
//!
//! [`Verifier::layer`] serves nobody whose identity the gate has not signed for this origin, and handlers know who
//! calls. `docs/origins.md` says what is refused and why, and `README.md` what can be set.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tollgate_origin::{Identity, Problem, Settings, Verifier};
//!
//! async fn orders(who: Identity) -> Result<String, Problem> {
//!     who.require("orders:read")?;
//!     Ok(format!("the orders of {}", who.tenant()))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(Settings::new("https://gate.example", "orders"))?;
//! let app: Router = Router::new().route("/orders", get(orders)).layer(verifier.layer());
//! # drop(app);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "axum")]
mod axum;
mod cache;
mod event;
mod fetch;
mod identity;
mod keys;
mod layer;
mod memory;
mod problem;
mod said;
mod settings;
mod trust;
mod verifier;

#[cfg(feature = "axum")]
pub use axum::{Holding, Required};
pub use event::ApiGateway;
pub use identity::{Binding, Identity};
pub use keys::{JWKS_MAX, KeysError};
pub use layer::{Admission, Guard, GuardLayer};
pub use problem::{Problem, Reason};
pub use settings::{
    ConfigError, DEADLINE_MAX, MAX_AGE_MAX, PUBLIC_MAX, REALM_MAX, REFETCH_MAX, REMEMBER_MAX,
    REPLAY_MAX, Settings,
};
pub use tollgate_core::time::{Reading, UnixMillis};
pub use tollgate_identity::{KeyError, Refusal};
pub use verifier::Verifier;
