//! What is told of the audit: lines, and whether they are what was written.

use super::{ANY_INTEGER, ID, Kind, Shape, object, required, shown};

/// The most lines of a page.
const PAGE_MAX: usize = tollgate_audit::PAGE_MAX;

/// The longest text: that of a line which is not as it was written may be anything.
const TEXT: Kind = Kind::Raw { max: 1_048_576 };

/// A hash, in hexadecimal digits.
const HASH: Kind = Kind::Raw { max: 64 };

/// Where a list goes on.
const CURSOR: Kind = Kind::Raw { max: 96 };

const NEXT: &str = "`cursor` of what comes next; null if there is no more.";

/// A line of the audit.
pub static LINE: Shape = object(
    "AuditLine",
    "A line of the audit. What is not as it was written is shown whatever was asked for.",
    &[&[
        shown("number", ANY_INTEGER, "Its number in its chain; null if it is damaged."),
        shown("hash", HASH, "Its hash; null if it is damaged."),
        required("line", TEXT, "What it says, as it was hashed."),
        shown("entry", Kind::Any, "The same, as JSON; null if it is damaged."),
        required("damaged", Kind::Flag, "Whether it is not as it was written."),
    ]],
);

const ONE_LINE: Kind = Kind::Object(&LINE);

/// Lines of the audit.
pub static LINES: Shape = object(
    "AuditPage",
    "Lines of a chain of the audit.",
    &[&[
        required(
            "lines",
            Kind::List { of: &ONE_LINE, max: PAGE_MAX, distinct: false },
            "The lines that are wanted, in their order. There may be none, and a next page all the same.",
        ),
        shown("next", CURSOR, NEXT),
    ]],
);

/// What a signature vouches for.
pub static VOUCHED: Shape = object(
    "AuditVouched",
    "The last checkpoint that holds: up to its entry all is as it was written.",
    &[&[
        required("n", ANY_INTEGER, "The number of the entry that it is of."),
        required("hash", HASH, "The entry's hash."),
        required("at_ms", ANY_INTEGER, "When it was signed, in milliseconds since 1970."),
        required("kid", ID, "The name of the key that signed it."),
    ]],
);

/// What is wrong with a chain first.
pub static WRONG: Shape = object(
    "AuditWrong",
    "What is wrong first.",
    &[&[
        required("line", ANY_INTEGER, "Which line, as an export of the same would have them."),
        required("code", ID, "Why, as `docs/spec/audit.md` names it."),
        shown("n", ANY_INTEGER, "The number of the entry that is missing or there twice."),
        required("reason", Kind::Raw { max: 512 }, "The same for people."),
    ]],
);

/// Whether a chain is what was written.
pub static VERIFIED: Shape = object(
    "AuditVerified",
    "Whether a chain of the audit is, where it is kept, what was written.",
    &[&[
        required("verified", Kind::Flag, "Whether all that was looked at holds."),
        required("chain", Kind::Word(&["tenant", "deployment"]), "Which kind of chain it is."),
        shown("tenant", ID, "Whose it is; null of the deployment's own."),
        shown("since", ANY_INTEGER, "After which entry it was looked at."),
        shown("until", ANY_INTEGER, "Up to which entry it holds."),
        shown("checkpoints", ANY_INTEGER, "How many checkpoints hold."),
        shown("vouched", Kind::Object(&VOUCHED), "What a signature vouches for; null for nothing."),
        shown("wrong", Kind::Object(&WRONG), "What is wrong; null for nothing."),
        shown("next", CURSOR, NEXT),
    ]],
);

/// A public key.
pub static PUBLIC_KEY: Shape = object(
    "PublicKey",
    "A public key (RFC 7517).",
    &[&[
        required("kty", Kind::Word(&["OKP"]), "Its kind."),
        required("crv", Kind::Word(&["Ed25519"]), "Its curve."),
        required("x", Kind::Raw { max: 43 }, "The encoded point."),
        required("kid", ID, "Its name."),
        required("alg", Kind::Word(&["EdDSA", "Ed25519"]), "The one algorithm of its tokens."),
        required("use", Kind::Word(&["sig"]), "What it is for."),
    ]],
);

const ONE_KEY: Kind = Kind::Object(&PUBLIC_KEY);

/// Public keys.
pub static PUBLIC_KEYS: Shape = object(
    "PublicKeys",
    "The public keys that checkpoints are and were signed with.",
    &[&[required(
        "keys",
        Kind::List { of: &ONE_KEY, max: tollgate_audit::KEYS_MAX, distinct: false },
        "The one that signs now, then the others, the newest first.",
    )]],
);
