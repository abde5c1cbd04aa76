//! What a caller may say, and what is kept of it.
//!
//! Every body is described once, as a [`Shape`](shape::Shape): the reader checks against it, and the schemas of the
//! OpenAPI document are made from it. Whatever is wrong with a body is said at once, each finding with its place.
//! See `docs/spec/control-model.md`.

mod body;
mod check;
mod details;
mod document;
mod holder;
mod key;
mod new;
mod query;
mod role;
mod schema;
pub mod shape;
mod spelling;
pub mod tables;
mod template;
mod validation;
mod view;

pub use body::DEPTH_MAX;
pub use check::check;
pub use details::{Details, Reason, Rotation};
pub use document::{Body, Document, Patch, read, read_as, read_put};
pub use holder::{Holding, Marks, Owner, Shown, State, Tenant};
pub use key::{Changed, Given, KeyPatch, KeyPut};
pub use new::{By, Made, NewKey};
pub use query::{
    ALL, CURSOR_BYTES_MAX, KeyQuery, LIST_MAX, LIST_USUAL, ListQuery, Position, QUERY_BYTES_MAX,
    SEARCH_MAX, Sort, SortBy, Value,
};
pub(crate) use query::{
    KEYS as KEY_LIST, OTHERS as OTHER_LIST, TENANTS as TENANT_LIST, Words, checked,
};
pub use role::{Role, granted};
pub(crate) use schema::schema_of;
pub use schema::{lists, schema, schemas};
pub(crate) use spelling::ID;
pub use template::{Defaults, NAME_PART_MAX, Naming, Template};
pub use validation::Validation;
pub use view::{KeyView, SecretView};
