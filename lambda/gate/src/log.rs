//! The log: one JSON object a line, on standard output, where Lambda takes it from.
//!
//! What is not proved costs whoever sends it nothing, so it has so many lines a second and no more, as in every gate; so
//! have failures. How many were left out is told.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::Write,
    panic,
    sync::{Arc, Mutex, PoisonError, TryLockError},
};

use serde_json::{Value, json};
use tollgate_gate::rate::{PROVEN_MAX, Rate, UNPROVEN_MAX};
use tollgate_native::clock;

/// Where lines go.
pub type Output = Box<dyn Write + Send>;

/// The log of a function.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    output: Mutex<Output>,
    rates: [Rate; 3],
}

/// What a line is about of which there may be any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A refusal of what no record is known for.
    Unproven,
    /// A refusal of a key with a known record.
    Proven,
    /// Something that is ours.
    Failed,
}

impl About {
    const fn most(self) -> u64 {
        match self {
            Self::Unproven => UNPROVEN_MAX,
            Self::Proven | Self::Failed => PROVEN_MAX,
        }
    }
}

impl Inner {
    const fn rate(&self, about: About) -> &Rate {
        let [unproven, proven, failed] = &self.rates;
        match about {
            About::Unproven => unproven,
            About::Proven => proven,
            About::Failed => failed,
        }
    }
}

impl Log {
    /// A log on `output`.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self(Arc::new(Inner { output: Mutex::new(output), rates: Default::default() }))
    }

    /// A log on standard output.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    /// Writes a line about `event`, with the members of `facts`, which is an object. Nothing that anybody sent and no
    /// secret is among the facts.
    pub fn say(&self, level: &str, event: &str, facts: Value) {
        let text = line(level, event, facts);
        let mut output = self.0.output.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut output, &text);
    }

    /// The same about one request, of which there may be any number: so many a second, by what it is `about`.
    pub fn say_request(&self, about: About, level: &str, event: &str, facts: Value) {
        self.say_in(second(), about, level, event, facts);
    }

    /// Says how many lines were left out, if that was in an earlier second.
    pub fn tell_left_out(&self) {
        self.tell_left_out_in(second());
    }

    fn say_in(&self, second: u64, about: About, level: &str, event: &str, facts: Value) {
        self.tell_left_out_in(second);
        if self.0.rate(about).allows(second, about.most()) {
            self.say(level, event, facts);
        }
    }

    fn tell_left_out_in(&self, second: u64) {
        let [unproven, proven, failed] =
            self.0.rates.each_ref().map(|rate| rate.take_left_out_before(second));
        if unproven > 0 || proven > 0 || failed > 0 {
            let facts = json!({ "unproven": unproven, "proven": proven, "failed": failed });
            self.say("warn", "requests_left_out", facts);
        }
    }

    /// From now on a panic ends the process, whatever it was built to do: what it leaves is not to be decided by. The log
    /// says where it was, and nothing of its message: that may hold what was at hand.
    pub fn end_with_panics(&self) {
        let log = self.clone();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            let text = line("error", "panicked", json!({ "at": place }));
            // Whoever writes at this moment may be who panicked.
            match log.0.output.try_lock() {
                Ok(mut output) => write(&mut output, &text),
                Err(TryLockError::Poisoned(output)) => write(&mut output.into_inner(), &text),
                Err(TryLockError::WouldBlock) => {}
            }
            std::process::abort();
        }));
    }
}

fn line(level: &str, event: &str, facts: Value) -> String {
    let mut line = json!({ "level": level, "event": event });
    if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
        line.extend(facts);
    }
    let mut text = line.to_string();
    text.push('\n');
    text
}

fn write(output: &mut Output, text: &str) {
    // A log that cannot be written stops nobody.
    let _: std::io::Result<()> = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

fn second() -> u64 {
    clock::read().mono_ms / 1_000
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
