//! The file that holds the secrets.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Secrets, SecretsError, document};

/// The mode of the file.
const MODE: u32 = 0o600;

/// Reading and writing by others, and writing by the group: a file with any of these is refused.
const REFUSED: u32 = 0o027;

/// Reading by the group: how some platforms mount secrets, and otherwise one reader too many.
const GROUP: u32 = 0o040;

/// How many times a change is begun anew because somebody else was faster.
const TRIES_MAX: usize = 8;

/// Who may read a file of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Its owner.
    Owner,
    /// Its group too.
    Group,
    /// Others too.
    Others,
}

/// Who may read the file at `path`.
pub(crate) fn exposure(path: &Path) -> io::Result<Exposure> {
    let mode = fs::metadata(path)?.mode();
    Ok(match (mode & REFUSED, mode & GROUP) {
        (0, 0) => Exposure::Owner,
        (0, _) => Exposure::Group,
        _ => Exposure::Others,
    })
}

/// Reads the file, unless others may read it too.
pub(super) fn read(path: &Path) -> Result<Secrets, SecretsError> {
    let file = File::open(path).map_err(|error| SecretsError::io("cannot be read", error));
    file.and_then(|file| read_open(&file)).map_err(|error| error.of(path.display()))
}

fn read_open(file: &File) -> Result<Secrets, SecretsError> {
    let failed = |error| SecretsError::io("cannot be read", error);
    // Asked of the open file, so that nobody can put another in its place in between.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(SecretsError::not_a_file());
    }
    if metadata.mode() & REFUSED != 0 {
        return Err(SecretsError::exposed(metadata.mode() & 0o7777));
    }
    // SECURITY: room for all of it, so that no piece is left behind when the text grows.
    let room = document::TEXT_BYTES_MAX.saturating_add(1);
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(room).unwrap_or(0)));
    let read = file.take(room).read_to_string(&mut text).map_err(failed)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > document::TEXT_BYTES_MAX {
        return Err(SecretsError::malformed(0, 0));
    }
    Secrets::parse(&text)
}

/// The file, for who changes it.
#[derive(Debug)]
pub(crate) struct SecretsFile {
    /// As it is called.
    name: PathBuf,
    /// Where it is, through links: a change replaces the file and not a link to it.
    path: PathBuf,
}

impl SecretsFile {
    /// The file at `path`, which need not exist.
    pub(crate) fn new(path: &Path) -> Self {
        let name = path.to_owned();
        Self { path: fs::canonicalize(path).unwrap_or_else(|_| name.clone()), name }
    }

    /// Writes a file that did not exist.
    ///
    /// # Errors
    ///
    /// When there is one, or it cannot be written: nothing is changed then.
    pub(crate) fn create(&self, secrets: &Secrets) -> Result<(), SecretsError> {
        let failed = |error: io::Error| match error.kind() == io::ErrorKind::AlreadyExists {
            true => SecretsError::exists(),
            false => SecretsError::io("cannot be written", error),
        };
        // The name is taken first: whoever takes it is the only one to put anything there.
        let mut options = OpenOptions::new();
        let taken = options.write(true).create_new(true).mode(MODE).open(&self.path);
        taken.map_err(|error| failed(error).of(self.name.display()))?;
        let replace = |fresh: &Path| fs::rename(fresh, &self.path).map_err(failed);
        let made = self.write(secrets, replace).map_err(|error| error.of(self.name.display()));
        if made.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        let _ = fs::remove_file(self.fresh());
        made
    }

    /// Reads the file, changes what it holds, and puts the result in its place; nobody else does so meanwhile.
    ///
    /// # Errors
    ///
    /// What `change` returns, or when reading or writing fails: the file is then as it was.
    pub(crate) fn change<T, E: From<SecretsError>>(
        &self,
        change: impl FnOnce(&mut Secrets) -> Result<T, E>,
    ) -> Result<T, E> {
        let of = |error: SecretsError| error.of(self.name.display());
        let held = self.lock().map_err(of)?;
        let mut secrets = read_open(&held).map_err(of)?;
        let result = change(&mut secrets)?;
        let replace = |fresh: &Path| {
            fs::rename(fresh, &self.path)
                .map_err(|error| SecretsError::io("cannot be replaced", error))
        };
        let written = self.write(&secrets, replace).map_err(of);
        if written.is_err() {
            let _ = fs::remove_file(self.fresh());
        }
        written?;
        Ok(result)
    }

    /// The file, locked, and still the one that the path names.
    fn lock(&self) -> Result<File, SecretsError> {
        let failed = |error| SecretsError::io("cannot be read", error);
        for _ in 0..TRIES_MAX {
            let file = File::open(&self.path).map_err(failed)?;
            file.lock().map_err(|error| SecretsError::io("cannot be locked", error))?;
            let (held, named) = (file.metadata(), fs::metadata(&self.path));
            let (held, named) = (held.map_err(failed)?, named.map_err(failed)?);
            if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
                return Ok(file);
            }
        }
        Err(SecretsError::changed())
    }

    /// Writes a new file beside the old one, makes it durable, puts it in place, and makes that durable.
    fn write(
        &self,
        secrets: &Secrets,
        put: impl FnOnce(&Path) -> Result<(), SecretsError>,
    ) -> Result<(), SecretsError> {
        let failed = |error| SecretsError::io("cannot be written", error);
        let text = document::write(secrets)?;
        let fresh = self.fresh();
        // One that was left by a process that was killed is of no use to anybody.
        let _ = fs::remove_file(&fresh);
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(MODE).open(&fresh).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        put(&fresh)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }

    /// Where the next content is written: one name, so that what a killed process leaves is found and replaced. Only
    /// one process writes there at a time, because it holds the lock or has just taken the file's name.
    fn fresh(&self) -> PathBuf {
        let mut name = self.path.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".new");
        self.path.with_file_name(name)
    }
}
