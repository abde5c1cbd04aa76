//! Runs a program: its output goes to a log file, its last line is shown now and then, and when it
//! fails the end of the log is shown.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{clock::Stopwatch, console};

/// How often a program that is still running is mentioned.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How much of a failed program's output is shown.
const SHOWN_LINES_MAX: usize = 80;
/// How many characters of a command are shown.
const SPELLED_MAX: usize = 300;

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it ended; nothing if it was stopped at its deadline.
    pub(crate) status: Option<ExitStatus>,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to both, in the order in which it arrived.
    pub(crate) all: String,
}

impl Ran {
    /// Whether it ended by itself and well.
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs `command`, which must succeed; its output is kept in `log`.
pub(crate) fn run(command: &mut Command, log: &Path) -> anyhow::Result<Ran> {
    run_fed(command, Stdio::null(), log)
}

/// Runs `command` with this standard input; it must succeed, and its output is kept in `log`.
pub(crate) fn run_fed(
    command: &mut Command,
    input: impl Into<Stdio>,
    log: &Path,
) -> anyhow::Result<Ran> {
    let ran = heard(command, input.into(), None)?;
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(log, &ran.all).with_context(|| format!("cannot write {}", log.display()))?;
    if !ran.success() {
        show_end(&ran.all);
        let ended =
            ran.status.map_or_else(|| "was stopped".to_owned(), |status| status.to_string());
        bail!("{} ({ended}); all of its output: {}", spelled(command), log.display());
    }
    Ok(ran)
}

/// Shows the end of what a program wrote.
pub(crate) fn show_end(output: &str) {
    let lines: Vec<&str> = output.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES_MAX)) {
        console::progress(&format!("    | {line}"));
    }
}

/// Runs `command`, however it ends; it is stopped, with all it started, after `deadline`.
pub(crate) fn attempt(command: &mut Command, deadline: Option<Duration>) -> anyhow::Result<Ran> {
    heard(command, Stdio::null(), deadline)
}

fn heard(command: &mut Command, input: Stdio, deadline: Option<Duration>) -> anyhow::Result<Ran> {
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    if deadline.is_some() {
        own_group(command);
    }
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", spelled(command)))?;
    let (sender, lines) = channel();
    listen(child.stdout.take(), true, sender.clone());
    listen(child.stderr.take(), false, sender);
    follow(&mut child, &lines, deadline)
}

/// A command as one would type it, or its beginning.
pub(crate) fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let typed = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    match typed.char_indices().nth(SPELLED_MAX) {
        Some((end, _)) => format!("{} …", typed.split_at(end).0),
        None => typed,
    }
}

struct Heard {
    line: String,
    stdout: bool,
}

fn listen(stream: Option<impl Read + Send + 'static>, stdout: bool, sender: Sender<Heard>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.send(Heard { line, stdout }).is_err() {
                return;
            }
        }
    });
}

fn follow(
    child: &mut Child,
    lines: &Receiver<Heard>,
    deadline: Option<Duration>,
) -> anyhow::Result<Ran> {
    let (started, mut beat) = (Stopwatch::start(), Stopwatch::start());
    let (mut stdout, mut all, mut last) = (String::new(), String::new(), String::new());
    loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok(Heard { line, stdout: to_stdout }) => {
                if to_stdout {
                    stdout.extend([&line, "\n"]);
                }
                all.extend([&line, "\n"]);
                last = line;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if beat.elapsed() > HEARTBEAT {
            beat = Stopwatch::start();
            let shown: String = last.trim().chars().take(90).collect();
            console::progress(&format!("    … {}: {shown}", started.shown()));
        }
        if deadline.is_some_and(|deadline| started.elapsed() > deadline) {
            stop_group(child);
            child.wait()?;
            return Ok(Ran { status: None, stdout, all });
        }
    }
    Ok(Ran { status: Some(child.wait()?), stdout, all })
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Stops a child and, where the system has process groups, what the child started.
fn stop_group(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    let _ = child.kill();
}
