//! The rows of what can be done with tenants, owners, roles and templates.

use super::{create, delete, list, read, replace, update};
use crate::{
    model::{
        OTHER_LIST, Owner, Role, TENANT_LIST, Template, Tenant,
        shape::Need,
        tables::{
            NEW_OWNER, NEW_ROLE, NEW_TEMPLATE, NEW_TENANT, NOTHING, OWNER, OWNER_PAGE, OWNER_PATCH,
            OWNER_PUT, REASON, ROLE, ROLE_PAGE, ROLE_PATCH, ROLE_PUT, TEMPLATE, TEMPLATE_PAGE,
            TEMPLATE_PATCH, TEMPLATE_PUT, TENANT, TENANT_PAGE, TENANT_PATCH, TENANT_PUT,
        },
    },
    problem::Code,
    routes::{
        ask,
        holders::{resume_owner, resume_tenant, stop_owner, stop_tenant},
        operation::{Operation, row},
    },
};

pub(in crate::routes) const TENANTS_LIST: Operation =
    row("tenants.list", "GET", "/api/tenants", "tenants:read", list::<Tenant>)
        .about("Lists the tenants, for operators.")
        .asks(&TENANT_LIST)
        .gives(200, &TENANT_PAGE);

pub(in crate::routes) const TENANTS_CREATE: Operation =
    row("tenants.create", "POST", "/api/tenants", "tenants:write", create::<Tenant>)
        .about("Makes a tenant.")
        .asks(&[])
        .takes(&NEW_TENANT)
        .gives(201, &TENANT)
        .located()
        .told_version();

pub(in crate::routes) const TENANTS_READ: Operation =
    row("tenants.read", "GET", "/api/tenants/{tenant}", "tenants:read", read::<Tenant>)
        .about("Shows a tenant.")
        .asks(&[])
        .gives(200, &TENANT)
        .told_version();

pub(in crate::routes) const TENANTS_REPLACE: Operation =
    row("tenants.replace", "PUT", "/api/tenants/{tenant}", "tenants:write", replace::<Tenant>)
        .about("Says something else of a tenant in the place of all.")
        .asks(&[])
        .takes(&TENANT_PUT)
        .gives(200, &TENANT)
        .versioned(Need::Required);

pub(in crate::routes) const TENANTS_UPDATE: Operation =
    row("tenants.update", "PATCH", "/api/tenants/{tenant}", "tenants:write", update::<Tenant>)
        .about("Says something else of a tenant in the place of some.")
        .asks(&[])
        .takes(&TENANT_PATCH)
        .gives(200, &TENANT)
        .versioned(Need::Optional);

pub(in crate::routes) const TENANTS_DELETE: Operation =
    row("tenants.delete", "DELETE", "/api/tenants/{tenant}", "tenants:write", delete::<Tenant>)
        .about("Deletes a tenant, unless something of it is left.")
        .asks(&[])
        .gives(200, &TENANT)
        .matched()
        .refuses(&[Code::InUse]);

pub(in crate::routes) const TENANTS_STOP: Operation =
    row("tenants.stop", "POST", "/api/tenants/{tenant}/stop", "tenants:write", stop_tenant)
        .about("Switches all keys of a tenant off.")
        .asks(&[])
        .may_take(&REASON)
        .gives(200, &TENANT)
        .told_version();

pub(in crate::routes) const TENANTS_RESUME: Operation =
    row("tenants.resume", "POST", "/api/tenants/{tenant}/resume", "tenants:write", resume_tenant)
        .about("Switches the keys of a tenant on again.")
        .asks(&[])
        .may_take(&NOTHING)
        .gives(200, &TENANT)
        .told_version();

pub(in crate::routes) const OWNERS_LIST: Operation =
    row("owners.list", "GET", "/api/owners", "owners:read", list::<Owner>)
        .about("Lists a tenant's owners.")
        .asks(&OTHER_LIST)
        .gives(200, &OWNER_PAGE);

pub(in crate::routes) const OWNERS_CREATE: Operation =
    row("owners.create", "POST", "/api/owners", "owners:write", create::<Owner>)
        .about("Makes an owner.")
        .asks(&[ask::TENANT])
        .takes(&NEW_OWNER)
        .gives(201, &OWNER)
        .located()
        .told_version();

pub(in crate::routes) const OWNERS_READ: Operation =
    row("owners.read", "GET", "/api/owners/{owner}", "owners:read", read::<Owner>)
        .about("Shows an owner.")
        .asks(&[ask::TENANT])
        .gives(200, &OWNER)
        .told_version();

pub(in crate::routes) const OWNERS_REPLACE: Operation =
    row("owners.replace", "PUT", "/api/owners/{owner}", "owners:write", replace::<Owner>)
        .about("Says something else of an owner in the place of all.")
        .asks(&[ask::TENANT])
        .takes(&OWNER_PUT)
        .gives(200, &OWNER)
        .versioned(Need::Required);

pub(in crate::routes) const OWNERS_UPDATE: Operation =
    row("owners.update", "PATCH", "/api/owners/{owner}", "owners:write", update::<Owner>)
        .about("Says something else of an owner in the place of some.")
        .asks(&[ask::TENANT])
        .takes(&OWNER_PATCH)
        .gives(200, &OWNER)
        .versioned(Need::Optional);

