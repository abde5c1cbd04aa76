//! What a command prints on standard output: for people, or one JSON document for programs.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::config::FILE;

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

    /// Where text goes.
    pub(crate) fn raw(&mut self) -> &mut dyn Write {
        self.out
    }
}

/// Writes rows in columns, each as wide as its widest cell.
pub(super) fn columns(out: &mut dyn Write, rows: &[impl AsRef<[String]>]) -> io::Result<()> {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> =
        (0..rows.first().map_or(0, |row| row.as_ref().len())).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.as_ref().iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
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
    let name = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return name;
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
