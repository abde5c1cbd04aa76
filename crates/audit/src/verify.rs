//! Whether an export is what was written.

use crate::{
    Chain, Fault, Hash, Keys, LINE_MAX, Piece, Report, Vouched, Written, Wrong, checkpoint::Signed,
    export::Head,
};
use tollgate_core::{id::Id, time::UnixMillis};

/// Reads an export as it comes, in pieces of any length, and finds the first line that is wrong.
///
/// It keeps a line and the end of the chain, however long the export is. After the first wrong line it only looks
/// for what seems to be missing.
#[derive(Clone, Debug)]
pub struct Verifier<'k> {
    keys: &'k Keys,
    /// What of a line has come so far: at most one byte more than a line can have.
    line: Vec<u8>,
    lines: u64,
    place: Place,
    vouched: Option<Vouched>,
    wrong: Option<Wrong>,
}

#[derive(Clone, Debug)]
enum Place {
    Start,
    Inside(Walk),
    Ended(Walk),
}

impl Place {
    fn piece(self) -> Option<Piece> {
        match self {
            Self::Start => None,
            Self::Inside(walk) | Self::Ended(walk) => Some(walk.piece()),
        }
    }
}

/// How far the chain has been followed.
#[derive(Clone, Debug)]
struct Walk {
    tenant: Option<String>,
    since: (u64, Hash),
    number: u64,
    hash: Hash,
    at: UnixMillis,
    /// The entry that the last checkpoint is of.
    checked: u64,
    checkpoints: u64,
}

impl<'k> Verifier<'k> {
    /// A verifier that believes checkpoints of `keys` and no others.
    #[must_use]
    pub const fn new(keys: &'k Keys) -> Self {
        Self { keys, line: Vec::new(), lines: 0, place: Place::Start, vouched: None, wrong: None }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = LINE_MAX.saturating_add(1).saturating_sub(self.line.len());
            self.line.extend(text.iter().take(room));
            if ends {
                let line = core::mem::take(&mut self.line);
                self.lines = self.lines.saturating_add(1);
                self.one(&line);
                self.line = line;
                self.line.clear();
            }
        }
    }

    /// How many lines have come.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes of a line that has not ended are kept.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.line.len()
    }

    /// Whether a line was wrong already.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        self.wrong.is_some()
    }

    /// Says what was found of a chain where it is kept, up to a whole line: it has no end, and so none is missing.
    ///
    /// # Security
    ///
    /// What was cut off is not noticed here: whoever reads a chain where it is kept compares how far it should go.
    #[must_use]
    pub fn so_far(self) -> Report {
        let Self { place, lines, vouched, wrong, .. } = self;
        Report { lines, piece: place.piece(), vouched, wrong }
    }

    /// Says what was found. Nothing comes any more.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let rest = !self.line.is_empty();
        if rest || !matches!(self.place, Place::Ended(_)) {
            let after = matches!(self.place, Place::Ended(_));
            let line = self.lines.saturating_add(1);
            let fault = if after { Fault::AfterEnd } else { Fault::CutOff };
            self.wrong.get_or_insert(Wrong { line, fault });
        }
        let lines = self.lines.saturating_add(u64::from(rest));
        Report { lines, piece: self.place.piece(), vouched: self.vouched, wrong: self.wrong }
    }

    fn one(&mut self, line: &[u8]) {
        if self.wrong.is_some() {
            self.look_for_missing(line);
        } else if let Err(fault) = self.check(line) {
            self.wrong = Some(Wrong { line: self.lines, fault });
        }
    }

    /// What seemed to be removed may stand further down: only its place is wrong then.
    fn look_for_missing(&mut self, line: &[u8]) {
        if let Some(Wrong { fault, .. }) = &mut self.wrong
            && let Fault::Removed { number } = *fault
            && let Place::Inside(walk) = &self.place
            && let Some(entry) = core::str::from_utf8(line).ok().and_then(Written::read)
            && (entry.number, entry.previous) == (number, walk.hash)
            && entry.holds()
        {
            *fault = Fault::OutOfOrder { number };
        }
    }

    fn check(&mut self, line: &[u8]) -> Result<(), Fault> {
        if line.len() > LINE_MAX {
            return Err(Fault::TooLong);
        }
        let malformed = match self.place {
            Place::Start => Fault::NoExport,
            Place::Inside(_) => Fault::Malformed,
            Place::Ended(_) => return Err(Fault::AfterEnd),
        };
        let line = core::str::from_utf8(line).map_err(|_| malformed.clone())?;
        let Place::Inside(walk) = &mut self.place else {
            self.place = Place::Inside(begin(line)?);
            return Ok(());
        };
        if let Some(entry) = Written::read(line) {
            return walk.entry(&entry);
        }
        let signed = Signed::read(line).ok_or(malformed)?;
        self.vouched = Some(walk.checkpoint(&signed, self.keys)?);
        if signed.checkpoint.since.is_some() {
            self.place = Place::Ended(walk.clone());
        }
        Ok(())
    }
}

