//! Listening where the configuration says, and what an operator is told where that cannot be.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
};

use anyhow::anyhow;
use tokio::net::TcpListener;

use super::doors;
use crate::{
    config::{Config, fields, variable},
    wire::tls::Tls,
};

/// The first port that needs no right of its own on an ordinary system.
const FREE_PORT_MIN: u16 = 1024;

/// Listens at the address that `table.listen` gives, if it gives one. Must be called within the runtime that serves.
pub(super) fn bind(table: &str, listen: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(listen) = listen else { return Ok(None) };
    match doors::listen(listen) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => {
            let variable = fields::field(table, "listen").map(variable).unwrap_or_default();
            let advice = advice(&error, listen);
            Err(anyhow!(
                "{table}.listen: cannot listen on {listen}: {advice} ({variable} sets it too)"
            ))
        }
    }
}

/// Loads what `[tls]` names, if it is there.
pub(super) fn tls(config: &Config) -> anyhow::Result<Option<Arc<Tls>>> {
    let Some(tls) = &config.tls else { return Ok(None) };
    let loaded = Tls::load(&tls.certificate, &tls.key, config.connections.head_timeout);
    let loaded = loaded.map_err(|error| {
        let field = error.field(&tls.certificate);
        anyhow::Error::new(error).context(field)
    });
    Ok(Some(Arc::new(loaded?)))
}

/// Why `listen` cannot be had, and what to do about it.
fn advice(error: &io::Error, listen: SocketAddr) -> String {
    let (ip, port, kind) = (listen.ip(), listen.port(), error.kind());
    if kind == ErrorKind::AddrInUse {
        return format!(
            "something listens there already: `ss -ltnp 'sport = :{port}'` shows what; stop it, or take another port"
        );
    }
    if kind == ErrorKind::AddrNotAvailable {
        return format!(
            "{ip} is no address of this machine: take one that `ip address` shows, 127.0.0.1 for this machine alone, \
             or 0.0.0.0 or [::] for all"
        );
    }
    if kind == ErrorKind::PermissionDenied && port < FREE_PORT_MIN {
        return format!(
            "port {port} needs a right that this user has not: take one from {FREE_PORT_MIN} on, or give the \
             process CAP_NET_BIND_SERVICE (AmbientCapabilities= of a systemd unit)"
        );
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::advice;

    /// Whether a process may take a low port hangs on who runs the tests, so the words are tested without one.
    #[test]
    fn each_way_to_be_refused_an_address_says_what_to_do() {
        let check = |kind: ErrorKind, listen: &str, says: &str| {
            let told = listen.parse().map(|listen| advice(&Error::from(kind), listen));
            assert!(told.as_ref().is_ok_and(|told| told.contains(says)), "{kind:?}: {told:?}");
        };
        check(ErrorKind::AddrInUse, "127.0.0.1:8080", "sport = :8080");
        check(ErrorKind::AddrNotAvailable, "192.0.2.1:80", "192.0.2.1 is no address of this");
        check(ErrorKind::PermissionDenied, "127.0.0.1:1023", "CAP_NET_BIND_SERVICE");
        check(ErrorKind::PermissionDenied, "127.0.0.1:1024", "permission denied");
    }
}
