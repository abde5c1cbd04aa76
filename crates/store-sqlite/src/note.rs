//! The epoch that is noted outside the database: an older copy of the file is noticed by it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use tollgate_core::stamp::Stamp;

/// The longest note, in bytes.
const NOTE_MAX: u64 = 64;

/// Tells the notes apart that the threads of one process write at once.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// Where the note of the store at `path` is.
pub(crate) fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".epoch")
}

/// What is noted; none if nothing is.
///
/// # Errors
///
/// When the note cannot be read, or is no note.
pub(crate) fn read(path: &Path) -> io::Result<Option<Stamp>> {
    let file = match File::open(beside(path)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(NOTE_MAX).read_to_string(&mut text)?;
    let stamp = text.strip_suffix('\n').and_then(|line| {
        let (incarnation, epoch) = line.split_once(' ')?;
        Some(Stamp { incarnation: incarnation.parse().ok()?, epoch: epoch.parse().ok()? })
    });
    stamp.map(Some).ok_or_else(|| io::Error::from(ErrorKind::InvalidData))
}

/// Notes `stamp`, unless something higher is noted.
///
/// Two processes that note at once may leave the lower of two epochs: both were committed, so all that is lost is
/// that a copy older by that one change would be noticed.
///
/// # Errors
///
/// When the note cannot be read or written. What was noted before is noted still.
pub(crate) fn write(path: &Path, stamp: Stamp) -> io::Result<()> {
    if read(path)?.is_some_and(|noted| noted >= stamp) {
        return Ok(());
    }
    let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
    let fresh = with_suffix(path, &format!(".epoch.{}.{writer}", process::id()));
    let mut file =
        private(OpenOptions::new().write(true).create(true).truncate(true)).open(&fresh)?;
    writeln!(file, "{} {}", stamp.incarnation, stamp.epoch)?;
    file.sync_data()?;
    fs::rename(&fresh, beside(path))
}

/// Only the owner reads and writes what is created.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600)
    }
    #[cfg(not(unix))]
    options
}

/// The path with more at its end.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
