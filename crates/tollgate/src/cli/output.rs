//! What a command prints on standard output: for people, or one JSON document for programs.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use serde::Serialize;

use super::paint::Paint;
use crate::config::{Environment, FILE};

/// Where a command prints, and in which of the two ways.
pub(crate) struct Output<'a> {
    out: &'a mut dyn Write,
    json: bool,
}

impl<'a> Output<'a> {
    pub(super) fn new(out: &'a mut dyn Write, json: bool) -> Self {
        Self { out, json }
    }

    /// Prints `document` for programs, or what `text` writes for people.
    pub(crate) fn show(
        &mut self,
        document: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.json {
            serde_json::to_writer_pretty(&mut *self.out, document)?;
            writeln!(self.out)?;
        } else {
            text(self.out)?;
        }
        self.out.flush()
    }

    /// Colours, if text goes to a terminal and nobody has said that there shall be none.
    pub(super) fn paint(&self, environment: &Environment) -> Paint {
        Paint::new(!self.json && io::stdout().is_terminal() && !environment.is_colourless())
    }

    /// Whether one document for programs is printed.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Where text goes.
    pub(crate) fn raw(&mut self) -> &mut dyn Write {
        self.out
    }
}

/// Writes rows in columns, each as wide as its widest cell.
pub(super) fn columns(out: &mut dyn Write, rows: &[impl AsRef<[String]>]) -> io::Result<()> {
    painted(out, rows, None)
}

/// The same, with the states of one column in their colours.
pub(super) fn painted(
    out: &mut dyn Write,
    rows: &[impl AsRef<[String]>],
    states: Option<(usize, Paint)>,
) -> io::Result<()> {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> =
        (0..rows.first().map_or(0, |row| row.as_ref().len())).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, &width)) in row.as_ref().iter().zip(&widths).enumerate() {
            let cell = format!("{cell:width$}  ");
            let paint = states.filter(|(column, _)| *column == at);
            line.push_str(&paint.map_or_else(|| cell.clone(), |(_, paint)| paint.state(&cell)));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Writes lines of a name and what it is.
pub(super) fn facts(out: &mut dyn Write, facts: &[(&str, String)]) -> io::Result<()> {
    for (name, what) in facts {
        writeln!(out, "{name:<12} {what}")?;
    }
    Ok(())
}

/// A command to be pasted, which names the configuration `file` unless it is the usual one.
pub(crate) fn command(file: &Path, words: &str) -> String {
    if file == Path::new(FILE) {
        return format!("tollgate {words}");
    }
    format!("tollgate --config {} {words}", quoted(file))
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &Path) -> String {
    word(&path.display().to_string())
}

/// A word as a shell reads it.
pub(super) fn word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
