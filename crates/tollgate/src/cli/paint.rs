//! Colours, where people look at a terminal: they say nothing that the words do not.

/// Whether words are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paint {
    on: bool,
}

const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const RED: &str = "\u{1b}[31m";
const END: &str = "\u{1b}[0m";

impl Paint {
    /// Colours or none.
    pub(super) const fn new(on: bool) -> Self {
        Self { on }
    }

    /// A state, in its colour.
    pub(super) fn state(self, text: &str) -> String {
        match colour(text.trim_end()).filter(|_| self.on) {
            Some(colour) => format!("{colour}{text}{END}"),
            None => text.to_owned(),
        }
    }
}

fn colour(state: &str) -> Option<&'static str> {
    match state {
        "active" | "accepted" | "good" => Some(GREEN),
        "disabled" | "not yet valid" | "owner stopped" | "tenant stopped" | "stopped" => {
            Some(YELLOW)
        }
        "revoked" | "expired" | "refused" | "ended" => Some(RED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn a_state_is_coloured_only_where_colours_are_seen() {
        for (state, coloured) in [
            ("active", "\u{1b}[32mactive\u{1b}[0m"),
            ("disabled  ", "\u{1b}[33mdisabled  \u{1b}[0m"),
            ("revoked", "\u{1b}[31mrevoked\u{1b}[0m"),
            ("pepper 3 retired", "pepper 3 retired"),
        ] {
            assert_eq!(Paint::new(true).state(state), coloured);
            assert_eq!(Paint::new(false).state(state), state);
        }
    }
}
