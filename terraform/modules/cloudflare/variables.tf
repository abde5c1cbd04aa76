variable "account_id" {
  description = "The account that the Worker is on."
  type        = string
}

variable "zone_id" {
  description = "The zone of the routes and of the administration's host."
  type        = string
}

variable "name" {
  description = "The Worker's name. Another one is another deployment, with its own ledger and its own keys."
  type        = string
  default     = "tollgate"
}

variable "routes" {
  description = "Which requests the gate stands in front of, such as api.example.com/*. Let each fail closed: README.md says how."
  type        = set(string)
}

variable "settings" {
  description = "What stands in [vars.TOLLGATE] of wrangler.toml, except admin."
  type        = any
}

variable "admin_host" {
  description = "The host that administration is on, and nothing else. Without it nobody administers."
  type        = string
  default     = null
}

variable "usage_dataset" {
  description = "A dataset of Analytics Engine that is told, besides the ledger, what became of each key's requests. Without it none is."
  type        = string
  default     = null
}

variable "secrets" {
  description = "The text of tollgate.secrets.json."
  type        = string
  sensitive   = true
}

variable "admin_record" {
  description = "The text of tollgate.admin.json, which `tollgate init --target cloudflare` made."
  type        = string
  sensitive   = true
}

variable "modules" {
  description = "The folder workers of a clone in which `node workers/build.mjs` was run."
  type        = string
}

variable "migrated" {
  description = "The migration that is behind this deployment: null before the first apply, then v1."
  type        = string
  default     = null

  validation {
    condition     = var.migrated == null || var.migrated == "v1"
    error_message = "There is no other migration than v1."
  }
}
