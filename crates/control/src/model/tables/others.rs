//! What a caller says of tenants, owners, roles and templates.

use tollgate_core::scope::SCOPES_MAX;

use super::{
    DESCRIPTION, DURATION, Field, Kind, METADATA, NAME, Need, Shape,
    keys::{ENV_ABOUT, SCOPE_LIST, may},
    list, nullable, object, optional, patch, required, spelling,
};

/// Who an owner is.
pub const OWNER_KINDS: [&str; 3] = ["user", "service", "team"];

/// What a template may leave to its callers.
pub const OVERRIDABLE: [&str; 13] = [
    "env",
    "plan",
    "scopes",
    "roles",
    "limits",
    "quotas",
    "ips_allowed",
    "ips_denied",
    "countries_allowed",
    "countries_denied",
    "metadata",
    "labels",
    "expires",
];

const NEW_ID: Kind = Kind::Spelled(&spelling::NEW_ID);

pub(super) const HELD: [Field; 3] = [
    nullable("name", NAME, "What people call it."),
    nullable("description", DESCRIPTION, "What it is."),
    optional(
        "metadata",
        Kind::Map(&METADATA),
        "Names and texts of the caller's own: kept, never judged.",
    ),
];

pub(super) const fn tenant_id(kind: Kind) -> [Field; 1] {
    [required("id", kind, "Its id, which everything of it carries: it never changes.")]
}

/// A tenant to be made.
pub static NEW_TENANT: Shape = object(
    "NewTenant",
    "A tenant to be made: a workspace of its own.",
    &[&tenant_id(NEW_ID), &HELD],
);

/// A tenant, in the place of all that is said of it.
pub static TENANT_PUT: Shape =
    object("TenantPut", "What is said of a tenant, in the place of all of it.", &[&HELD]);

/// A change of some of it.
pub static TENANT_PATCH: Shape =
    patch("TenantPatch", "A merge patch (RFC 7396) of what is said of a tenant.", &[&HELD]);

pub(super) const fn owner_id(kind: Kind) -> [Field; 1] {
    [required("id", kind, "Its id within the tenant, which its keys carry: it never changes.")]
}

pub(super) const OWNER_KIND: [Field; 1] =
    [required("kind", Kind::Word(&OWNER_KINDS), "A person, a program, or several people.")];

/// An owner to be made.
pub static NEW_OWNER: Shape = object(
    "NewOwner",
    "An owner to be made: who keys act for.",
    &[&owner_id(NEW_ID), &OWNER_KIND, &HELD],
);

/// An owner, in the place of all that is said of it.
pub static OWNER_PUT: Shape = object(
    "OwnerPut",
    "What is said of an owner, in the place of all of it.",
    &[&OWNER_KIND, &HELD],
);

/// A change of some of it.
pub static OWNER_PATCH: Shape = patch(
    "OwnerPatch",
    "A merge patch (RFC 7396) of what is said of an owner.",
    &[&OWNER_KIND, &HELD],
);

pub(super) const fn role_name(kind: Kind) -> [Field; 1] {
    [required("name", kind, "Its name within the tenant, which keys carry: it never changes.")]
}

pub(super) const ROLE_BODY: [Field; 3] = [
    nullable("description", DESCRIPTION, "What it is for."),
    required(
        "scopes",
        SCOPE_LIST,
        "What its keys may do: with those of a key's other roles and its own, at most 64.",
    ),
    optional(
        "roles",
        Kind::Refused("is not a field here: roles do not nest, so list the scopes"),
        "",
    ),
];

const _: () = assert!(SCOPES_MAX == 64, "what the description of a role's scopes says");

/// A role to be made.
pub static NEW_ROLE: Shape = object(
    "NewRole",
    "A role to be made: scopes under one name.",
    &[&role_name(NEW_ID), &ROLE_BODY],
);

/// A role, in the place of all that is said of it.
pub static ROLE_PUT: Shape =
    object("RolePut", "What is said of a role, in the place of all of it.", &[&ROLE_BODY]);

