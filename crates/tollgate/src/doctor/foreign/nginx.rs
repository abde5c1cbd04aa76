//! nginx: what answers in the gate's place, or lets through what it refused.

use super::{
    CACHE, FAIL_OPEN, KEEPS_BACK, LEAVES_OPEN, Told,
    directives::{Directive, everywhere},
};

/// What nginx makes of a decision that it takes for a refusal: 500 is also a gate that does not answer.
const REFUSALS: [&str; 3] = ["401", "403", "500"];

/// What nginx itself makes of a gate that it forwards to and that does not answer.
const GONE: [&str; 3] = ["502", "503", "504"];

/// What the gate asks of nginx to know what it decides about.
const NEEDED: [&str; 2] = ["X-Original-URI", "X-Original-Method"];

/// Files that say nothing of who may pass.
const HARMLESS: [&str; 5] =
    ["mime.types", "fastcgi_params", "uwsgi_params", "scgi_params", "proxy_params"];

/// Whether a text may be a configuration of nginx.
pub(super) fn is(text: &str) -> bool {
    let begins = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, rest) = (words.next().unwrap_or_default(), words.next().is_some());
        let named = ["location", "auth_request", "proxy_pass", "upstream", "server", "http"]
            .contains(&name);
        named && rest
    };
    text.contains(';') && text.lines().any(begins)
}

/// What holds in a block, its own or from around it.
#[derive(Clone, Default)]
struct Around<'a> {
    cache: Option<&'a str>,
    asks: Option<&'a str>,
    pages: Vec<&'a Directive>,
    sets: Vec<&'a Directive>,
}

/// A location with all that holds in it.
struct Location<'a> {
    own: &'a Directive,
    holds: Around<'a>,
}

pub(super) fn look(directives: &[Directive], told: &mut Told<'_>) {
    let all = everywhere(directives);
    let mut locations = vec![];
    gather(directives, &Around::default(), &mut locations);
    let mut asked: Vec<&str> = locations.iter().filter_map(|one| one.holds.asks).collect();
    asked.sort_unstable();
    asked.dedup();
    for uri in asked {
        match locations.iter().filter(|one| one.is_for(uri)).max_by_key(|one| one.own.last().len())
        {
            Some(location) => answers(location, told),
            None => told.tell(LEAVES_OPEN, format!("asks {uri}, which is not in this file")),
        }
    }
    for location in &locations {
        let name = location.own.words.join(" ");
        let forwards = everywhere(location.own.inside())
            .into_iter()
            .any(|one| one.name() == "proxy_pass" && is_gate(&all, one.word(1), told));
        let watched: &[&str] = match (location.holds.asks, forwards) {
            (Some(_), _) => &REFUSALS,
            (None, true) => &GONE,
            (None, false) => continue,
        };
        passes_anyway(&name, location, &locations, watched, told);
    }
    for upstream in all.iter().filter(|one| one.name() == "upstream") {
        let servers = || upstream.inside().iter().filter(|one| one.name() == "server");
        let guards = servers().any(|server| told.gate.is_at(server.word(1)));
        let around = servers().find(|server| {
            server.words.iter().any(|word| word == "backup") && !told.gate.is_at(server.word(1))
        });
        if let Some(server) = around.filter(|_| guards) {
            let (name, server) = (upstream.word(1), server.word(1));
            told.tell(FAIL_OPEN, format!("upstream {name} goes to {server} when the gate is gone"));
        }
    }
    let others = all.iter().filter(|one| one.name() == "include");
    for other in others.filter(|one| !HARMLESS.iter().any(|file| one.word(1).ends_with(file))) {
        told.tell(LEAVES_OPEN, format!("includes {}, which is another file", other.word(1)));
    }
}

impl Location<'_> {
    /// Whether a question at `uri` comes here, or would if nothing were nearer.
    fn is_for(&self, uri: &str) -> bool {
        let own = self.own.last();
        let exact = self.own.word(1) == "=";
        own == uri || (!exact && own.len() > 1 && uri.starts_with(own))
    }
}

/// The gate's answer is asked for at this location: it must be told what it is about, and nobody else may give it.
fn answers(location: &Location<'_>, told: &mut Told<'_>) {
    let name = location.own.words.join(" ");
    let set = |wanted: &&&str| {
        location.holds.sets.iter().any(|one| one.word(1).eq_ignore_ascii_case(wanted))
    };
    for lacks in NEEDED.iter().filter(|wanted| !set(wanted)) {
        told.tell(KEEPS_BACK, format!("{name}: auth_request without {lacks}"));
    }
    if let Some(zone) = location.holds.cache {
        told.tell(CACHE, format!("{name}: decisions are kept in proxy_cache {zone}"));
    }
    let allows = |page: &&&Directive| page.words.iter().any(|word| word.starts_with("=2"));
    if let Some(page) = location.holds.pages.iter().find(allows) {
        let page = page.words.join(" ");
        told.tell(FAIL_OPEN, format!("{name}: `{page}` makes an allow of a gate that fails"));
    }
}

/// What a refusal, or a gate that is gone, leads to must not lead to the origin without asking.
fn passes_anyway(
    name: &str,
    location: &Location<'_>,
    locations: &[Location<'_>],
    watched: &[&str],
    told: &mut Told<'_>,
) {
    for page in &location.holds.pages {
        if !page.words.iter().any(|word| watched.contains(&word.as_str())) {
            continue;
        }
        let target = locations.iter().find(|other| other.own.last() == page.last());
        let open = target.is_some_and(|target| {
            let inside = everywhere(target.own.inside());
            let passes = inside.iter().find(|one| one.name().ends_with("_pass"));
            target.holds.asks.is_none() && passes.is_some_and(|pass| !told.gate.is_at(pass.word(1)))
        });
        if open {
            let page = page.words.join(" ");
            told.tell(FAIL_OPEN, format!("{name}: `{page}` forwards what was not allowed"));
        }
    }
}

/// Whether a `proxy_pass` goes to this gate, by its address or through an upstream.
fn is_gate(all: &[&Directive], target: &str, told: &Told<'_>) -> bool {
    let host = target.split_once("://").map_or(target, |(_, host)| host);
    let host = host.split('/').next().unwrap_or_default();
    let mut upstreams = all.iter().filter(|one| one.name() == "upstream" && one.word(1) == host);
    told.gate.is_at(host)
        || upstreams.any(|one| one.inside().iter().any(|server| told.gate.is_at(server.word(1))))
}

/// Every location of `block`, with what it has from around it.
fn gather<'a>(block: &'a [Directive], around: &Around<'a>, found: &mut Vec<Location<'a>>) {
    for own in block {
        let inside = own.inside();
        let set = |name: &str, outer: Option<&'a str>| {
            let last = inside.iter().rev().find(|one| one.name() == name);
            last.map_or(outer, |one| Some(one.word(1)).filter(|word| *word != "off"))
        };
        // Those of an outer block hold only where there are none inside.
        let all = |name: &str, outer: &[&'a Directive]| {
            let own: Vec<_> = inside.iter().filter(|one| one.name() == name).collect();
            if own.is_empty() { outer.to_vec() } else { own }
        };
        let within = Around {
            cache: set("proxy_cache", around.cache),
            asks: set("auth_request", around.asks),
            pages: all("error_page", &around.pages),
            sets: all("proxy_set_header", &around.sets),
        };
        gather(inside, &within, found);
        if own.name() == "location" {
            found.push(Location { own, holds: within });
        }
    }
}
