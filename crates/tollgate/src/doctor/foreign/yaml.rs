//! As much of YAML as the configurations of proxies and templates use.
//!
//! Mappings and sequences in either style, quoted and plain values, block texts (which are left out), several documents,
//! tags (kept as part of the value) and comments. What is more than that, such as complex keys, is not understood.

use std::{iter::Peekable, str::Chars};

use super::tree::Node;

/// How deep values may be nested.
const DEPTH_MAX: usize = 64;

#[derive(Clone, Debug)]
struct Line {
    indent: usize,
    text: String,
}

/// Reads all documents of a file; several are a list.
pub(super) fn read(text: &str) -> Option<Node> {
    let mut documents = vec![];
    let mut lines = vec![];
    for line in text.lines().chain(["---"]) {
        if line == "---" || line.starts_with("--- ") || line == "..." {
            if !lines.is_empty() {
                documents.push(document(std::mem::take(&mut lines))?);
            }
        } else if !line.starts_with('%') {
            lines.extend(line_of(line));
        }
    }
    match documents.len() {
        0 => None,
        1 => documents.pop(),
        _ => Some(Node::List(documents)),
    }
}

fn document(lines: Vec<Line>) -> Option<Node> {
    let mut reader = Reader { lines: lines.into_iter().peekable(), held: None, depth: 0 };
    let indent = reader.peek()?.indent;
    let node = reader.block(indent)?;
    reader.peek().is_none().then_some(node)
}

/// The line without comment, unless it is blank then.
fn line_of(line: &str) -> Option<Line> {
    let text = line.trim_start_matches(' ');
    let indent = line.len().saturating_sub(text.len());
    let text = uncommented(text).trim_end().to_owned();
    (!text.is_empty()).then_some(Line { indent, text })
}

fn uncommented(text: &str) -> &str {
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '#') if last.is_whitespace() => return text.get(..at).unwrap_or_default(),
            // A quote inside a plain word is none.
            (None, '"' | '\'') if !last.is_alphanumeric() => quote = Some(c),
            (Some(open), c) if open == c && last != '\\' => quote = None,
            _ => {}
        }
        last = c;
    }
    text
}

struct Reader {
    lines: Peekable<std::vec::IntoIter<Line>>,
    /// What is left of a line after the dash of an item.
    held: Option<Line>,
    depth: usize,
}

impl Reader {
    fn peek(&mut self) -> Option<&Line> {
        match &self.held {
            Some(line) => Some(line),
            None => self.lines.peek(),
        }
    }

    fn next(&mut self) -> Option<Line> {
        self.held.take().or_else(|| self.lines.next())
    }

    fn next_if(&mut self, like: impl Fn(&Line) -> bool) -> Option<Line> {
        if self.peek().is_some_and(like) { self.next() } else { None }
    }

    /// What stands at this indent from here on.
    fn block(&mut self, indent: usize) -> Option<Node> {
        self.depth = self.depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
        let first = self.peek()?;
        let node = if is_item(&first.text) {
            self.list(indent)
        } else if split(&first.text).is_some() {
            self.map(indent)
        } else {
            let line = self.next()?;
            self.value(&line.text, indent)
        };
        self.depth = self.depth.saturating_sub(1);
        node
    }

    fn list(&mut self, indent: usize) -> Option<Node> {
        let mut items = vec![];
        while let Some(line) = self.next_if(|line| line.indent == indent && is_item(&line.text)) {
            let rest = line.text.get(1..)?;
            let text = rest.trim_start();
            if text.is_empty() {
                items.push(self.below(indent)?);
                continue;
            }
            let column = line.text.len().saturating_sub(text.len());
            let column = indent.saturating_add(column);
            self.held = Some(Line { indent: column, text: text.to_owned() });
            items.push(self.block(column)?);
        }
        self.ends(indent)?;
        Some(Node::List(items))
    }

    fn map(&mut self, indent: usize) -> Option<Node> {
        let mut entries = vec![];
        while let Some(line) = self.next_if(|line| line.indent == indent && !is_item(&line.text)) {
            let (name, value) = split(&line.text)?;
            let name = unquoted(name)?;
            let node =
                if value.is_empty() { self.below(indent)? } else { self.value(value, indent)? };
            entries.push((name, node));
        }
        self.ends(indent)?;
        Some(Node::Map(entries))
    }

    /// Nothing deeper may be left when a block ends.
    fn ends(&mut self, indent: usize) -> Option<()> {
        self.peek().is_none_or(|line| line.indent <= indent).then_some(())
    }

    /// What a name or a dash without a value stands for.
    fn below(&mut self, indent: usize) -> Option<Node> {
        match self.peek().map(|line| (line.indent, is_item(&line.text))) {
            Some((deeper, _)) if deeper > indent => self.block(deeper),
            Some((same, true)) if same == indent && self.held.is_none() => self.list(indent),
            _ => Some(Node::text("")),
        }
    }

