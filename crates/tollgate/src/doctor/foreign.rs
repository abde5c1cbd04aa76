//! The files of other systems: proxies that ask this gate, and what deploys it elsewhere.
//!
//! Each is read as far as it must be to tell what weakens the gate. A file that cannot be read so is said to be one,
//! and what a file leaves to another is said as well: nothing passes because nobody looked.

mod aws;
mod caddy;
mod cloudflare;
mod directives;
mod envoy;
mod haproxy;
mod nginx;
mod terraform;
#[cfg(test)]
mod tests;
mod traefik;
mod tree;
mod yaml;

use std::path::Path;

use crate::config::Config;
use tree::Node;

/// Something that a file says, under the name of the check that tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) code: &'static str,
    pub(super) what: String,
}

pub(super) const CACHE: &str = "authorizer_cache";
pub(super) const KEEPS_BACK: &str = "decide_without_key_header";
pub(super) const FAIL_OPEN: &str = "fail_open_route";
pub(super) const SIDE_DOOR: &str = "worker_side_door";
pub(super) const SHARED_DOOR: &str = "worker_admin_on_route";
pub(super) const UNBOUND: &str = "worker_binding_missing";
pub(super) const OPEN_SECRET: &str = "worker_secret_in_file";
pub(super) const PLACED: &str = "worker_placed_elsewhere";
pub(super) const UNSEEN: &str = "worker_not_observed";
pub(super) const UNREACHED: &str = "worker_without_route";
pub(super) const WHOLE_STAGE: &str = "authorizer_whole_stage";
pub(super) const YES_OR_NO: &str = "authorizer_yes_kept";
pub(super) const OPEN_VARIABLE: &str = "authorizer_secret_in_file";
pub(super) const UNPROTECTED: &str = "table_unprotected";
pub(super) const FORGETTING: &str = "ledger_forgets";
pub(super) const TRACED: &str = "api_traced";
pub(super) const UNGUARDED: &str = "route_without_authorizer";
pub(super) const UNWRITTEN: &str = "identity_not_written";
pub(super) const NOT_UNDERSTOOD: &str = "file_not_understood";
pub(super) const LEAVES_OPEN: &str = "file_leaves_open";

/// What a file is, read.
#[derive(Debug)]
pub(super) enum File {
    Nginx(Vec<directives::Directive>),
    Caddy(Vec<directives::Directive>),
    Haproxy(Vec<haproxy::Section>),
    Envoy(Node),
    Traefik(Node),
    Aws(Node),
    Terraform(Vec<terraform::Resource>),
    Wrangler(Node),
}

/// What is remarkable about the file of this name.
pub(super) fn remarks(name: &str, text: &str, config: &Config) -> Vec<Remark> {
    let Some(file) = read(name, text) else {
        let what = "is not, or not in a way that is understood, a configuration of nginx, Caddy, HAProxy, Envoy or \
                    Traefik, an AWS template, Terraform or wrangler";
        return vec![Remark { code: NOT_UNDERSTOOD, what: format!("{name}: {what}") }];
    };
    let header = config.keys.header.as_deref();
    let mut told = Told { name, gate: Gate::of(config), header, remarks: vec![] };
    match &file {
        File::Nginx(directives) => nginx::look(directives, &mut told),
        File::Caddy(directives) => caddy::look(directives, &mut told),
        File::Haproxy(sections) => haproxy::look(sections, &mut told),
        File::Envoy(node) => envoy::look(node, &mut told),
        File::Traefik(node) => traefik::look(node, &mut told),
        File::Aws(node) => aws::look(node, &mut told),
        File::Terraform(resources) => terraform::look(resources, &mut told),
        File::Wrangler(node) => cloudflare::look(node, &mut told),
    }
    told.remarks
}

/// What was found so far in one file.
struct Told<'a> {
    name: &'a str,
    gate: Gate,
    /// The header that keys may come in besides the usual ones.
    header: Option<&'a str>,
    remarks: Vec<Remark>,
}

impl Told<'_> {
    fn tell(&mut self, code: &'static str, what: impl AsRef<str>) {
        let what = format!("{}: {}", self.name, what.as_ref());
        self.remarks.push(Remark { code, what });
    }
}

/// How an address of this gate ends.
struct Gate(Vec<String>);

impl Gate {
    fn of(config: &Config) -> Self {
        let decide = config.decide.as_ref().map(|decide| decide.listen);
        let ports = [Some(config.gate.listen), decide].into_iter().flatten();
        Self(ports.map(|listen| format!(":{}", listen.port())).collect())
    }

    /// Whether `address`, a host and a port or a URL, is one of this gate's.
    fn is_at(&self, address: &str) -> bool {
        let address = address.trim_end_matches('/');
        self.0.iter().any(|port| address.ends_with(port.as_str()))
    }
}

/// Reads a file by its name and what it says.
fn read(name: &str, text: &str) -> Option<File> {
    let path = Path::new(name);
    let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "tf" => return terraform::read(text).map(File::Terraform),
        "yaml" | "yml" => return yaml::read(text).and_then(of_tree),
        "toml" => return tree::of_toml(text).and_then(of_tree),
        _ => {}
    }
    if let Some(node) = tree::of_json(text) {
        return of_tree(node);
    }
    if haproxy::is(text) {
        return haproxy::read(text).map(File::Haproxy);
    }
    if nginx::is(text) {
        return directives::of_nginx(text).map(File::Nginx);
    }
    if file == "Caddyfile" || caddy::is(text) {
        return directives::of_caddy(text).map(File::Caddy);
    }
    if terraform::is(text) {
        return terraform::read(text).map(File::Terraform);
    }
    yaml::read(text).and_then(of_tree).or_else(|| tree::of_toml(text).and_then(of_tree))
}

/// Whose configuration a tree is.
fn of_tree(node: Node) -> Option<File> {
    if cloudflare::is(&node) {
        Some(File::Wrangler(node))
    } else if aws::is(&node) {
        Some(File::Aws(node))
    } else if envoy::is(&node) {
        Some(File::Envoy(node))
    } else if traefik::is(&node) {
        Some(File::Traefik(node))
    } else {
        None
    }
}
