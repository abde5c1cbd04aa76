//! Settings as lines: `path`, a tab, the value. A path that nobody asked for is an error, as it is in a file.

use std::{cell::Cell, fmt};

/// The most settings.
pub const SETTINGS_MAX: usize = 16_384;

/// One setting.
struct Line<'a> {
    path: &'a str,
    value: &'a str,
    asked: Cell<bool>,
}

/// Settings that are being read.
pub struct Settings<'a>(Vec<Line<'a>>);

/// Settings that no gate may start with. The value is not shown: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    path: String,
    what: &'static str,
}

impl SettingsError {
    /// What is wrong with the setting at `path`.
    #[must_use]
    pub fn new(path: &str, what: &'static str) -> Self {
        Self { path: path.to_owned(), what }
    }

    /// Which setting it is.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        f.write_str(": ")?;
        f.write_str(self.what)
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|line| line.path)).finish()
    }
}

impl<'a> Settings<'a> {
    /// Reads the lines of `text`.
    ///
    /// # Errors
    ///
    /// When one of them is none, or stands there twice.
    pub fn read(text: &'a str) -> Result<Self, SettingsError> {
        let mut lines: Vec<Line<'a>> = vec![];
        for line in text.lines() {
            if lines.len() == SETTINGS_MAX {
                return Err(SettingsError::new("", "there are too many settings"));
            }
            let Some((path, value)) = line.split_once('\t') else {
                return Err(SettingsError::new("", "a line is no setting"));
            };
            lines.push(Line { path, value, asked: Cell::new(false) });
        }
        lines.sort_unstable_by_key(|line| line.path);
        let twice = lines.windows(2).find_map(|pair| match pair {
            [first, second] if first.path == second.path => Some(first.path),
            _ => None,
        });
        match twice {
            Some(path) => Err(SettingsError::new(path, "is given twice")),
            None => Ok(Self(lines)),
        }
    }

    /// What is set at `path`.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&'a str> {
        let place = self.0.binary_search_by_key(&path, |line| line.path).ok()?;
        let line = self.0.get(place)?;
        line.asked.set(true);
        Some(line.value)
    }

    /// What is set at `path`, which must be.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn needed(&self, path: &str) -> Result<&'a str, SettingsError> {
        self.text(path).ok_or_else(|| SettingsError::new(path, "is not set"))
    }

    /// The number at `path`, from `min` to `max`.
    ///
    /// # Errors
    ///
    /// When it is none of these.
    pub fn number(
        &self,
        path: &str,
        default: u64,
        min: u64,
        max: u64,
    ) -> Result<u64, SettingsError> {
        let Some(text) = self.text(path) else { return Ok(default) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && (min..=max).contains(number));
        number.ok_or_else(|| SettingsError::new(path, "is not a whole number within its bounds"))
    }

    /// Whether `path` is set to true.
    ///
    /// # Errors
    ///
    /// When it is set to anything but true or false.
    pub fn flag(&self, path: &str) -> Result<bool, SettingsError> {
        match self.text(path) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(SettingsError::new(path, "is not true or false")),
        }
    }

    /// Whether a list of nothing is set at `path`, which is not the same as nothing.
    #[must_use]
    pub fn is_empty_list(&self, path: &str) -> bool {
        let line = self.0.iter().find(|line| line.path == path && line.value.is_empty());
        line.is_some_and(|line| {
            line.asked.set(true);
            true
        })
    }

    /// The texts listed at `path`.
    #[must_use]
    pub fn list(&self, path: &str) -> Vec<&'a str> {
        let _: bool = self.is_empty_list(path);
        let mut texts = vec![];
        while let Some(text) = self.text(&at(path, texts.len())) {
            texts.push(text);
        }
        texts
    }

    /// The paths of the tables listed at `path`.
    #[must_use]
    pub fn tables(&self, path: &str) -> Vec<String> {
        let _: bool = self.is_empty_list(path);
        let mut paths = vec![];
        loop {
            let next = at(path, paths.len());
            let below = [next.as_str(), "."].concat();
            if !self.0.iter().any(|line| line.path.starts_with(&below)) {
                return paths;
            }
            paths.push(next);
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// When something is set that nobody asked for: a name that is misspelled is not left out silently.
    pub fn end(self) -> Result<(), SettingsError> {
        match self.0.iter().find(|line| !line.asked.get()) {
            Some(line) => Err(SettingsError::new(line.path, "no such setting")),
            None => Ok(()),
        }
    }
}

/// The path of the item at `place` of the list at `path`.
fn at(path: &str, place: usize) -> String {
    [path, ".", place.to_string().as_str()].concat()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_setting_that_nobody_asked_for_is_an_error() {
        let settings = Settings::read("gate.realm\tapi\ngate.reallm\tx").unwrap();
        assert_eq!(settings.text("gate.realm"), Some("api"));
        assert_eq!(settings.end().unwrap_err().to_string(), "gate.reallm: no such setting");
        let settings = Settings::read("gate.realm\tapi").unwrap();
        assert_eq!(settings.text("gate.realm"), Some("api"));
        assert_eq!(settings.end(), Ok(()));
    }

    #[test]
    fn lists_and_tables_are_read_in_their_order_and_end_at_a_gap() {
        let text = "r.0.path\t/a\nr.1.path\t/b\nr.3.path\t/d\nl.0\tx\nl.1\ty\nl.10\tz";
        let settings = Settings::read(text).unwrap();
        assert_eq!(settings.tables("r"), ["r.0", "r.1"]);
        assert_eq!(settings.list("l"), ["x", "y"]);
        assert!(settings.end().is_err());
    }

    #[test]
    fn a_list_of_nothing_is_told_from_nothing_and_a_text_is_no_list() {
        let settings = Settings::read("a\t\nb.0\tx\nc\ttext").unwrap();
        assert!(settings.is_empty_list("a") && settings.list("a").is_empty());
        assert!(!settings.is_empty_list("b") && !settings.is_empty_list("d"));
        assert!(settings.list("c").is_empty());
        assert_eq!(settings.list("b"), ["x"]);
        assert_eq!(settings.end().unwrap_err().to_string(), "c: no such setting");
    }

    #[test]
    fn what_is_given_twice_or_out_of_bounds_is_an_error_that_shows_no_value() {
        assert!(Settings::read("a\t1\na\t2").is_err());
        assert!(Settings::read("a").is_err());
        let settings = Settings::read("a\tsecret\nb\t11\nc\tyes\nd\t+1").unwrap();
        for error in [
            settings.number("a", 1, 1, 10).unwrap_err(),
            settings.number("b", 1, 1, 10).unwrap_err(),
            settings.number("d", 1, 1, 10).unwrap_err(),
            settings.flag("c").map(|_| 0).unwrap_err(),
        ] {
            let shown = format!("{error}{error:?}{settings:?}");
            assert!(!shown.contains("secret") && !shown.contains("yes"), "{shown}");
        }
        assert_eq!(settings.number("e", 7, 1, 10), Ok(7));
    }
}
