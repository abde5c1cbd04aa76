//! What lists and issued keys look like.

use super::{
    Kind, Shape, object, required, shown,
    views::{KEY, OWNER, ROLE, TEMPLATE, TENANT},
};
use crate::model::query::{CURSOR_BYTES_MAX, LIST_MAX_LEN};

const ONE_KEY: Kind = Kind::Object(&KEY);
const ONE_TENANT: Kind = Kind::Object(&TENANT);
const ONE_OWNER: Kind = Kind::Object(&OWNER);
const ONE_ROLE: Kind = Kind::Object(&ROLE);
const ONE_TEMPLATE: Kind = Kind::Object(&TEMPLATE);

const NEXT: Kind = Kind::Raw { max: CURSOR_BYTES_MAX };
const NEXT_ABOUT: &str = "What `cursor` of the next page is; null if this is the last.";
const ABOUT: &str = "What the page has, in its order.";

const fn some(of: &'static Kind) -> Kind {
    Kind::List { of, max: LIST_MAX_LEN, distinct: false }
}

/// A key with a secret that is shown once.
pub static ISSUED: Shape = object(
    "IssuedKey",
    "A key with a new secret, which is shown here and nowhere else.",
    &[&[
        required("key", ONE_KEY, "The key."),
        shown(
            "secret",
            Kind::Raw { max: tollgate_core::key::KEY_MAX },
            "What its holder presents; null where it was told before and cannot be told again.",
        ),
    ]],
);

/// A page of keys.
pub static KEY_PAGE: Shape = object(
    "KeyPage",
    "A page of keys.",
    &[&[required("keys", some(&ONE_KEY), ABOUT), shown("next", NEXT, NEXT_ABOUT)]],
);

/// A page of tenants.
pub static TENANT_PAGE: Shape = object(
    "TenantPage",
    "A page of tenants.",
    &[&[required("tenants", some(&ONE_TENANT), ABOUT), shown("next", NEXT, NEXT_ABOUT)]],
);

/// A page of owners.
pub static OWNER_PAGE: Shape = object(
    "OwnerPage",
    "A page of owners.",
    &[&[required("owners", some(&ONE_OWNER), ABOUT), shown("next", NEXT, NEXT_ABOUT)]],
);

/// A page of roles.
pub static ROLE_PAGE: Shape = object(
    "RolePage",
    "A page of roles.",
    &[&[required("roles", some(&ONE_ROLE), ABOUT), shown("next", NEXT, NEXT_ABOUT)]],
);

/// A page of templates.
pub static TEMPLATE_PAGE: Shape = object(
    "TemplatePage",
    "A page of templates.",
    &[&[required("templates", some(&ONE_TEMPLATE), ABOUT), shown("next", NEXT, NEXT_ABOUT)]],
);
