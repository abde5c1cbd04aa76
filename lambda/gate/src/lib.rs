//! The gate in AWS Lambda: settings from the environment, and an engine whose process freezes after every answer.
//!
//! The authorizer and the layer in front of a function are two renderings of what is here. An environment serves one
//! event at a time and runs nothing after its answer, so whatever the engine asks for is asked within the invocation.
#![forbid(unsafe_code)]

mod dynamo;
mod environment;
mod fetch;
mod gate;
mod lines;
mod log;
mod place;
mod setup;
mod stores;

pub use dynamo::Dynamo;
pub use environment::Environment;
pub use fetch::secrets;
pub use gate::{Gate, Outcome, Patience};
pub use log::{About, Log, Output};
pub use place::Place;
pub use setup::{Settings, StartError};
pub use stores::{Replies, Stores};