/// A change of some of it.
pub static ROLE_PATCH: Shape =
    patch("RolePatch", "A merge patch (RFC 7396) of what is said of a role.", &[&ROLE_BODY]);

const DEFAULT_FIELDS: [Field; 1] = [nullable("env", Kind::Spelled(&spelling::ENV), ENV_ABOUT)];

const DEFAULT_MAY: [Field; 11] = may(Need::Optional, Need::Optional, Need::Nullable);

const LIFETIME: [Field; 1] = [nullable(
    "lifetime_ms",
    DURATION,
    "When a key ends that is given no end, counted from when it is made.",
)];

/// What a template gives keys.
pub static DEFAULTS: Shape = object(
    "TemplateDefaults",
    "What a new key has where its maker says nothing.",
    &[&DEFAULT_FIELDS, &DEFAULT_MAY, &LIFETIME],
);

/// A change of some of it.
pub static DEFAULTS_PATCH: Shape = patch(
    "TemplateDefaultsPatch",
    "A merge patch (RFC 7396) of what a new key has where its maker says nothing.",
    &[&DEFAULT_FIELDS, &DEFAULT_MAY, &LIFETIME],
);

const NAMING_FIELDS: [Field; 3] = [
    nullable("prefix", Kind::Spelled(&spelling::NAME_PART), "What a name must begin with."),
    nullable("suffix", Kind::Spelled(&spelling::NAME_PART), "What a name must end with."),
    optional(
        "plain",
        Kind::Flag,
        "Whether a name may have none but these: a to z, 0 to 9, underscore, full stop, hyphen.",
    ),
];

/// What keys must be called.
pub static NAMING: Shape = object(
    "Naming",
    "What a key must be called: with such a rule it must have a name.",
    &[&NAMING_FIELDS],
);

/// A change of some of it.
pub static NAMING_PATCH: Shape = patch(
    "NamingPatch",
    "A merge patch (RFC 7396) of what a key must be called.",
    &[&NAMING_FIELDS],
);

pub(super) const fn template_name(kind: Kind) -> [Field; 1] {
    [required("name", kind, "Its name within the tenant, which keys carry: it never changes.")]
}

pub(super) const RULES: [Field; 4] = [
    nullable("description", DESCRIPTION, "What it is for."),
    nullable(
        "lifetime_max_ms",
        DURATION,
        "The longest life of a key: an end that is later, or none, is brought forward.",
    ),
    nullable(
        "rotation_ms",
        DURATION,
        "How old a secret may be before another should take its place.",
    ),
    optional(
        "overridable",
        list(&Kind::Word(&OVERRIDABLE), OVERRIDABLE.len()),
        "What a caller may say other than the defaults. Name and description may always be said.",
    ),
];

pub(super) const PARTS: [Field; 2] = [
    optional(
        "defaults",
        Kind::Object(&DEFAULTS),
        "What a new key has where its maker says nothing.",
    ),
    nullable("naming", Kind::Object(&NAMING), "What a key must be called."),
];

const PATCHES: [Field; 2] = [
    optional(
        "defaults",
        Kind::Object(&DEFAULTS_PATCH),
        "What a new key has where its maker says nothing.",
    ),
    nullable("naming", Kind::Object(&NAMING_PATCH), "What a key must be called."),
];

/// A template to be made.
pub static NEW_TEMPLATE: Shape = object(
    "NewTemplate",
    "A template to be made: what keys have that are made by it.",
    &[&template_name(NEW_ID), &RULES, &PARTS],
);

/// A template, in the place of all that is said of it.
pub static TEMPLATE_PUT: Shape = object(
    "TemplatePut",
    "What is said of a template, in the place of all of it. Keys that were made by it stay as they are.",
    &[&RULES, &PARTS],
);

/// A change of some of it.
pub static TEMPLATE_PATCH: Shape = patch(
    "TemplatePatch",
    "A merge patch (RFC 7396) of what is said of a template.",
    &[&RULES, &PATCHES],
);
