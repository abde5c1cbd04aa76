//! HAProxy: servers and rules that take over when the gate is gone.

use super::{FAIL_OPEN, Told};

/// The sections of a configuration.
const SECTIONS: [&str; 5] = ["global", "defaults", "frontend", "backend", "listen"];

/// One section: its name and its lines, as words.
#[derive(Debug)]
pub(crate) struct Section {
    words: Vec<String>,
    lines: Vec<Vec<String>>,
}

/// Whether a text is a configuration of HAProxy: its sections begin lines, and nothing is in braces there.
pub(super) fn is(text: &str) -> bool {
    let begins = |line: &str| {
        let first = line.split(' ').next().unwrap_or_default();
        SECTIONS.contains(&first.trim_end()) && !line.trim_end().ends_with(['{', ':'])
    };
    text.lines().any(begins)
}

/// Reads it; none if there is a line outside of every section.
pub(super) fn read(text: &str) -> Option<Vec<Section>> {
    let mut sections: Vec<Section> = vec![];
    for line in text.lines() {
        let words: Vec<_> = line
            .split_whitespace()
            .take_while(|word| !word.starts_with('#'))
            .map(str::to_owned)
            .collect();
        let Some(first) = words.first() else { continue };
        if !line.starts_with(char::is_whitespace) && is_section(first) {
            sections.push(Section { words, lines: vec![] });
        } else {
            sections.last_mut()?.lines.push(words);
        }
    }
    Some(sections)
}

fn is_section(word: &str) -> bool {
    let others = ["cache", "userlist", "peers", "resolvers", "mailers", "program", "http-errors"];
    SECTIONS.contains(&word)
        || others.contains(&word)
        || ["ring", "fcgi-app", "crt-store"].contains(&word)
}

impl Section {
    fn name(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// Its servers: their addresses, and whether each only takes over from others.
    fn servers(&self) -> impl Iterator<Item = (&str, bool)> {
        let servers =
            self.lines.iter().filter(|line| line.first().is_some_and(|word| word == "server"));
        servers.filter_map(|line| {
            Some((line.get(2)?.as_str(), line.iter().any(|word| word == "backup")))
        })
    }
}

pub(super) fn look(sections: &[Section], told: &mut Told<'_>) {
    let guards = |section: &&Section, told: &Told<'_>| {
        section.servers().any(|(address, _)| told.gate.is_at(address))
    };
    let mut found = vec![];
    for section in sections.iter().filter(|section| guards(section, told)) {
        let around = section.servers().find(|(address, _)| !told.gate.is_at(address));
        if let Some((address, backup)) = around {
            let when = if backup { "when the gate is gone" } else { "in the place of the gate" };
            found.push(format!("backend {} goes to {address} {when}", section.name()));
        }
    }
    for line in sections.iter().flat_map(|section| &section.lines) {
        let used = line.first().filter(|word| *word == "use_backend").and_then(|_| line.get(1));
        let asks = line.iter().any(|word| {
            ["nbsrv(", "srv_is_up(", "be_conn_free("].iter().any(|name| word.contains(name))
        });
        let Some(used) = used.filter(|_| asks) else { continue };
        let mut backends = sections.iter().filter(|section| section.name() == used);
        if backends.any(|backend| backend.servers().count() > 0 && !guards(&backend, told)) {
            found.push(format!("`{}` goes around a gate that is gone", line.join(" ")));
        }
    }
    for what in found {
        told.tell(FAIL_OPEN, what);
    }
}
