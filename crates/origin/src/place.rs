//! Where keys may be fetched from.

use std::net::IpAddr;

use http::{Uri, uri::Scheme};

/// The longest URL, in bytes.
const URL_MAX: usize = 1_024;

/// A URL that keys may be fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    /// Host and port as `Host` says them.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Place {
    /// Reads a URL; none if it is none, or one that keys must not come from.
    ///
    /// # Security
    ///
    /// Whoever can change what comes says who calls: without TLS it comes from this machine, unless `allow_http`.
    pub(crate) fn parse(text: &str, allow_http: bool) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic();
        if text.len() > URL_MAX || text.contains(['@', '#']) || !text.bytes().all(plain) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        let open = uri.scheme() == Some(&Scheme::HTTP) && (allow_http || is_here(&host));
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
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Some(Self { host, port, tls, authority: authority.as_str().to_owned(), target })
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
    fn keys_are_only_fetched_from_where_nobody_sits_between() {
        for (url, allow_http, port) in [
            ("https://gate.example/jwks.json", false, Some(443)),
            ("https://gate.example:8443", false, Some(8443)),
            ("https://[::1]:8443/x?y", false, Some(8443)),
            ("http://127.0.0.1:8/jwks", false, Some(8)),
            ("http://[::1]/jwks", false, Some(80)),
            ("http://localhost/x", false, Some(80)),
            ("http://gate.internal/x", false, None),
            ("http://gate.internal/x", true, Some(80)),
            ("http://127.0.0.1.evil.example/", false, None),
            ("http://localhost.evil.example/", false, None),
            ("http://127.0.0.1@evil.example/", false, None),
            ("ftp://gate.example/x", true, None),
            ("file:///etc/keys", true, None),
            ("gate.example", true, None),
            ("https://", true, None),
            ("https:///x", true, None),
            ("https://user@gate.example/", true, None),
            ("https://gate.example/#x", true, None),
            ("https://gate.example/\r\nX: y", true, None),
            ("https://gate.example/ x", true, None),
            ("https://gate.example:0/", true, None),
            ("https://gate.example:99999/", true, None),
            ("https://gate.example:/", true, None),
            ("/x", true, None),
            ("", true, None),
        ] {
            let place = Place::parse(url, allow_http);
            assert_eq!(place.map(|place| place.port), port, "{url}, allow_http: {allow_http}");
        }
    }

    #[test]
    fn what_is_asked_for_is_what_the_url_says() {
        for (url, host, authority, target, tls) in [
            ("https://gate.example", "gate.example", "gate.example", "/", true),
            (
                "https://gate.example:8443/a?b=c",
                "gate.example",
                "gate.example:8443",
                "/a?b=c",
                true,
            ),
            ("http://[::1]:80/a", "::1", "[::1]:80", "/a", false),
        ] {
            let place = Place::parse(url, false)
                .map(|place| (place.host, place.authority, place.target, place.tls));
            let wanted = (host.to_owned(), authority.to_owned(), target.to_owned(), tls);
            assert_eq!(place, Some(wanted), "{url}");
        }
    }
}