fn begin(line: &str) -> Result<Walk, Fault> {
    let Chain { tenant, number, hash, at } = match Head::read(line) {
        None => return Err(Fault::NoExport),
        Some(Head::Other) => return Err(Fault::OtherVersion),
        Some(Head::Ours(chain)) => chain,
    };
    if number == 0 && hash != Hash::before_all(tenant) {
        return Err(Fault::Changed);
    }
    let tenant = tenant.map(|tenant| tenant.as_str().to_owned());
    let since = (number, hash);
    Ok(Walk { tenant, since, number, hash, at, checked: number, checkpoints: 0 })
}

impl Walk {
    /// Takes an entry, if it is the next one.
    fn entry(&mut self, entry: &Written<'_>) -> Result<(), Fault> {
        if !entry.holds() {
            return Err(Fault::Changed);
        }
        self.same_chain(entry.tenant)?;
        let next = self.number.saturating_add(1);
        if entry.number > next {
            return Err(Fault::Removed { number: next });
        }
        if entry.number < next {
            return Err(Fault::Doubled { number: entry.number });
        }
        if entry.previous != self.hash {
            return Err(Fault::Unlinked);
        }
        if entry.at < self.at {
            return Err(Fault::Backwards);
        }
        (self.number, self.hash, self.at) = (next, entry.hash, entry.at);
        Ok(())
    }

    /// Takes a checkpoint, if it is one of a known key and of this place.
    fn checkpoint(&mut self, signed: &Signed<'_>, keys: &Keys) -> Result<Vouched, Fault> {
        let kid = signed.kid.as_str().to_owned();
        let Some(x) = keys.find(signed.kid) else {
            return Err(Fault::UnknownKey { kid });
        };
        // SECURITY: nothing that a checkpoint says is used before its signature holds.
        if !signed.holds(x) {
            return Err(Fault::BadSignature);
        }
        let says = &signed.checkpoint;
        self.same_chain(says.tenant)?;
        if says.since.is_some_and(|since| since != self.since) {
            return Err(Fault::OtherBeginning);
        }
        if says.number > self.number {
            return Err(Fault::Removed { number: self.number.saturating_add(1) });
        }
        if says.number < self.number || (says.since.is_none() && says.number == self.checked) {
            return Err(Fault::Doubled { number: says.number });
        }
        if says.hash != self.hash {
            return Err(Fault::Disagrees);
        }
        if says.at < self.at {
            return Err(Fault::Backwards);
        }
        self.checked = says.number;
        self.checkpoints = self.checkpoints.saturating_add(1);
        Ok(Vouched { number: says.number, hash: says.hash, at: says.at, kid })
    }

    fn same_chain(&self, tenant: Option<Id<'_>>) -> Result<(), Fault> {
        let same = tenant.map(Id::as_str) == self.tenant.as_deref();
        if same { Ok(()) } else { Err(Fault::OtherChain) }
    }

    fn piece(self) -> Piece {
        let Self { tenant, since: (since, _), number: until, checkpoints, .. } = self;
        Piece { tenant, since, until, checkpoints }
    }
}
