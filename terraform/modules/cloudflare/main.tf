# Everything that `wrangler deploy` makes, from the same modules with the same bindings: a test compares them.

locals {
  modules = {
    "worker.mjs"                    = "application/javascript+module"
    "cloudflare/administration.mjs" = "application/javascript+module"
    "cloudflare/bindings.mjs"       = "application/javascript+module"
    "cloudflare/bucket.mjs"         = "application/javascript+module"
    "cloudflare/copy.mjs"           = "application/javascript+module"
    "cloudflare/ledger.mjs"         = "application/javascript+module"
    "cloudflare/objects.mjs"        = "application/javascript+module"
    "cloudflare/places.mjs"         = "application/javascript+module"
    "cloudflare/relay.mjs"          = "application/javascript+module"
    "cloudflare/shell.mjs"          = "application/javascript+module"
    "cloudflare/witness.mjs"        = "application/javascript+module"
    "cloudflare/worker.mjs"         = "application/javascript+module"
    "gate/gate.mjs"                 = "application/javascript+module"
    "gate/gate.wasm"                = "application/wasm"
    "objects/objects.wasm"          = "application/wasm"
  }

  admin    = var.admin_host == null ? {} : { admin = { host = var.admin_host } }
  settings = merge(var.settings, local.admin)

  bindings = [
    { name = "TOLLGATE", type = "json", json = jsonencode(local.settings) },
    { name = "TOLLGATE_SECRETS", type = "secret_text", text = var.secrets },
    { name = "TOLLGATE_ADMIN", type = "secret_text", text = var.admin_record },
    { name = "RECORDS", type = "kv_namespace", namespace_id = cloudflare_workers_kv_namespace.records.id },
    { name = "TOLLGATE_VERSION", type = "version_metadata" },
    { name = "BUCKET", type = "durable_object_namespace", class_name = "Bucket" },
    { name = "RELAY", type = "durable_object_namespace", class_name = "Relay" },
    { name = "LEDGER", type = "durable_object_namespace", class_name = "Ledger" },
    { name = "WITNESS", type = "durable_object_namespace", class_name = "Witness" },
  ]

  # Where pictures of what was counted are drawn from, if anywhere.
  usage = var.usage_dataset == null ? [] : [{ name = "USAGE", type = "analytics_engine", dataset = var.usage_dataset }]
}

# Compiled records, which may be old: the head says whether one may still be used.
resource "cloudflare_workers_kv_namespace" "records" {
  account_id = var.account_id
  title      = "${var.name}-records"
}

resource "cloudflare_worker" "gate" {
  account_id = var.account_id
  name       = var.name

  observability = {
    enabled = true
  }

  # No other way in than the routes below.
  subdomain = {
    enabled          = false
    previews_enabled = false
  }
}

resource "cloudflare_worker_version" "gate" {
  account_id          = var.account_id
  worker_id           = cloudflare_worker.gate.id
  compatibility_date  = "2026-01-01"
  compatibility_flags = ["enable_request_signal", "request_signal_passthrough"]
  main_module         = "worker.mjs"

  modules = [for name, type in local.modules : {
    name         = name
    content_type = type
    content_file = "${var.modules}/${name}"
  }]

  bindings = concat(local.bindings, local.usage)

  migrations = var.migrated == "v1" ? null : {
    new_tag            = "v1"
    new_sqlite_classes = ["Bucket", "Relay", "Ledger", "Witness"]
  }
}

resource "cloudflare_workers_deployment" "gate" {
  account_id  = var.account_id
  script_name = cloudflare_worker.gate.name
  strategy    = "percentage"

  versions = [{
    version_id = cloudflare_worker_version.gate.id
    percentage = 100
  }]
}

resource "cloudflare_workers_cron_trigger" "gate" {
  account_id  = var.account_id
  script_name = cloudflare_worker.gate.name

  schedules = [
    { cron = "*/15 * * * *" },
  ]

  depends_on = [cloudflare_workers_deployment.gate]
}

# A route leads to a gate that is there, so it comes last.
resource "cloudflare_workers_route" "gate" {
  for_each = var.routes

  zone_id = var.zone_id
  pattern = each.value
  script  = cloudflare_worker.gate.name

  depends_on = [cloudflare_workers_deployment.gate]
}

resource "cloudflare_workers_custom_domain" "admin" {
  count = var.admin_host == null ? 0 : 1

  account_id = var.account_id
  zone_id    = var.zone_id
  hostname   = var.admin_host
  service    = cloudflare_worker.gate.name

  depends_on = [cloudflare_workers_deployment.gate]
}
