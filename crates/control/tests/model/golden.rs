//! Documents that callers depend on: what they say changes on purpose only.

use std::{fs, path::PathBuf};

/// Compares `text` with a file in `tests/golden`; what it is now is kept in the target folder.
pub(crate) fn check(name: &str, text: &str) {
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join(name), text).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let line = golden.lines().zip(text.lines()).position(|(was, is)| was != is);
    assert!(
        golden == text,
        "{name} differs from line {}: see {}",
        line.unwrap_or_else(|| golden.lines().count().min(text.lines().count())) + 1,
        kept.display()
    );
}
