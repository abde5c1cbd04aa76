//! Where a host calls: `http` and `https` URLs, read by one rule.

use std::{fmt, net::IpAddr};

use http::{Uri, uri::Scheme};

/// The longest URL, in bytes.
pub const URL_MAX: usize = 1_024;

/// Where `http` may be called, which nobody proves to be who was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// On this machine: nobody sits between.
    Here,
    /// Anywhere. Whoever sits between reads what is sent, and can change what comes.
    Anywhere,
}

/// A URL that may be called: its scheme is `https`, or `http` where [`Plain`] allowed it.
///
/// It names a host and no user, its port is none or a number that can be connected to, and it has no fragment.
///
/// ```
/// use tollgate_native::place::{Place, Plain};
///
/// let place = Place::parse("https://gate.example/jwks.json", Plain::Here).ok_or("no such place")?;
/// assert_eq!((place.host(), place.port(), place.target()), ("gate.example", 443, "/jwks.json"));
/// assert_eq!(Place::parse("http://gate.example/jwks.json", Plain::Here), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    host: String,
    port: u16,
    tls: bool,
    authority: String,
    target: String,
}

impl Place {
    /// Reads a URL; none if it is none, or one that must not be called.
    ///
    /// # Security
    ///
    /// With [`Plain::Here`] nothing that is sent leaves this machine without TLS, and nothing comes from elsewhere without.
    #[must_use]
    pub fn parse(text: &str, plain: Plain) -> Option<Self> {
        let shown = |byte: u8| byte.is_ascii_graphic();
        if text.len() > URL_MAX || text.contains(['@', '#']) || !text.bytes().all(shown) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        let open =
            uri.scheme() == Some(&Scheme::HTTP) && (plain == Plain::Anywhere || is_here(&host));
        if host.is_empty() || !(tls || open) {
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
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        // A query may follow the host at once.
        let root = if target.starts_with('/') { "" } else { "/" };
        let target = [root, target].concat();
        Some(Self { host, port, tls, authority: authority.as_str().to_owned(), target })
    }

    /// A name or an address, without brackets: what is connected to, and whose certificate is asked for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port: the scheme's own unless the URL has one.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is called under TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Host and port as the URL has them: what `Host` says.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query: what is asked for. It begins with `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether a query belongs to it, if only an empty one.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.target.contains('?')
    }
}

/// As a URL.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.target)
    }
}

/// Whether a host is this machine by its spelling. `localhost` is then looked up as any name is.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests;
