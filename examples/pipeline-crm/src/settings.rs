//! What can be set, by flag or environment.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;

/// Where a gate publishes the keys that it signs with.
const KEYS: &str = "/.well-known/tollgate/jwks.json";

/// A sales pipeline behind a gate.
#[derive(Clone, Debug, Parser)]
#[command(name = "pipeline-crm", about)]
pub struct Settings {
    /// Where to listen; only the gate should reach it
    #[arg(long, env = "CRM_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// The database, made if it is not there
    #[arg(long, env = "CRM_DATA", value_name = "FILE", default_value = "pipeline-crm.db")]
    pub data: PathBuf,
    /// Where the gate is, which publishes the keys that its identities are verified with
    #[arg(long, env = "CRM_GATE", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub gate: String,
    /// What the gate calls itself: its identity.issuer
    #[arg(long, env = "CRM_ISSUER", value_name = "NAME", default_value = "tollgate")]
    pub issuer: String,
    /// What the gate calls this origin: its identity.audience
    #[arg(long, env = "CRM_AUDIENCE", value_name = "NAME", default_value = "crm")]
    pub audience: String,
}

impl Settings {
    /// What the verifier of this origin has to know.
    pub fn trust(&self) -> tollgate_origin::Settings {
        let keys = format!("{}{KEYS}", self.gate.trim_end_matches('/'));
        tollgate_origin::Settings::new(&self.issuer, &self.audience).jwks(keys)
    }
}