pub(in crate::routes) const OWNERS_DELETE: Operation =
    row("owners.delete", "DELETE", "/api/owners/{owner}", "owners:write", delete::<Owner>)
        .about("Deletes an owner, unless keys that are not revoked act for it.")
        .asks(&[ask::TENANT])
        .gives(200, &OWNER)
        .matched()
        .refuses(&[Code::InUse]);

pub(in crate::routes) const OWNERS_STOP: Operation =
    row("owners.stop", "POST", "/api/owners/{owner}/stop", "owners:write", stop_owner)
        .about("Switches all keys of an owner off.")
        .asks(&[ask::TENANT])
        .may_take(&REASON)
        .gives(200, &OWNER)
        .told_version();

pub(in crate::routes) const OWNERS_RESUME: Operation = row(
    "owners.resume",
    "POST",
    "/api/owners/{owner}/resume",
    "owners:write",
    resume_owner,
)
.about(
    "Switches the keys of an owner on again, if it was not operators who stopped it, or they ask.",
)
.asks(&[ask::TENANT])
.may_take(&NOTHING)
.gives(200, &OWNER)
.told_version();

pub(in crate::routes) const ROLES_LIST: Operation =
    row("roles.list", "GET", "/api/roles", "roles:read", list::<Role>)
        .about("Lists a tenant's roles.")
        .asks(&OTHER_LIST)
        .gives(200, &ROLE_PAGE);

pub(in crate::routes) const ROLES_CREATE: Operation =
    row("roles.create", "POST", "/api/roles", "roles:write", create::<Role>)
        .about("Makes a role.")
        .asks(&[ask::TENANT])
        .takes(&NEW_ROLE)
        .gives(201, &ROLE)
        .located()
        .told_version();

pub(in crate::routes) const ROLES_READ: Operation =
    row("roles.read", "GET", "/api/roles/{name}", "roles:read", read::<Role>)
        .about("Shows a role.")
        .asks(&[ask::TENANT])
        .gives(200, &ROLE)
        .told_version();

pub(in crate::routes) const ROLES_REPLACE: Operation =
    row("roles.replace", "PUT", "/api/roles/{name}", "roles:write", replace::<Role>)
    .about("Says something else of a role in the place of all, and gives every key that carries it what it is then.")
    .asks(&[ask::TENANT])
    .takes(&ROLE_PUT)
    .gives(200, &ROLE)
    .versioned(Need::Required);

pub(in crate::routes) const ROLES_UPDATE: Operation =
    row("roles.update", "PATCH", "/api/roles/{name}", "roles:write", update::<Role>)
    .about("Says something else of a role in the place of some, and gives every key that carries it what it is then.")
    .asks(&[ask::TENANT])
    .takes(&ROLE_PATCH)
    .gives(200, &ROLE)
    .versioned(Need::Optional);

pub(in crate::routes) const ROLES_DELETE: Operation =
    row("roles.delete", "DELETE", "/api/roles/{name}", "roles:write", delete::<Role>)
        .about("Deletes a role, unless keys carry it.")
        .asks(&[ask::TENANT])
        .gives(200, &ROLE)
        .matched()
        .refuses(&[Code::InUse]);

pub(in crate::routes) const TEMPLATES_LIST: Operation =
    row("templates.list", "GET", "/api/templates", "templates:read", list::<Template>)
        .about("Lists a tenant's templates.")
        .asks(&OTHER_LIST)
        .gives(200, &TEMPLATE_PAGE);

pub(in crate::routes) const TEMPLATES_CREATE: Operation =
    row("templates.create", "POST", "/api/templates", "templates:write", create::<Template>)
        .about("Makes a template.")
        .asks(&[ask::TENANT])
        .takes(&NEW_TEMPLATE)
        .gives(201, &TEMPLATE)
        .located()
        .told_version();

pub(in crate::routes) const TEMPLATES_READ: Operation =
    row("templates.read", "GET", "/api/templates/{name}", "templates:read", read::<Template>)
        .about("Shows a template.")
        .asks(&[ask::TENANT])
        .gives(200, &TEMPLATE)
        .told_version();

pub(in crate::routes) const TEMPLATES_REPLACE: Operation = row(
    "templates.replace",
    "PUT",
    "/api/templates/{name}",
    "templates:write",
    replace::<Template>,
)
.about("Says something else of a template in the place of all.")
.asks(&[ask::TENANT])
.takes(&TEMPLATE_PUT)
.gives(200, &TEMPLATE)
.versioned(Need::Required);

pub(in crate::routes) const TEMPLATES_UPDATE: Operation = row(
    "templates.update",
    "PATCH",
    "/api/templates/{name}",
    "templates:write",
    update::<Template>,
)
.about("Says something else of a template in the place of some.")
.asks(&[ask::TENANT])
.takes(&TEMPLATE_PATCH)
.gives(200, &TEMPLATE)
.versioned(Need::Optional);

pub(in crate::routes) const TEMPLATES_DELETE: Operation = row(
    "templates.delete",
    "DELETE",
    "/api/templates/{name}",
    "templates:write",
    delete::<Template>,
)
.about("Deletes a template, unless keys were made by it that are not revoked.")
.asks(&[ask::TENANT])
.gives(200, &TEMPLATE)
.matched()
.refuses(&[Code::InUse]);