    /// A value that begins on the line of its name.
    fn value(&mut self, value: &str, indent: usize) -> Option<Node> {
        let value = anchorless(value);
        let first = value.chars().next();
        match first {
            None => self.below(indent),
            Some('|' | '>') => {
                while self.next_if(|line| line.indent > indent).is_some() {}
                Some(Node::text(""))
            }
            // What a tag makes of what is below it cannot be told.
            Some('!') if !value.contains(' ') => {
                self.below(indent)?;
                Some(Node::text(value))
            }
            Some('{' | '[' | '"' | '\'') => {
                let mut whole = value.to_owned();
                loop {
                    let mut chars = whole.chars().peekable();
                    if let Some(node) = flow(&mut chars, 0) {
                        blanks(&mut chars);
                        return chars.next().is_none().then_some(node);
                    }
                    whole.push(' ');
                    whole.push_str(&self.next_if(|line| line.indent >= indent)?.text);
                }
            }
            Some(_) => {
                let mut whole = value.to_owned();
                while let Some(line) = self.next_if(|line| line.indent > indent) {
                    whole.push(' ');
                    whole.push_str(&line.text);
                }
                Some(Node::Text(whole))
            }
        }
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

fn anchorless(value: &str) -> &str {
    match value.strip_prefix('&') {
        Some(rest) => rest.split_once(' ').map_or("", |(_, value)| value.trim_start()),
        None => value,
    }
}

/// Name and value of a line of a mapping.
fn split(text: &str) -> Option<(&str, &str)> {
    if text.starts_with(['{', '[', '?', '|', '>', '!', '&', '*', '\t']) {
        return None;
    }
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let skipped = match quoted {
        Some(quote) => text.get(1..)?.find(quote)?.checked_add(2)?,
        None => 0,
    };
    let rest = text.get(skipped..)?;
    let colon = match rest.find(": ") {
        Some(at) => at,
        None => rest.strip_suffix(':')?.len(),
    };
    let at = skipped.checked_add(colon)?;
    Some((text.get(..at)?, text.get(at.checked_add(1)?..)?.trim()))
}

fn unquoted(name: &str) -> Option<String> {
    let mut chars = name.chars().peekable();
    match chars.peek()? {
        '"' | '\'' => flow(&mut chars, 0).and_then(|node| node.value().map(str::to_owned)),
        _ => Some(name.trim_end().to_owned()),
    }
}

fn blanks(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A value in flow style; none if it does not end.
fn flow(chars: &mut Peekable<Chars<'_>>, depth: usize) -> Option<Node> {
    let deeper = depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
    blanks(chars);
    match *chars.peek()? {
        '{' => {
            chars.next();
            let mut entries = vec![];
            loop {
                blanks(chars);
                if chars.next_if_eq(&'}').is_some() {
                    return Some(Node::Map(entries));
                }
                let name = flow(chars, deeper)?.value()?.to_owned();
                blanks(chars);
                let node = match chars.next_if_eq(&':') {
                    Some(_) => flow(chars, deeper)?,
                    None => Node::text(""),
                };
                entries.push((name, node));
                separator(chars, '}')?;
            }
        }
        '[' => {
            chars.next();
            let mut items = vec![];
            loop {
                blanks(chars);
                if chars.next_if_eq(&']').is_some() {
                    return Some(Node::List(items));
                }
                items.push(flow(chars, deeper)?);
                separator(chars, ']')?;
            }
        }
        quote @ ('"' | '\'') => quotation(chars, quote),
        _ => Some(plain(chars)),
    }
}

/// What stands between quotes.
fn quotation(chars: &mut Peekable<Chars<'_>>, quote: char) -> Option<Node> {
    chars.next();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\\' if quote == '"' => text.extend(['\\', chars.next()?]),
            c if c == quote => {
                // Two single quotes are one.
                if quote == '\'' && chars.next_if_eq(&quote).is_some() {
                    text.push(quote);
                    continue;
                }
                return Some(Node::Text(text));
            }
            c => text.push(c),
        }
    }
}

/// A plain value in flow style: it ends where a colon is followed by a blank, too.
fn plain(chars: &mut Peekable<Chars<'_>>) -> Node {
    let mut text = String::new();
    while let Some(&c) = chars.peek() {
        if matches!(c, ',' | '}' | ']') {
            break;
        }
        let mut ahead = chars.clone();
        ahead.next();
        if c == ':'
            && ahead.peek().is_none_or(|next| next.is_whitespace() || matches!(next, ',' | '}'))
        {
            break;
        }
        text.push(c);
        chars.next();
    }
    Node::text(text.trim_end())
}

fn separator(chars: &mut Peekable<Chars<'_>>, close: char) -> Option<()> {
    blanks(chars);
    match *chars.peek()? {
        ',' => {
            chars.next();
            Some(())
        }
        c if c == close => Some(()),
        _ => None,
    }
}
