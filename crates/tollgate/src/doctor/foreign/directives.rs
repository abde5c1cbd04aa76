//! The shape that nginx and Caddy share: directives of words, some with a block of more of them.

/// How deep blocks may be nested.
const DEPTH_MAX: usize = 32;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    pub(super) words: Vec<String>,
    pub(super) block: Option<Vec<Self>>,
}

impl Directive {
    pub(super) fn name(&self) -> &str {
        self.word(0)
    }

    /// The word at this place; blank if there is none.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    pub(super) fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    pub(super) fn inside(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// All directives at any depth.
pub(super) fn everywhere(directives: &[Directive]) -> Vec<&Directive> {
    let mut found: Vec<_> = vec![];
    for directive in directives {
        found.push(directive);
        found.extend(everywhere(directive.inside()));
    }
    found
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
    /// The end of a directive.
    End,
}

/// Reads the configuration of nginx: a semicolon or a block ends a directive.
pub(super) fn of_nginx(text: &str) -> Option<Vec<Directive>> {
    let mut tokens = vec![];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ';' => tokens.push(Token::End),
            '{' => tokens.push(Token::Open),
            '}' => tokens.push(Token::Close),
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match chars.next()? {
                        '\\' => word.extend(['\\', chars.next()?]),
                        close if close == c => break,
                        c => word.push(c),
                    }
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                let ends = |c: &char| c.is_whitespace() || matches!(c, ';' | '{');
                while let Some(c) = chars.next_if(|c| !ends(c)) {
                    word.push(c);
                    // A variable in braces, and what is escaped, is part of the word.
                    if c == '$' && chars.next_if_eq(&'{').is_some() {
                        word.push('{');
                    } else if c == '\\' {
                        word.extend(chars.next());
                    }
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    whole(tokens)
}

/// Reads a Caddyfile: the end of a line ends a directive, and a brace at its end opens a block.
pub(super) fn of_caddy(text: &str) -> Option<Vec<Directive>> {
    let mut tokens = vec![];
    let mut chars = text.chars().peekable();
    let mut fresh = true;
    while let Some(c) = chars.next() {
        match c {
            '\n' => tokens.push(Token::End),
            '#' if fresh => while chars.next_if(|c| *c != '\n').is_some() {},
            '\\' if chars.peek() == Some(&'\n') => {
                chars.next();
            }
            '"' | '`' if fresh => {
                let mut word = String::new();
                loop {
                    match chars.next()? {
                        '\\' if c == '"' => word.extend(['\\', chars.next()?]),
                        close if close == c => break,
                        c => word.push(c),
                    }
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
                tokens.push(match word.as_str() {
                    "{" => Token::Open,
                    "}" => Token::Close,
                    _ => Token::Word(word),
                });
            }
        }
        fresh = chars.peek().is_none_or(|_| c.is_whitespace()) || c == '\n';
    }
    tokens.push(Token::End);
    whole(tokens)
}

fn whole(tokens: Vec<Token>) -> Option<Vec<Directive>> {
    let mut tokens = tokens.into_iter().peekable();
    let directives = block(&mut tokens, 0)?;
    tokens.next().is_none().then_some(directives)
}

fn block(
    tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
) -> Option<Vec<Directive>> {
    let deeper = depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
    let (mut directives, mut words) = (vec![], vec![]);
    loop {
        match tokens.peek() {
            None | Some(Token::Close) => {
                if !words.is_empty() {
                    directives.push(Directive { words, block: None });
                }
                return Some(directives);
            }
            Some(_) => {}
        }
        match tokens.next()? {
            Token::Word(word) => words.push(word),
            Token::End if words.is_empty() => {}
            Token::End => {
                directives.push(Directive { words: std::mem::take(&mut words), block: None });
            }
            Token::Open => {
                let inside = block(tokens, deeper)?;
                if tokens.next()? != Token::Close {
                    return None;
                }
                let words = std::mem::take(&mut words);
                directives.push(Directive { words, block: Some(inside) });
            }
            Token::Close => return None,
        }
    }
}
