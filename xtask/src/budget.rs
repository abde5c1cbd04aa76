//! What operations and modules may cost at most: `tests/budget.toml`.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, ensure};
use toml::{Table, Value};

use crate::project::Project;

const FILE: &str = "tests/budget.toml";

/// What is committed to.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Instructions for one operation, by its name.
    pub(crate) instructions: BTreeMap<String, u64>,
    /// Operations that must cost the very same, each group with the reason.
    pub(crate) equal: Vec<(String, Vec<String>)>,
    /// Bytes of a module, by its name.
    pub(crate) sizes: BTreeMap<String, Size>,
}

/// How large a module may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Bytes.
    pub(crate) raw: u64,
    /// Bytes after gzip at its best.
    pub(crate) gzip: u64,
}

impl Budget {
    /// Reads the file.
    pub(crate) fn read(project: &Project) -> anyhow::Result<Self> {
        let text = fs::read_to_string(project.path(FILE)).context(FILE)?;
        Self::parse(&text).context(FILE)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let table: Table = text.parse()?;
        for key in table.keys() {
            ensure!(
                ["instructions", "equal", "size"].contains(&key.as_str()),
                "{key} means nothing"
            );
        }
        let mut budget = Self::default();
        for (name, value) in section(&table, "instructions")? {
            budget.instructions.insert(name.clone(), whole(value, name)?);
        }
        for (name, value) in section(&table, "size")? {
            let bytes = |field| whole(value.get(field).context(name.clone())?, name);
            budget.sizes.insert(name.clone(), Size { raw: bytes("raw")?, gzip: bytes("gzip")? });
        }
        for group in table.get("equal").and_then(Value::as_array).into_iter().flatten() {
            let why = group.get("why").and_then(Value::as_str).context("an [[equal]] lacks why")?;
            let cases = group.get("cases").and_then(Value::as_array).context(why.to_owned())?;
            let cases: Option<Vec<String>> =
                cases.iter().map(|case| case.as_str().map(str::to_owned)).collect();
            budget.equal.push((why.to_owned(), cases.context(why.to_owned())?));
        }
        Ok(budget)
    }

    /// What the counts fall short of, a line each.
    pub(crate) fn faults(&self, counts: &BTreeMap<String, u64>) -> Vec<String> {
        let mut faults = vec![];
        for (name, count) in counts {
            match self.instructions.get(name) {
                None => {
                    faults.push(format!("{name}: {count} instructions, but no budget: add one"))
                }
                Some(most) if count > most => {
                    faults
                        .push(format!("{name}: {count} instructions, above its budget of {most}"));
                }
                Some(_) => {}
            }
        }
        for name in self.instructions.keys().filter(|name| !counts.contains_key(*name)) {
            faults.push(format!("{name}: has a budget, but nothing counts it"));
        }
        for (why, cases) in &self.equal {
            let group: Vec<Option<u64>> =
                cases.iter().map(|case| counts.get(case).copied()).collect();
            if group.iter().any(Option::is_none)
                || group.windows(2).any(|pair| pair.first() != pair.last())
            {
                faults.push(format!("{why}: the counts of {} are {group:?}", cases.join(", ")));
            }
        }
        faults
    }
}

fn section<'a>(table: &'a Table, name: &str) -> anyhow::Result<&'a Table> {
    table.get(name).and_then(Value::as_table).with_context(|| format!("no [{name}]"))
}

fn whole(value: &Value, name: &str) -> anyhow::Result<u64> {
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    number.with_context(|| format!("{name} is no whole number"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn what_costs_more_or_differs_or_is_not_counted_is_named() {
        let budget = Budget::parse(
            "[instructions]\na = 10\nb = 10\n[size]\n[[equal]]\nwhy = 'alike'\ncases = ['a', 'b']\n",
        );
        let budget = budget.unwrap();
        for (counts, faults) in [
            (vec![("a", 10), ("b", 10)], 0),
            (vec![("a", 9), ("b", 9)], 0),
            (vec![("a", 11), ("b", 11)], 2),
            (vec![("a", 9), ("b", 10)], 1),
            (vec![("a", 9)], 2),
            (vec![("a", 9), ("b", 9), ("c", 1)], 1),
        ] {
            let counts = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
            let found = budget.faults(&counts);
            assert_eq!(found.len(), faults, "{counts:?} {found:?}");
        }
    }
}
