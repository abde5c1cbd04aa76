//! Settings as the gate reads them: a line for each leaf of a tree, with the path that leads there.

use serde_json::Value;
use tollgate_gate::settings::SettingsError;

/// The deepest tree.
const DEPTH_MAX: usize = 16;

/// Reads a configuration: JSON if it begins with a brace, else TOML.
///
/// # Errors
///
/// When it is neither. The reader's own message is not shown: it may quote what it read.
pub(crate) fn tree(text: &str, name: &str) -> Result<Value, SettingsError> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|_| SettingsError::new(name, "is no JSON"))
    } else {
        toml::from_str(text).map_err(|_| SettingsError::new(name, "is no TOML"))
    }
}

/// Adds the lines of `tree`, which is found at `path`.
///
/// # Errors
///
/// When a name or a value cannot stand in a line.
pub(crate) fn push(tree: &Value, path: &str, to: &mut String) -> Result<(), SettingsError> {
    below(tree, path, to, DEPTH_MAX)
}

fn below(tree: &Value, path: &str, to: &mut String, depth: usize) -> Result<(), SettingsError> {
    let depth = depth.checked_sub(1).ok_or_else(|| SettingsError::new("", "is too deep a tree"))?;
    let under =
        |name: &str| if path.is_empty() { name.to_owned() } else { [path, ".", name].concat() };
    match tree {
        Value::Null => Ok(()),
        Value::Object(members) => {
            members.iter().try_for_each(|(name, value)| below(value, &under(name), to, depth))
        }
        // A list of nothing is said, since it is not the same as nothing.
        Value::Array(items) if items.is_empty() => line(path, "", to),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(at, item)| below(item, &under(&at.to_string()), to, depth))
        }
        Value::String(text) => line(path, text, to),
        Value::Bool(_) | Value::Number(_) => line(path, &tree.to_string(), to),
    }
}

fn line(path: &str, value: &str, to: &mut String) -> Result<(), SettingsError> {
    let breaks = |text: &str| text.contains(['\n', '\t', '\r']);
    if breaks(path) || breaks(value) {
        return Err(SettingsError::new(
            &path.replace(['\n', '\t', '\r'], " "),
            "holds a line break or a tab",
        ));
    }
    for part in [path, "\t", value, "\n"] {
        to.push_str(part);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn check(text: &str, expected: &str) {
        let mut lines = String::new();
        push(&tree(text, "TOLLGATE_CONFIG").unwrap(), "", &mut lines).unwrap();
        let mut lines: Vec<&str> = lines.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines.join("|"), expected, "{text}");
    }

    #[test]
    fn toml_and_json_come_to_the_same_lines() {
        let expected = "gate.realm\tapi|keys.envs.0\tlive|keys.envs.1\ttest|keys.forward\tfalse|routes.0.cost\t2|routes.0.path\t/a|routes.0.scopes\t";
        check(
            r#"{"gate":{"realm":"api","x":null},"keys":{"envs":["live","test"],"forward":false},"routes":[{"path":"/a","cost":2,"scopes":[]}]}"#,
            expected,
        );
        check(
            "[gate]\nrealm = \"api\"\n[keys]\nenvs = [\"live\", \"test\"]\nforward = false\n[[routes]]\npath = \"/a\"\ncost = 2\nscopes = []\n",
            expected,
        );
    }

    #[test]
    fn what_breaks_a_line_or_is_no_configuration_is_refused_without_quoting_it() {
        for (text, name) in [
            (r#"{"gate":{"realm":"sec\tret"}}"#, "gate.realm"),
            (r#"{"gate":{"realm":"sec\nret"}}"#, "gate.realm"),
            (r#"{"gate":{"sec\nret":"x"}}"#, "gate.sec ret"),
        ] {
            let refused = push(&tree(text, "T").unwrap(), "", &mut String::new()).unwrap_err();
            assert_eq!(refused.to_string(), format!("{name}: holds a line break or a tab"));
        }
        for text in ["{secret", "secret = = 1"] {
            let shown = tree(text, "T").unwrap_err().to_string();
            assert!(!shown.contains("secret"), "{shown}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        assert!(push(&tree(&deep, "T").unwrap(), "", &mut String::new()).is_err());
    }
}
