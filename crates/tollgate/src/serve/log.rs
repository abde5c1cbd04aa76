//! One JSON line per event, on standard error.
//!
//! Lines are written by a thread of their own, so that a slow reader of standard error never holds up a
//! request: what does not fit is counted, and the next line says how many are missing.

use std::{
    io::{self, Write},
    panic,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use serde_json::{Map, Value, json};

use crate::clock;

/// How many lines wait to be written at most.
const LINES_MAX: usize = 4096;

/// How many of them may be about single requests, however many there are: what is broken always finds room.
const REQUESTS_MAX: usize = 3 * LINES_MAX / 4;

/// For how long the end of the program waits for its last lines.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// Writes events. No field of any of them ever holds a byte of a presented key, a pepper or a seed.
pub(crate) struct Log {
    lines: SyncSender<Line>,
    /// How many wait.
    waiting: Arc<AtomicUsize>,
    lost: AtomicU64,
    least: Level,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// It is as it should be.
    Info,
    /// Somebody should look at it.
    Warn,
    /// Something is broken.
    Error,
}

enum Line {
    Text(String),
    Flush(SyncSender<()>),
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl Log {
    /// Starts writing events of at least `least` to standard error.
    pub(crate) fn start(least: Level) -> io::Result<Self> {
        Self::to(io::stderr(), least)
    }

    /// The same, to somewhere else.
    pub(crate) fn to(out: impl Write + Send + 'static, least: Level) -> io::Result<Self> {
        let (lines, inbox) = mpsc::sync_channel(LINES_MAX);
        let waiting = Arc::<AtomicUsize>::default();
        let left = Arc::clone(&waiting);
        thread::Builder::new().name("log".into()).spawn(move || write_all(&inbox, &left, out))?;
        Ok(Self { lines, waiting, lost: AtomicU64::new(0), least })
    }

    /// Says that `event` happened, with what an object has to say of it.
    pub(crate) fn say(&self, level: Level, event: &str, about: Value) {
        if level < self.least {
            return;
        }
        self.write(level, event, about, LINES_MAX);
    }

    /// Says what became of one request. There may be any number of them: they leave room for other events.
    pub(crate) fn say_request(&self, about: Value) {
        if Level::Info >= self.least {
            self.write(Level::Info, "request", about, REQUESTS_MAX);
        }
    }

    /// Writes a line, unless `most` wait already.
    fn write(&self, level: Level, event: &str, about: Value, most: usize) {
        if self.waiting.load(Ordering::Relaxed) >= most {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut line = line(level, event, about);
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            line.insert("lines_lost".into(), lost.into());
        }
        let text = Line::Text(format!("{}\n", Value::Object(line)));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.lines.try_send(text).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(lost.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Says of every panic where it happened, and nothing of its message: that may hold what was at hand.
    pub(crate) fn tell_panics(&self) {
        let (lines, waiting) = (self.lines.clone(), Arc::clone(&self.waiting));
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            let thread = thread::current().name().map(ToOwned::to_owned);
            let about = json!({ "at": place, "thread": thread });
            let text = Value::Object(line(Level::Error, "panicked", about));
            // What no longer fits is lost: a panic must not wait for anybody.
            waiting.fetch_add(1, Ordering::Relaxed);
            if lines.try_send(Line::Text(format!("{text}\n"))).is_err() {
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }));
    }

    /// Waits until everything said so far is written, but not for ever.
    pub(crate) fn flush(&self) {
        let (done, written) = mpsc::sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH_MAX);
        }
    }
}

fn line(level: Level, event: &str, about: Value) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("at_ms".into(), clock::read().wall.0.into());
    line.insert("level".into(), level.name().into());
    line.insert("event".into(), event.into());
    if let Value::Object(fields) = about {
        line.extend(fields);
    }
    line
}

fn write_all(inbox: &Receiver<Line>, waiting: &AtomicUsize, mut out: impl Write) {
    for line in inbox {
        match line {
            // Nobody can be told that standard error is gone.
            Line::Text(text) => {
                drop(out.write_all(text.as_bytes()));
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            Line::Flush(done) => drop(done.try_send(())),
        }
    }
}
