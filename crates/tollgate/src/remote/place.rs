//! Where a deployment is administered.

use std::{fmt, ops::Deref};

use tollgate_native::place::{Place as Called, Plain};

/// A URL that an admin key may be sent to: `https`, or `http` on this machine; without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(Called);

impl Place {
    /// Reads a URL; none if it is none, or one that a key must not be sent to.
    ///
    /// # Security
    ///
    /// Whoever reads what is sent has the admin key: without TLS nothing leaves this machine.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Called::parse(text, Plain::Here).filter(|place| !place.has_query()).map(Self)
    }
}

impl Deref for Place {
    type Target = Called;

    fn deref(&self) -> &Called {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_key_is_sent_over_tls_or_nowhere_else_than_here() {
        for (url, port) in [
            ("https://admin.example.com/tollgate", Some(443)),
            ("http://127.0.0.1:8787/admin", Some(8787)),
            ("http://admin.example.com/", None),
            ("http://10.0.0.1/", None),
            ("https://admin.example.com/?key=1", None),
            ("https://admin.example.com/?", None),
        ] {
            assert_eq!(Place::parse(url).map(|place| place.port()), port, "{url}");
        }
    }
}
