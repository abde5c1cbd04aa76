//! `tollgate audit`.

mod log;

use std::{
    fs::{self, File},
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tollgate_audit::{Fault, Keys, Piece, Report, Verifier, Vouched, Wrong};
use tollgate_identity::Jwk;

use super::{Failure, Output, output::facts, site::Site, target::To};
use crate::{config::Source, exit::Exit, written::instant_text};

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Verify an export of the audit log, or the log where it is kept: whether anything was changed, removed, added, moved or cut off
    #[command(after_help = "\
Examples:
  tollgate audit verify acme.jsonl
  tollgate audit verify acme.jsonl --json
  tollgate audit verify acme.jsonl --jwks jwks.json --jwks retired.json
  gzip -dc acme.jsonl.gz | tollgate audit verify -
  tollgate audit verify --tenant acme            # where it is kept
  tollgate audit verify --tenant acme --target prod

Checkpoints must be signed with a key that is known: with --jwks those of its files and no others,
otherwise those of the secrets here. Keep what `tollgate signing-keys jwks` prints before a key is
retired: its checkpoints hold as long as its public key is given. `tollgate audit keys` prints those
that have signed the audit of the store here, retired ones too.

With a file it works offline. The first line that is wrong is named, and up to which entry a signature vouches that
all is as it was written. Exit code 1 if anything is wrong.")]
    Verify(Verify),
    /// List who did what to what, as it was written
    #[command(after_help = "\
Examples:
  tollgate audit list --tenant acme
  tollgate audit list --tenant acme --operation keys.revoke --from -30d
  tollgate audit list --tenant acme --subject key_9mTq2XbWcY4LrK7d --all --json
  tollgate audit list --target prod --actor command")]
    List(Box<log::List>),
    /// Export a chain with its checkpoints, signed, for whoever verifies it elsewhere
    #[command(after_help = "\
Examples:
  tollgate audit export --tenant acme --out acme.jsonl
  tollgate audit export --tenant acme --after 5000 > later.jsonl
  tollgate audit export --target prod --deployment --out deployment.jsonl

A piece has at most 5,000 entries. With --out all pieces are written, the second as acme.5000.jsonl
if it begins after entry 5,000; without, one piece goes to standard output. No file is overwritten.")]
    Export(log::Export),
    /// Print the public keys that checkpoints are and were signed with, as a JWKS document
    #[command(after_help = "\
Examples:
  tollgate audit keys > audit-keys.json
  tollgate audit verify acme.jsonl --jwks audit-keys.json")]
    Keys,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The export, as lines of JSON; - is standard input; left out, the log itself is looked at
    #[arg(conflicts_with = "Whose")]
    file: Option<PathBuf>,
    /// Public keys to believe, as a JWKS document; may be given several times
    #[arg(long, value_name = "FILE", requires = "file")]
    jwks: Vec<PathBuf>,
    #[command(flatten)]
    whose: log::Whose,
}

pub(super) fn run(
    To { command, target }: To<Audit>,
    source: Source,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let Verify { file, jwks, whose } = match command {
        Audit::Verify(verify) => verify,
        Audit::List(list) => {
            return log::list(&list, &Site::of(source, target)?, output).map(|()| Exit::Done);
        }
        Audit::Keys => return log::keys(&Site::of(source, target)?, output).map(|()| Exit::Done),
        Audit::Export(export) => {
            return log::export(&export, &Site::of(source, target)?, output).map(|()| Exit::Done);
        }
    };
    let Some(file) = file else {
        return log::verify(&whose, &Site::of(source, target)?, output);
    };
    let keys = if jwks.is_empty() {
        of_secrets(source).map_err(|failure| {
            failure.next("--jwks FILE names public keys to verify with, without any secrets")
        })?
    } else {
        of_files(&jwks)?
    };
    let mut verifier = Verifier::new(&keys);
    if file == Path::new("-") {
        feed(&mut verifier, &mut io::stdin().lock())
    } else {
        File::open(&file).and_then(|mut opened| feed(&mut verifier, &mut opened))
    }
    .map_err(|error| Failure::failed("export_unreadable", error.to_string()).of(&file))?;
    show(&verifier.finish(), output)
}

/// The keys that sign here, and those that did and are not retired.
fn of_secrets(source: Source) -> Result<Keys, Failure> {
    let secrets = Site::open(source)?.secrets()?;
    let mut keys = Keys::none();
    for signing in secrets.signing_keys() {
        let x = signing.key()?.public();
        keys.add(&Jwk { kid: &signing.kid, alg: &signing.alg, x })
            .map_err(|error| Failure::failed("secrets_unusable", error.to_string()))?;
    }
    Ok(keys)
}

