//! The log: one JSON object a line, on standard output, where Lambda takes it from.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

/// Where lines go.
pub type Output = Box<dyn Write + Send>;

/// The log of a function.
#[derive(Clone)]
pub struct Log(Arc<Mutex<Output>>);

impl Log {
    /// A log on `output`.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }

    /// A log on standard output.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    /// Writes a line about `event`, with the members of `facts`, which is an object. Nothing that anybody sent and no
    /// secret is among the facts.
    pub fn say(&self, level: &str, event: &str, facts: Value) {
        let mut line = json!({ "level": level, "event": event });
        if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
            line.extend(facts);
        }
        let mut text = line.to_string();
        text.push('\n');
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written stops nobody.
        let _: std::io::Result<()> =
            output.write_all(text.as_bytes()).and_then(|()| output.flush());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
