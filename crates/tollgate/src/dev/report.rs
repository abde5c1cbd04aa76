//! What the tour prints.

use std::{fmt::Display, io};

/// Numbered chapters of labelled lines.
pub(crate) struct Report<'o, W> {
    out: &'o mut W,
    chapters: u32,
}

impl<'o, W: io::Write> Report<'o, W> {
    /// An empty report.
    pub(crate) const fn new(out: &'o mut W) -> Self {
        Self { out, chapters: 0 }
    }

    /// A line of prose.
    pub(crate) fn line(&mut self, text: impl Display) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> anyhow::Result<()> {
        self.line("")
    }

    /// Begins a chapter.
    pub(crate) fn chapter(&mut self, title: &str) -> anyhow::Result<()> {
        self.chapters = self.chapters.saturating_add(1);
        let number = self.chapters;
        Ok(writeln!(self.out, "\n{number}. {title}\n")?)
    }

    /// A labelled line of the chapter.
    pub(crate) fn fact(&mut self, label: &str, value: impl Display) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "   {label:<21}{value}")?)
    }

    /// A labelled line with what it cost.
    pub(crate) fn timed(&mut self, label: &str, value: &str, nanos: f64) -> anyhow::Result<()> {
        self.fact(label, format_args!("{value:<22}{nanos:>7.0} ns"))
    }
}