fn of_files(files: &[PathBuf]) -> Result<Keys, Failure> {
    let mut keys = Keys::none();
    for file in files {
        let unusable =
            |error: &dyn std::fmt::Display| Failure::failed("jwks_unusable", error.to_string());
        let text = read_bounded(file).map_err(|error| unusable(&error).of(file))?;
        keys.add_jwks(&text).map_err(|error| unusable(&error).of(file))?;
    }
    Ok(keys)
}

/// The largest JWKS file that is read, in bytes: far more than all keys that can be known have.
const JWKS_FILE_MAX: u64 = 64 * 1024;

fn read_bounded(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > JWKS_FILE_MAX {
        return Err(io::Error::other(format!("has more than {JWKS_FILE_MAX} bytes")));
    }
    let mut text = String::new();
    File::open(file)?.take(JWKS_FILE_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Gives a verifier all there is, and says on a terminal how far it is.
fn feed(verifier: &mut Verifier<'_>, from: &mut dyn Read) -> io::Result<()> {
    let watched = io::stderr().is_terminal();
    let mut room = vec![0; CHUNK];
    let mut chunks: u64 = 0;
    loop {
        let len = match from.read(&mut room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if len == 0 {
            break;
        }
        verifier.feed(room.get(..len).unwrap_or_default());
        chunks = chunks.wrapping_add(1);
        if watched && chunks.is_multiple_of(CHUNKS_A_WORD) {
            eprint!("\r{} lines", verifier.lines());
        }
    }
    if watched && chunks >= CHUNKS_A_WORD {
        eprintln!("\r{} lines", verifier.lines());
    }
    Ok(())
}

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// After how many of those it is said how far it is: 16 MiB.
const CHUNKS_A_WORD: u64 = 256;

fn show(report: &Report, output: &mut Output<'_>) -> Result<Exit, Failure> {
    output.show(&document(report), |out| facts(out, &lines(report)))?;
    Ok(if report.wrong.is_none() { Exit::Done } else { Exit::Failed })
}

/// For programs. Fields are added, and never renamed or removed.
fn document(Report { lines, piece, vouched, wrong }: &Report) -> Value {
    let chain = |piece: &Piece| if piece.tenant.is_some() { "tenant" } else { "deployment" };
    json!({
        "verified": wrong.is_none(),
        "lines": lines,
        "chain": piece.as_ref().map(chain),
        "tenant": piece.as_ref().map(|piece| &piece.tenant),
        "since": piece.as_ref().map(|piece| piece.since),
        "until": piece.as_ref().map(|piece| piece.until),
        "checkpoints": piece.as_ref().map(|piece| piece.checkpoints),
        "vouched": vouched.as_ref().map(|Vouched { number, hash, at, kid }| json!({
            "n": number, "hash": hash.to_string(), "at_ms": at.0, "kid": kid,
        })),
        "wrong": wrong.as_ref().map(|Wrong { line, fault }| json!({
            "line": line, "code": fault.code(), "reason": fault.to_string(),
        })),
    })
}

/// For people.
fn lines(Report { piece, vouched, wrong, .. }: &Report) -> Vec<(&'static str, String)> {
    let mut lines = vec![];
    if let Some(Piece { tenant, since, until, checkpoints }) = piece {
        let chain = tenant.as_ref().map(|tenant| format!("of tenant {tenant}"));
        lines.push(("chain", chain.unwrap_or_else(|| "of the deployment's own acts".to_owned())));
        lines.push((
            "entries",
            match until.saturating_sub(*since) {
                0 => format!("none after {since}"),
                count => format!("{count}: {} to {until}", since.saturating_add(1)),
            },
        ));
        lines.push(("checkpoints", checkpoints.to_string()));
    }
    if let Some(Wrong { line, fault }) = wrong {
        lines.push(("wrong", format!("line {line}: {fault}")));
        if matches!(fault, Fault::UnknownKey { .. }) {
            let how = "the public key of one that was retired is given by --jwks; `tollgate audit keys` prints those that \
                       have signed the audit of the store here";
            lines.push(("next", how.to_owned()));
        }
    }
    lines.push(("vouched for", vouched.as_ref().map_or_else(nothing, vouch)));
    lines.push((
        "verified",
        if wrong.is_none() {
            "yes: nothing was changed, removed, added, moved or cut off".to_owned()
        } else {
            "no: what comes after the entry vouched for may be anything".to_owned()
        },
    ));
    lines
}

fn nothing() -> String {
    "nothing: no checkpoint held before that".to_owned()
}

fn vouch(Vouched { number, hash, at, kid }: &Vouched) -> String {
    format!(
        "all up to entry {number}, signed at {} with {kid}; its hash is {hash}",
        instant_text(*at)
    )
}
