//! Caddy: what its handlers of errors and answers let through.

use super::{
    FAIL_OPEN, LEAVES_OPEN, Told,
    directives::{Directive, everywhere},
};

/// What answers instead of passing on.
const ANSWERS: [&str; 6] =
    ["respond", "error", "abort", "redir", "copy_response", "copy_response_headers"];

/// Whether a text may be a Caddyfile.
pub(super) fn is(text: &str) -> bool {
    let names = ["forward_auth", "reverse_proxy", "handle_errors"];
    let first =
        |line: &str| line.split_whitespace().next().is_some_and(|word| names.contains(&word));
    text.lines().any(first)
}

pub(super) fn look(directives: &[Directive], told: &mut Told<'_>) {
    for one in everywhere(directives) {
        let inside = everywhere(one.inside());
        let has = |name: &str| inside.iter().any(|one| one.name() == name);
        match one.name() {
            // A rewrite makes it a page about the error.
            "handle_errors" if !has("forward_auth") && !has("rewrite") => {
                let passes = ["reverse_proxy", "php_fastcgi"];
                let mut onward = inside.iter().filter(|one| passes.contains(&one.name()));
                if let Some(onward) = onward.find(|one| !told.gate.is_at(one.last())) {
                    let words = onward.words.join(" ");
                    told.tell(
                        FAIL_OPEN,
                        format!("handle_errors: `{words}` forwards what was not allowed"),
                    );
                }
            }
            "forward_auth" => {
                for handled in one.inside().iter().filter(|one| one.name() == "handle_response") {
                    let answers = everywhere(handled.inside());
                    if !answers.iter().any(|one| ANSWERS.contains(&one.name())) {
                        let words = handled.words.join(" ");
                        told.tell(
                            FAIL_OPEN,
                            format!("forward_auth: `{words}` goes on without an allow"),
                        );
                    }
                }
            }
            "reverse_proxy" => beside(one, told),
            "import" => {
                let other = one.word(1);
                told.tell(LEAVES_OPEN, format!("imports {other}, which may be another file"));
            }
            _ => {}
        }
    }
}

/// A gate that is one of several upstreams can be gone around.
fn beside(proxy: &Directive, told: &mut Told<'_>) {
    let to = proxy.inside().iter().filter(|one| one.name() == "to");
    let upstreams = proxy.words.iter().skip(1).chain(to.flat_map(|one| one.words.iter().skip(1)));
    let upstreams = upstreams.filter(|word| !word.starts_with(['/', '*', '@']));
    let (gate, others): (Vec<_>, Vec<_>) = upstreams.partition(|word| told.gate.is_at(word));
    if let (false, Some(other)) = (gate.is_empty(), others.first()) {
        told.tell(FAIL_OPEN, format!("reverse_proxy goes to {other} in the place of the gate"));
    }
}
