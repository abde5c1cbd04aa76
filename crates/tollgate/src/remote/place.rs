//! Where a deployment is administered.

use std::{fmt, net::IpAddr};

use hyper::{Uri, http::uri::Scheme};

/// The longest URL, in bytes.
const URL_MAX: usize = 1_024;

/// A URL that an admin key may be sent to: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    /// Host and port as `Host` says them.
    pub(super) authority: String,
    pub(super) path: String,
}

impl Place {
    /// Reads a URL; none if it is none, or one that a key must not be sent to.
    ///
    /// # Security
    ///
    /// Whoever reads what is sent has the admin key: without TLS nothing leaves this machine.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        if text.len() > URL_MAX || uri.query().is_some() || text.contains(['@', '#']) {
            return None;
        }
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        if !tls && (uri.scheme() != Some(&Scheme::HTTP) || !is_here(&host)) {
            return None;
        }
        let port = match authority.port_u16() {
            Some(0) => return None,
            Some(port) => port,
            // A colon with nothing or too much after it is no port.
            None if authority.as_str() != authority.host() => return None,
            None if tls => 443,
            None => 80,
        };
        let (authority, path) = (authority.as_str().to_owned(), uri.path().to_owned());
        Some(Self { host, port, tls, authority, path })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// Whether a host is this machine by its spelling. `localhost` is then looked up as any name is.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_key_is_sent_over_tls_or_nowhere_else_than_here() {
        for (url, port) in [
            ("https://admin.example.com", Some(443)),
            ("https://admin.example.com/tollgate", Some(443)),
            ("https://10.0.0.1:8443/", Some(8443)),
            ("http://127.0.0.1:8787/admin", Some(8787)),
            ("http://[::1]:8787/", Some(8787)),
            ("http://localhost/", Some(80)),
            ("http://admin.example.com/", None),
            ("http://localhost.example.com/", None),
            ("http://10.0.0.1/", None),
            ("http://127.0.0.1@admin.example.com/", None),
            ("https://key@admin.example.com/", None),
            ("https://admin.example.com/?key=1", None),
            ("https://admin.example.com:0/", None),
            ("https://admin.example.com:/", None),
            ("ftp://127.0.0.1/", None),
            ("admin.example.com", None),
            ("", None),
        ] {
            assert_eq!(Place::parse(url).map(|place| place.port), port, "{url}");
        }
    }
}
