//! The gate as a Lambda authorizer of API Gateway: an event in, a policy or an error out.
//!
//! Which kind of event it is, is seen in the event. What passes is said for exactly the method and path that were asked
//! for; what is refused is said as far as API Gateway can tell it to a client; what is ours is an error, and never an allow.
#![forbid(unsafe_code)]

mod answer;
mod authorizer;
mod event;
mod settings;
mod start;

pub use answer::{Answer, CONTEXT_BYTES_MAX, Failure};
pub use authorizer::Authorizer;
pub use event::{
    Arn, EVENT_BYTES_MAX, Event, FIELD_BYTES_MAX, FIELDS_MAX, Kind, Malformed, RESOURCE_MAX,
    Setting,
};
pub use settings::{Covers, Form, SOURCES_MAX, Settings, Source, Unauthorized};
pub use start::Start;
