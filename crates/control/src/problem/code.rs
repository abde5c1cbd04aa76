//! Every code of the control plane, with its status and its title: the one table.

use tollgate_ledger::ChangeError;

/// Declares the codes, so that none can be without its row.
macro_rules! codes {
    ($($name:ident, $status:literal, $code:literal, $title:literal, $detail:literal;)+) => {
        /// Why a request is refused, or what failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $detail] $name,)+
        }

        impl Code {
            /// Every code, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn row(self) -> (u16, &'static str, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($status, $code, $title, $detail),)+
                }
            }
        }
    };
}

codes! {
    RequestInvalid, 400, "request_invalid", "Request invalid",
        "The request is not written as it should be.";
    BodyMalformed, 400, "body_malformed", "Body malformed",
        "The body is not JSON.";
    QueryInvalid, 400, "query_invalid", "Query invalid",
        "The query has parameters that are not what they should be.";
    CursorInvalid, 400, "cursor_invalid", "Cursor invalid",
        "The cursor is none of this query. Begin again without one.";
    Forbidden, 403, "forbidden", "Forbidden",
        "The caller may not do this.";
    NotFound, 404, "not_found", "Not found",
        "There is nothing here.";
    KeyUnknown, 404, "key_unknown", "Key unknown",
        "There is no such key.";
    SecretUnknown, 404, "secret_unknown", "Secret unknown",
        "The key has no such secret.";
    TenantUnknown, 404, "tenant_unknown", "Tenant unknown",
        "There is no such tenant.";
    OwnerUnknown, 404, "owner_unknown", "Owner unknown",
        "There is no such owner.";
    RoleUnknown, 404, "role_unknown", "Role unknown",
        "There is no such role.";
    TemplateUnknown, 404, "template_unknown", "Template unknown",
        "There is no such template.";
    LimitUnknown, 404, "limit_unknown", "Limit unknown",
        "No key carries this limit.";
    MethodNotAllowed, 405, "method_not_allowed", "Method not allowed",
        "This path does not know the method.";
    KeyExists, 409, "key_exists", "Key exists",
        "There is a key of this id.";
    LookupTaken, 409, "lookup_taken", "Lookup id taken",
        "The secret that was drawn exists already. Try again.";
    TenantExists, 409, "tenant_exists", "Tenant exists",
        "There is a tenant of this id.";
    OwnerExists, 409, "owner_exists", "Owner exists",
        "There is an owner of this id.";
    RoleExists, 409, "role_exists", "Role exists",
        "There is a role of this name.";
    TemplateExists, 409, "template_exists", "Template exists",
        "There is a template of this name.";
    InUse, 409, "in_use", "In use",
        "Something still refers to it. Change that first.";
    KeyEnded, 409, "key_ended", "Key ended",
        "The key is revoked for good. Create another.";
    LimitKindChanged, 409, "limit_kind_changed", "Limit kind changed",
        "A limit would become a quota under its name, or the other way round. Choose another name.";
    LimitNumbersDiffer, 409, "limit_numbers_differ", "Limit numbers differ",
        "Other keys carry this limit with other numbers. Use theirs, or another name.";
    LimitSharedTooWidely, 409, "limit_shared_too_widely", "Limit shared too widely",
        "More keys or tenants share the limit than can be changed at once.";
    TooManySecrets, 409, "too_many_secrets", "Too many secrets",
        "The key has as many living secrets as it may. Revoke one, or wait until one ends.";
    TooMany, 409, "too_many", "Too many",
        "There are as many of these as there may be. Delete one first.";
    RetryUnfinished, 409, "retry_unfinished", "Retry unfinished",
        "A request of this Idempotency-Key is being answered. Wait, and try again.";
    AuditDamaged, 409, "audit_damaged", "Audit damaged",
        "The audit is not as it was written.";
    VersionDiffers, 412, "version_differs", "Version differs",
        "Somebody else has changed it. Read it, and make the change again.";
    BodyTooLarge, 413, "body_too_large", "Body too large",
        "The body is longer than 65536 bytes.";
    MediaTypeUnsupported, 415, "media_type_unsupported", "Media type unsupported",
        "The body must be application/json, or application/merge-patch+json for PATCH.";
    BodyInvalid, 422, "body_invalid", "Body invalid",
        "The body has fields that are not what they should be.";
    SettingsInvalid, 422, "settings_invalid", "Settings invalid",
        "The settings of the key do not fit together.";
    FieldFixed, 422, "field_fixed", "Field fixed",
        "A field that cannot change would change. Create another key.";
    IdentityTooLong, 422, "identity_too_long", "Identity too long",
        "What is told about the key would not fit the identity. Give fewer or shorter scopes.";
    GraceTooLong, 422, "grace_too_long", "Grace too long",
        "A grace is at most 366 days.";
    RetryDiffers, 422, "retry_differs", "Retry differs",
        "Another request was made with this Idempotency-Key. Choose another.";
    PreconditionRequired, 428, "precondition_required", "Precondition required",
        "The change needs If-Match, so that nobody else's is lost.";
    TooManyAttempts, 429, "too_many_attempts", "Too many attempts",
        "Too many requests from this address were not authenticated. Wait.";
    Unavailable, 503, "unavailable", "Unavailable",
        "The request cannot be judged at the moment.";
    ChangeUnknown, 503, "change_unknown", "Change unknown",
        "It is not known whether the change was made. Look at what is there before making it again.";
    ClockWrong, 503, "clock_wrong", "Clock wrong",
        "The clock of the control plane is out of bounds.";
    EpochsExhausted, 503, "epochs_exhausted", "Epochs exhausted",
        "The ledger has used up its epochs.";
}

impl Code {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The status of its answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().0
    }

    /// Its title: for people, and the same whenever it is answered.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// What it means where nothing more is known, in sentences.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        self.row().3
    }

    /// The code of a change that the ledger refuses: the ledger's own, but for a key that is revoked, since
    /// `key_revoked` is what the gate says of the key that asks.
    #[must_use]
    pub const fn of(error: &ChangeError) -> Self {
        match error {
            ChangeError::Settings(_) => Self::SettingsInvalid,
            ChangeError::UnknownKey => Self::KeyUnknown,
            ChangeError::KeyExists => Self::KeyExists,
            ChangeError::LookupTaken => Self::LookupTaken,
            ChangeError::UnknownSecret => Self::SecretUnknown,
            ChangeError::Revoked => Self::KeyEnded,
            ChangeError::Fixed { .. } => Self::FieldFixed,
            ChangeError::KindChanged { .. } => Self::LimitKindChanged,
            ChangeError::OtherNumbers { .. } => Self::LimitNumbersDiffer,
            ChangeError::IdentityTooLong { .. } => Self::IdentityTooLong,
            ChangeError::OtherVersion { .. } => Self::VersionDiffers,
            ChangeError::UnknownLimit { .. } => Self::LimitUnknown,
            ChangeError::TooManyCarriers => Self::LimitSharedTooWidely,
            ChangeError::TooManySecrets => Self::TooManySecrets,
            ChangeError::GraceTooLong => Self::GraceTooLong,
            ChangeError::UnknownOwner => Self::OwnerUnknown,
            ChangeError::UnknownTenant => Self::TenantUnknown,
            ChangeError::Clock => Self::ClockWrong,
            ChangeError::Exhausted => Self::EpochsExhausted,
        }
    }
}
