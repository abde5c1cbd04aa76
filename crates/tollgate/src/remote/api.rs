//! A management API elsewhere, asked over HTTP.

use std::{io, path::PathBuf};

use hyper::{Method, header::HeaderName};
use tokio::runtime::{Builder, Runtime};

use super::{
    AdminKey, CallError, PATIENCE, Place,
    call::{self, Answer, Asked},
};

/// Where an API is, and whoever asks it.
pub(crate) struct Control {
    place: Place,
    key: AdminKey,
    ca: Option<PathBuf>,
    runtime: Runtime,
}

/// One request.
pub(crate) struct Asking<'a> {
    pub(crate) method: &'a str,
    /// Behind what stands before `/api`, with the query.
    pub(crate) path: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
    pub(crate) body: Vec<u8>,
}

/// Names the place and not the key.
impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Control {
    /// The API at `place`, for the holder of `key`. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// When the system gives nothing to wait with.
    pub(crate) fn new(place: Place, key: AdminKey, ca: Option<PathBuf>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { place, key, ca, runtime })
    }

    /// Asks once, on a connection of its own.
    ///
    /// # Errors
    ///
    /// When there is no answer: [`CallError::was_sent`] says whether the question may have arrived.
    pub(crate) fn ask(&self, asking: Asking<'_>) -> Result<Answer, CallError> {
        let odd = |error: &dyn std::fmt::Display| {
            CallError::Unconnected(io::Error::other(error.to_string()))
        };
        let method = Method::from_bytes(asking.method.as_bytes()).map_err(|error| odd(&error))?;
        let fields = asking.fields.iter();
        let fields = fields.map(|(name, value)| (HeaderName::from_static(name), value.clone()));
        let fields: Vec<_> = fields.collect();
        let path = [self.place.target().trim_end_matches('/'), asking.path].concat();
        let asked =
            Asked { method, path, fields: &fields, body: asking.body, ca: self.ca.as_deref() };
        self.runtime.block_on(call::send(&self.place, &self.key, asked, PATIENCE))
    }
}

impl Answer {
    /// The value of a field, if it is text.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }

    /// Status and body.
    pub(crate) fn into_parts(self) -> (u16, Vec<u8>) {
        (self.status, self.body.to_vec())
    }
}
