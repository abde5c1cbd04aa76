//! A gate that is asked about requests, and what it tells whoever asks.

use crate::{
    origin::Origin,
    site::{Gate, Key, Site},
};

const ROUTES: &str = "
[[routes]]
path = \"/admin/**\"
scopes = [\"admin:all\"]

[[routes]]
path = \"/public/**\"
public = true

[[routes]]
path = \"/kept/**\"
cache = true

[[routes]]
path = \"/bound/**\"
bind = true
";

/// What a request that is asked about shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shows {
    Nothing,
    Nonsense,
    Key,
    /// A key whose limit is used up.
    Spent,
}

/// Target, what is shown, and the status that the client gets, whichever proxy asks.
pub(crate) const TOLD: [(&str, Shows, u16); 8] = [
    ("/orders?a=1", Shows::Key, 200),
    ("/public/x", Shows::Nothing, 200),
    ("/orders", Shows::Nothing, 401),
    ("/orders", Shows::Nonsense, 401),
    ("/admin/x", Shows::Key, 403),
    ("/orders", Shows::Spent, 429),
    ("/orders/../admin", Shows::Key, 400),
    ("/.well-known/tollgate/x", Shows::Key, 404),
];

/// The deployment; the gate goes first at its end.
pub(crate) struct Asked {
    pub(crate) gate: Gate,
    pub(crate) key: Key,
    /// A key that passes once.
    pub(crate) once: Key,
    pub(crate) origin: Origin,
    _site: Site,
}

impl Asked {
    pub(crate) fn start() -> Self {
        Self::with(|site| site)
    }

    /// The same with other settings.
    pub(crate) fn with(set: impl FnOnce(Site) -> Site) -> Self {
        let origin = Origin::start();
        let site = set(site(&origin));
        let key = site.key(&[]);
        let once = site.key(&["--limit", "burst:key=1,1/1h"]);
        Self { gate: site.start(), key, once, origin, _site: site }
    }

    /// What a request shows, as the value of `X-API-Key`.
    pub(crate) fn secret(&self, shows: Shows) -> Option<&str> {
        match shows {
            Shows::Nothing => None,
            Shows::Nonsense => Some("tg_live_wrong"),
            Shows::Key => Some(&self.key.secret),
            Shows::Spent => Some(&self.once.secret),
        }
    }
}

/// A deployment that is asked, before its gate is started.
pub(crate) fn site(origin: &Origin) -> Site {
    Site::new(origin.address, ROUTES).with("decide.listen", "127.0.0.1:0")
}
