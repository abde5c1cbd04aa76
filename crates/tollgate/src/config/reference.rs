//! The reference, from the table that the reader and the defaults are made from.

use std::fmt::Write;

use super::{
    fields::{FIELDS, Field, Given, ROUTES, Shape, TABLES, TARGETS, Table},
    fixed, variable,
};

const HEAD: &str = "\
# Configuration

One TOML file, `tollgate.toml` unless `--config FILE` names another, and the environment. What is unknown, given
twice, of another type or out of bounds stops the start, and everything that is wrong is said at once, with file,
line and column. `tollgate config check` says it without starting anything; `tollgate config reference` prints this
page.

The environment sets what the file sets, and wins: `TOLLGATE_` and the names of table and field, in capitals.
Lists are written with commas: `TOLLGATE_KEYS_ENVS=live,test`. A variable that begins with `TOLLGATE_` and sets no
field stops the start, except those that Kubernetes makes of Services (`TOLLGATE_SERVICE_HOST`,
`TOLLGATE_PORT_8080_TCP` and the like), which are left alone. `TOLLGATE_SECRETS` holds the text of the secrets file.

On SIGHUP a running gate reads file and secrets again; what it cannot use it says, and goes on with what it has.
Fields of which this page says *read at the start only* stay as they were until the next start, and so does whether
there is an `[origin]`: the log names those that differ (`needs_restart`). The files of `[tls]` and `[secrets]` are
read again; the secrets' file is looked at every second.
";

/// The whole page, in Markdown.
pub(crate) fn text() -> String {
    let mut page = HEAD.to_owned();
    for (table, fields) in TABLES.iter().zip(FIELDS) {
        // Writing to a text cannot fail.
        let _ = section(&mut page, table, fields);
    }
    page
}

fn section(page: &mut String, table: &Table, fields: &[Field]) -> std::fmt::Result {
    let several = table.name == ROUTES;
    let title = match table.name {
        ROUTES => format!("[[{ROUTES}]]"),
        TARGETS => format!("[{TARGETS}.NAME]"),
        name => format!("[{name}]"),
    };
    let several = several || table.name == TARGETS;
    write!(page, "\n## {title}\n\n{}", table.about)?;
    if table.optional && !several {
        write!(page, " Off unless the table is given.")?;
    }
    write!(page, "\n\n| field | is | default | variable |\n|---|---|---|---|\n")?;
    for field in fields {
        let variable = if several { "–".to_owned() } else { format!("`{}`", variable(field)) };
        let (name, default) = (field.name, default_of(field));
        writeln!(page, "| `{name}` | {} | {default} | {variable} |", shape_of(field))?;
    }
    writeln!(page)?;
    for field in fields {
        let fixed = match (fixed::is_at_start(field), table.name) {
            (false, _) => "",
            (true, "tls") => " A reload reads the file again; its place is read at the start only.",
            (true, _) => " Read at the start only.",
        };
        writeln!(page, "* `{}`: {}{fixed}", field.name, field.about)?;
    }
    Ok(())
}

fn shape_of(field: &Field) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('*', "\\*");
    match field.shape {
        Shape::Text(what) => cell(what),
        Shape::Word(words) => format!("`{}`", words.join("`, `")),
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Integer(min, max) => format!("{min} to {max}"),
        Shape::List(what) => format!("a list; each {}", cell(what)),
    }
}

/// How the default is written in TOML; a dash for none.
pub(crate) fn default_of(field: &Field) -> String {
    match field.default {
        Given::Text(text) => format!("`\"{text}\"`"),
        Given::Integer(number) => format!("`{number}`"),
        Given::Flag(flag) => format!("`{flag}`"),
        Given::List(texts) => format!("`{texts:?}`"),
        Given::Nothing => "–".to_owned(),
        Given::Required => "required".to_owned(),
    }
}
