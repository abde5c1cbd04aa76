//! Room that is kept for a day on which there is none: a revocation must not fail because a disk is full.
//!
//! A file beside the database takes up space that nothing else can have. When a change that only takes rights
//! away meets a full disk, a part of the file is given up and the change is tried again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::note;

/// How much is kept, in bytes: what some dozens of revocations write.
pub const BALLAST_BYTES: u64 = 1 << 20;

/// How much is given up at a time: more than one change writes.
const STEP_BYTES: u64 = 1 << 17;

/// How much must be free besides, for it to be made: whoever needs the last of a disk needs it more.
const SPARE_BYTES: u64 = 1 << 20;

/// What is written at once.
const BLOCK_BYTES: usize = 1 << 14;

/// How much of it there is beside the store at `path`.
pub(crate) fn held(path: &Path) -> u64 {
    fs::metadata(beside(path)).map_or(0, |found| found.len())
}

/// Makes what is missing, if there is room.
///
/// # Errors
///
/// When there is none, or nothing may be written.
pub(crate) fn provide(path: &Path) -> io::Result<()> {
    if held(path) >= BALLAST_BYTES {
        return Ok(());
    }
    if free(path)? < BALLAST_BYTES.saturating_add(SPARE_BYTES) {
        return Err(ErrorKind::StorageFull.into());
    }
    // Under another name until it is whole. Two processes that make it at once write the same.
    let fresh = fresh(path);
    let made = fill(&fresh).and_then(|()| fs::rename(&fresh, beside(path)));
    match made {
        Err(_) if held(path) >= BALLAST_BYTES => Ok(()),
        Err(error) => {
            let _ = fs::remove_file(&fresh);
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Gives up a part of it; says whether there was any.
pub(crate) fn give_up(path: &Path) -> bool {
    // What a process that was killed while it made one has left is room, too.
    let _ = fs::remove_file(fresh(path));
    let shrink = || -> io::Result<bool> {
        let file = OpenOptions::new().write(true).open(beside(path))?;
        let len = file.metadata()?.len();
        file.set_len(len.saturating_sub(STEP_BYTES))?;
        // Only then is it free on every file system.
        file.sync_all()?;
        Ok(len > 0)
    };
    shrink().unwrap_or(false)
}

/// Writes what no file system can make smaller.
fn fill(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file: File =
        note::private(options.write(true).create(true).truncate(true)).open(path)?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut written = 0_u64;
    while written < BALLAST_BYTES {
        block.clear();
        while block.len() < BLOCK_BYTES {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
        written = written.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// How many bytes of the disk anybody may have.
#[cfg(unix)]
fn free(path: &Path) -> io::Result<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Nobody says it here: whether there is room is found out by writing.
#[cfg(not(unix))]
fn free(_path: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

fn beside(path: &Path) -> PathBuf {
    note::with_suffix(path, ".ballast")
}

fn fresh(path: &Path) -> PathBuf {
    note::with_suffix(path, ".ballast.new")
}
