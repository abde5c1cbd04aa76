//! What a caller is shown.

use super::{
    ANY_INTEGER, Field, ID, INSTANT, Kind, NAME, Need, Shape, keys,
    keys::{REASON, SCOPE_LIST, STATES, may, said, span},
    object,
    others::{
        HELD, OWNER_KINDS, PARTS, ROLE_BODY, RULES, owner_id, role_name, template_name, tenant_id,
    },
    required, shown, spelling,
};
use crate::problem::{POINTER_BYTES_MAX, PROBLEMS_MAX};

const SECRET_STATES: [&str; 3] = ["active", "ended", "revoked"];

const VERSION: Kind = Kind::Text { min: 3, max: 41 };
const STATE_ABOUT: &str = "What has been decided about it.";
const STOPPED_BY_ABOUT: &str =
    "Who has stopped it, if it is not active: what operators stopped they alone resume.";
const REASON_ABOUT: &str = "Why, if it is not active and a reason was given.";

/// One secret of a key, without the secret.
pub static SECRET: Shape = object(
    "Secret",
    "One secret of a key: when it is good, and never what it is.",
    &[&[
        required(
            "number",
            Kind::Integer { min: 1, max: 4_294_967_295 },
            "Which of the key's secrets: the first is 1, and no number is used twice.",
        ),
        required(
            "state",
            Kind::Word(&SECRET_STATES),
            "Whether it is still good by itself; `revoked` with its key.",
        ),
        required("created", ANY_INTEGER, "When it was made."),
        shown(
            "ends",
            INSTANT,
            "The first instant at which it is good no more; a rotation gives it one.",
        ),
        shown(
            "last_used",
            INSTANT,
            "When it was last used, approximately; null if that is not known.",
        ),
    ]],
);

const KEY_ID: [Field; 4] = [
    required("id", ID, "Its public id."),
    required("tenant", ID, "The tenant that everything about it belongs to."),
    required("owner", ID, "Who it acts for."),
    required("env", Kind::Spelled(&spelling::ENV), keys::ENV_ABOUT),
];

const SAID: [Field; 2] = said(Need::Shown);
const MAY: [Field; 11] = may(Need::Required, Need::Required, Need::Shown);
const SPAN: [Field; 2] = span(Need::Shown);

const ONE_SECRET: Kind = Kind::Object(&SECRET);

const KEPT: [Field; 13] = [
    required("granted", SCOPE_LIST, "Every scope that it has: its own and those of its roles."),
    shown("template", ID, "The template that it was made by."),
    required("state", Kind::Word(&STATES), STATE_ABOUT),
    required(
        "owner_stopped",
        Kind::Flag,
        "Whether its owner is disabled: it is good no more than if it were itself.",
    ),
    required("tenant_stopped", Kind::Flag, "Whether its tenant is, likewise."),
    shown("reason", Kind::Object(&REASON), REASON_ABOUT),
    shown("creator", ID, "Who made it: the id of a key."),
    required("created", ANY_INTEGER, "When it was made."),
    required("updated", ANY_INTEGER, "When it was last changed."),
    shown(
        "last_used",
        INSTANT,
        "When any of its secrets was last used, approximately; null if that is not known.",
    ),
    shown(
        "rotate_by",
        INSTANT,
        "When its newest secret should be replaced, by the template that it was made by.",
    ),
    required("version", VERSION, "Its version, as `ETag` has it."),
    required(
        "secrets",
        Kind::List { of: &ONE_SECRET, max: tollgate_ledger::SECRETS_KEPT_MAX, distinct: false },
        "Its secrets, the oldest first.",
    ),
];

/// A key, as it is shown.
pub static KEY: Shape = object(
    "Key",
    "A key, as it is shown: with no byte of its secrets.",
    &[&KEY_ID, &SAID, &MAY, &SPAN, &KEPT],
);

const STATE: [Field; 3] = [
    required("state", Kind::Word(&["active", "disabled"]), STATE_ABOUT),
    shown("stopped_by", Kind::Word(&["tenant", "operators"]), STOPPED_BY_ABOUT),
    shown("reason", Kind::Object(&REASON), REASON_ABOUT),
];

const MARKS: [Field; 4] = [
    shown("creator", ID, "Who made it: the id of a key."),
    required("created", ANY_INTEGER, "When it was made."),
    required("updated", ANY_INTEGER, "When it was last changed."),
    required("version", VERSION, "Its version, as `ETag` has it."),
];

const HELD_MARKS: [Field; 4] = [
    shown("creator", ID, "Who made it: the id of a key."),
    shown("created", INSTANT, "When it was made; null if it is there by its keys alone."),
    shown("updated", INSTANT, "When it was last changed; null if it is there by its keys alone."),
    required("version", VERSION, "Its version, as `ETag` has it."),
];

const KIND: [Field; 1] = [shown(
    "kind",
    Kind::Word(&OWNER_KINDS),
    "A person, a program, or several people; null if it is there by its keys alone.",
)];

/// A tenant, as it is shown.
pub static TENANT: Shape =
    object("Tenant", "A tenant, as it is shown.", &[&tenant_id(ID), &HELD, &STATE, &HELD_MARKS]);

/// An owner, as it is shown.
pub static OWNER: Shape = object(
    "Owner",
    "An owner, as it is shown.",
    &[&owner_id(ID), &KIND, &HELD, &STATE, &HELD_MARKS],
);

/// A role, as it is shown.
pub static ROLE: Shape =
    object("Role", "A role, as it is shown.", &[&role_name(ID), &ROLE_BODY, &MARKS]);

/// A template, as it is shown.
pub static TEMPLATE: Shape = object(
    "Template",
    "A template, as it is shown.",
    &[&template_name(ID), &RULES, &PARTS, &MARKS],
);

const POINTER: Kind = Kind::Raw { max: POINTER_BYTES_MAX };

/// What is wrong with one place.
pub static FINDING: Shape = object(
    "Finding",
    "What is wrong with one place of a request: in the body, in the query or in a header field.",
    &[&[
        super::optional("pointer", POINTER, "Where in the body (RFC 6901)."),
        super::optional("parameter", POINTER, "Which parameter of the query."),
        super::optional("header", NAME, "Which header field."),
        required("code", NAME, "What is wrong."),
        required(
            "detail",
            POINTER,
            "What would be right, as what completes the name of the field.",
        ),
    ]],
);

/// A refusal.
pub static PROBLEM: Shape = object(
    "Problem",
    "A refusal (RFC 9457).",
    &[&[
        required("type", NAME, "Always about:blank."),
        required("title", NAME, "The title of the code."),
        required("status", Kind::Integer { min: 400, max: 599 }, "The status of the answer."),
        required("detail", Kind::Text { min: 1, max: 512 }, "What it means here."),
        super::optional(
            "instance",
            POINTER,
            "The id of the request, by which an operator finds it in the log.",
        ),
        required("code", NAME, "The stable name."),
        super::optional(
            "errors",
            Kind::List { of: &Kind::Object(&FINDING), max: PROBLEMS_MAX, distinct: false },
            "What is wrong with the body or the query.",
        ),
    ]],
);
