//! The copy of the head that the objects of one isolate share.

use tollgate_core::{
    head::{self, Entry, HEAD_ENTRIES_MAX, Merge, Reader},
    pepper::Peppers,
    stamp::Stamp,
    time::Reading,
};

/// A head older than this is not told: whoever reads it would hold it for a failed read.
const TELL_MAX_MS: u64 = 1_000;

/// What became of a head that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The copy is as new as that head.
    Kept,
    /// It leaves out what happened in between: all must be asked for.
    Gap,
    /// It was too old on arrival.
    Late,
}

/// The head, as it was last read.
#[derive(Debug)]
pub(crate) struct HeadCopy {
    reader: Reader<Box<[Entry]>>,
    /// What a text is opened into.
    places: Box<[Entry; HEAD_ENTRIES_MAX]>,
    /// What a text is written into.
    text: Box<[u8]>,
}

impl HeadCopy {
    pub(crate) fn new() -> Option<Self> {
        let places = || vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice();
        Some(Self {
            reader: Reader::new(places()),
            places: places().try_into().ok()?,
            text: vec![0; head::TEXT_MAX].into_boxed_slice(),
        })
    }

    /// How far the copy has come.
    pub(crate) const fn stamp(&self) -> Stamp {
        self.reader.stamp()
    }

    /// How old the copy is; none if there is none.
    pub(crate) fn age_ms(&self, now: Reading) -> Option<u64> {
        self.reader.age_ms(now)
    }

    /// Takes in the text of a head that was asked for at `sent`.
    ///
    /// # Errors
    ///
    /// When it is no head: the copy is as it was.
    pub(crate) fn take(
        &mut self,
        text: &[u8],
        peppers: &Peppers,
        sent: Reading,
        now: Reading,
    ) -> Result<Taken, &'static str> {
        let Self { reader, places, .. } = self;
        let answer = head::open(text, peppers, places).map_err(head::HeadError::code)?;
        Ok(match reader.overhear(&answer, sent, now) {
            Merge::Failed => Taken::Late,
            Merge::Gap => Taken::Gap,
            Merge::Discarded | Merge::Younger | Merge::Adopted | Merge::Restarted => Taken::Kept,
        })
    }

    /// The sealed text for somebody whose head has come as far as `since`; none without a copy that may be told.
    pub(crate) fn tell(&mut self, since: Stamp, peppers: &Peppers, now: Reading) -> Option<&[u8]> {
        let age_ms = self.reader.age_ms(now).filter(|&age_ms| age_ms <= TELL_MAX_MS)?;
        let answer = self.reader.head()?.answer(since, age_ms);
        head::seal(&answer, peppers, peppers.issuing(), &mut self.text).ok()
    }
}
