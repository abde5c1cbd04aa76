variable "name" {
  description = "The name of this deployment. Another one has its own tables and its own keys."
  type        = string
  default     = "tollgate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "A name has 2 to 31 small letters, digits and hyphens, and begins with a letter."
  }
}

variable "api" {
  description = "Which API is made in front of the origin: rest, http, both, or none to attach the authorizer to one of your own."
  type        = string
  default     = "rest"

  validation {
    condition     = contains(["rest", "http", "both", "none"], var.api)
    error_message = "It is rest, http, both or none."
  }
}

variable "origin_url" {
  description = "The origin, such as https://origin.example.com, without a path. Not needed where api is none."
  type        = string
  default     = "https://origin.invalid"

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.origin_url))
    error_message = "It is https://, a host, and perhaps a port."
  }
}

variable "stage_name" {
  description = "The stage of the REST API."
  type        = string
  default     = "live"
}

variable "settings" {
  description = "What stands in tollgate.toml. Nothing secret."
  type        = any
  default = {
    keys     = { prefix = "tg", envs = ["live"] }
    identity = { issuer = "tollgate", audience = "origin" }
    routes   = [{ path = "/**", key_from = "x-api-key" }]
  }
}

variable "limits_epoch" {
  description = "One more whenever the numbers of a route's own limits change, so that every authorizer takes the new ones."
  type        = number
  default     = 1
}

variable "package" {
  description = "The zip that `cargo lambda build --release --output-format zip --package tollgate-authorizer` made."
  type        = string
}

variable "secret_arn" {
  description = "The secret or SecureString parameter that holds tollgate.secrets.json. The state never holds what is in it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+)$", var.secret_arn))
    error_message = "It is the whole ARN of one secret, or of one parameter."
  }
}

variable "secret_key_arn" {
  description = "The KMS key that the secret is encrypted under, if it is one of your own."
  type        = string
  default     = null
}

variable "public_keys" {
  description = "What `tollgate signing-keys jwks` prints, the public keys. Private ones are refused."
  type        = string
  default     = "{\"keys\":[]}"

  validation {
    condition     = can(regex("^\\{\"keys\":\\[[A-Za-z0-9_\":,{}-]*\\]\\}$", var.public_keys)) && !can(regex("\"d\":", var.public_keys))
    error_message = "It is a set of public keys, on one line and without blanks."
  }
}

variable "architecture" {
  description = "What the package was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "It is arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "The memory of the authorizer, in MB. Its share of a processor grows with it."
  type        = number
  default     = 256
}

variable "reserved_concurrency" {
  description = "How many authorizers may run at one time. -1 sets no bound of its own."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency != 0
    error_message = "With 0 every caller would be refused."
  }
}

variable "log_retention_days" {
  description = "For how long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.log_retention_days > 0
    error_message = "0 would keep them for ever."
  }
}

variable "alarm_topic_arn" {
  description = "Where alarms are sent. Without it they are only shown."
  type        = string
  default     = null
}
