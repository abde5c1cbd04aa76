//! Whether a licence expression can be satisfied with a list of licences.

/// Whether `expression` can be satisfied with `allowed` alone.
///
/// Understands `AND`, `OR`, `WITH`, parentheses, and the older `/` for `OR`. What it does not
/// understand is not satisfied.
pub(super) fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    let held = parser.any();
    held == Some(true) && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn accept(&mut self, word: &str) -> bool {
        let accepted = self.words.first().is_some_and(|next| *next == word);
        if accepted {
            self.next();
        }
        accepted
    }

    fn any(&mut self) -> Option<bool> {
        let mut held = self.every()?;
        while self.accept("OR") {
            held |= self.every()?;
        }
        Some(held)
    }

    fn every(&mut self) -> Option<bool> {
        let mut held = self.one()?;
        while self.accept("AND") {
            held &= self.one()?;
        }
        Some(held)
    }

    fn one(&mut self) -> Option<bool> {
        if self.accept("(") {
            let held = self.any()?;
            return self.accept(")").then_some(held);
        }
        let mut licence =
            self.next().filter(|word| !["AND", "OR", "WITH", ")"].contains(word))?.to_owned();
        if self.accept("WITH") {
            licence += " WITH ";
            licence += self.next()?;
        }
        Some(self.allowed.contains(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    #[test]
    fn an_expression_is_satisfied_by_what_is_allowed_and_nothing_else() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for (expression, held) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR GPL-3.0) AND Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
            ("MIT OR GPL-3.0 AND Zlib", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("GPL-3.0", false),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
            ("MIT OR", false),
        ] {
            assert_eq!(satisfied(expression, &allowed), held, "{expression}");
        }
    }
}
