//! What is secret and given to a command: on standard input or in a file, and never as an argument.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::Path,
};

use tollgate_core::key::KEY_MAX;
use zeroize::Zeroizing;

use super::Failure;

/// Longer than any key, so that what is too long is told apart from what is a key.
const LINE_MAX: usize = KEY_MAX.saturating_mul(4);

/// The key in `file`, or in the first line of standard input: for the command of these words.
pub(super) fn key(file: Option<&Path>, words: &str) -> Result<Zeroizing<String>, Failure> {
    let read = match file {
        Some(file) => File::open(file).and_then(|file| line(&mut BufReader::new(file))),
        None => {
            let mut input = io::stdin().lock();
            if input.is_terminal() {
                eprintln!("Paste the key, then press return:");
            }
            line(&mut input)
        }
    };
    let from = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let key = read.map_err(|error| Failure::usage("key_unreadable", format!("{from}: {error}")))?;
    if key.trim().is_empty() {
        let message = format!("no key was given: tollgate {words} < FILE");
        return Err(Failure::usage("key_missing", message));
    }
    Ok(key)
}

fn line(from: &mut dyn BufRead) -> io::Result<Zeroizing<String>> {
    // SECURITY: room for all of it, so that no piece is left behind when the text grows.
    let mut line = Zeroizing::new(String::with_capacity(LINE_MAX));
    let most = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
    from.take(most).read_line(&mut line)?;
    Ok(line)
}
