//! The descriptions of the broken copies.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, ensure};
use toml::{Table, Value};

use crate::project::Project;

const FOLDER: &str = "tests/broken";

/// One broken copy.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) find: String,
    pub(super) replace: String,
    pub(super) package: String,
    pub(super) target: Option<String>,
    pub(super) test: String,
}

/// Reads all descriptions of a suite, in the order of their files.
pub(super) fn read(project: &Project, suite: &str) -> anyhow::Result<Vec<Copy>> {
    let folder = project.path(FOLDER).join(suite);
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut copies = vec![];
    for file in files {
        let text = fs::read_to_string(&file)?;
        copies.extend(parse(&text).with_context(|| format!("in {}", file.display()))?);
    }
    let names: BTreeSet<&str> = copies.iter().map(|copy| copy.name.as_str()).collect();
    ensure!(names.len() == copies.len(), "two broken copies in {FOLDER} have the same name");
    Ok(copies)
}

fn parse(text: &str) -> anyhow::Result<Vec<Copy>> {
    let table: Table = text.parse()?;
    let copies = table.get("copy").and_then(Value::as_array).context("no [[copy]]")?;
    copies.iter().map(one).collect()
}

fn one(copy: &Value) -> anyhow::Result<Copy> {
    const FIELDS: [&str; 8] =
        ["name", "why", "file", "find", "replace", "package", "target", "test"];
    let table = copy.as_table().context("[[copy]] is a table")?;
    let name = copy.get("name").and_then(Value::as_str).context("a copy lacks a name")?;
    let text = |field: &str| {
        let value = table.get(field).and_then(Value::as_str);
        value.map(str::to_owned).with_context(|| format!("{name} lacks {field}"))
    };
    for field in table.keys() {
        ensure!(FIELDS.contains(&field.as_str()), "{name} has {field}, which means nothing");
    }
    ensure!(!text("why")?.trim().is_empty(), "{name} does not say why");
    ensure!(text("find")? != text("replace")?, "{name} changes nothing");
    Ok(Copy {
        name: name.to_owned(),
        file: text("file")?,
        find: text("find")?,
        replace: text("replace")?,
        package: text("package")?,
        target: table.contains_key("target").then(|| text("target")).transpose()?,
        test: text("test")?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_description_that_is_not_whole_is_an_error() {
        let whole =
            "[[copy]]\nname='a'\nwhy='b'\nfile='c'\nfind='d'\nreplace='e'\npackage='f'\ntest='g'\n";
        assert!(parse(whole).is_ok());
        assert!(parse(&whole.replace("why='b'\n", "")).is_err());
        assert!(parse(&whole.replace("why='b'", "why=''")).is_err());
        assert!(parse(&whole.replace("replace='e'", "replace='d'")).is_err());
        assert!(parse(&format!("{whole}tset='x'\n")).is_err());
    }
}
