variable "name" {
  description = "Start of the names of the three roles and of the secret. It may say what it is: the provider sees access key ids, never names of roles."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$", var.name))
    error_message = "name is 1 to 40 letters, digits and hyphens, and begins with a letter or digit."
  }
}

variable "store_bucket" {
  description = "The team's own bucket: documents, results, records."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.store_bucket))
    error_message = "store_bucket is the name of a bucket, without s3://."
  }
}

variable "exchange_bucket" {
  description = "The only bucket that the provider sees, through presigned URLs."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.exchange_bucket))
    error_message = "exchange_bucket is the name of a bucket, without s3://."
  }

  validation {
    condition     = var.exchange_bucket != var.store_bucket
    error_message = "exchange_bucket and store_bucket are the same: the provider must never see the store."
  }
}

variable "ledger_bucket" {
  description = "The bucket of the evidence; null where there is none."
  type        = string
  default     = null

  validation {
    condition     = var.ledger_bucket == null || !contains([var.store_bucket, var.exchange_bucket], coalesce(var.ledger_bucket, "none"))
    error_message = "ledger_bucket must be a bucket of its own."
  }
}

variable "source_prefixes" {
  description = "Prefixes of the store bucket that documents lie under. The worker reads there and never writes."
  type        = list(string)
  default     = ["inbox/"]

  validation {
    condition     = length(var.source_prefixes) > 0 && alltrue([for p in var.source_prefixes : can(regex("^[^/*?$][^*?$]*/$", p))])
    error_message = "Each of source_prefixes ends in \"/\", is not empty, and has no wildcard: an empty one would be the whole bucket."
  }

  validation {
    condition = alltrue([
      for p in var.source_prefixes : alltrue([
        for own in ["results/", "failures/", "zdr/"] : !startswith(p, own)
      ])
    ])
    error_message = "results/, failures/ and zdr/ are written by the worker and can be no source: a trigger loop would start."
  }

  validation {
    condition = alltrue(flatten([
      for i, a in var.source_prefixes : [
        for j, b in var.source_prefixes : i == j || !startswith(a, b)
      ]
    ]))
    error_message = "One of source_prefixes lies under another, or stands twice: each document would be named by two filters."
  }
}

variable "allow_uploads" {
  description = "Let the worker write uploads/, where `zdrworker run` puts local files. Workers that take events do not need it."
  type        = bool
  default     = false
}

variable "routes" {
  description = "Routes of the worker's configuration file. A schema is s3://bucket/key, which the worker is then allowed to read, or a file beside the configuration."
  type = list(object({
    name     = string
    prefix   = optional(string, "")
    suffix   = optional(list(string), [".md"])
    schema   = string
    revision = optional(number, 1)
  }))
  default = []

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^[a-z0-9][a-z0-9-]{0,62}$", r.name))])
    error_message = "The name of a route is 1 to 63 of a-z, 0-9 and \"-\": it is part of every result's key."
  }

  validation {
    condition     = length(distinct(var.routes[*].name)) == length(var.routes)
    error_message = "Two routes have the same name."
  }

  validation {
    condition = alltrue([
      for r in var.routes : anytrue([for p in var.source_prefixes : startswith(r.prefix, p)])
    ])
    error_message = "A route matches outside of source_prefixes: the worker would not be allowed to read those documents."
  }
}

variable "schema_digests" {
  description = "Digests of the schemas that may be sent to the provider, as `zdrworker policy approve` prints them."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for d in var.schema_digests : can(regex("^sha256:[0-9a-f]{64}$", d))])
    error_message = "Each of schema_digests is sha256: and 64 hexadecimal digits."
  }
}

variable "budget" {
  description = "Most credits that all workers spend a day, and that one run does; null: no bound. What does not fit waits."
  type = object({
    credits_per_day = optional(number)
    credits_per_run = optional(number)
  })
  default = {}

  validation {
    condition     = alltrue([for n in values(var.budget) : coalesce(n, 1) > 0])
    error_message = "A budget is more than 0 credits; null is no bound."
  }
}

variable "sources" {
  description = "Sources of the worker's configuration file for `serve`, one an entry. Null: the queue, where there is one."
  type = list(object({
    sqs      = optional(string)
    scan     = optional(object({ prefix = string, every = optional(string, "6h") }))
    schedule = optional(object({ every = string }))
  }))
  default = null

  validation {
    condition     = alltrue([for s in coalesce(var.sources, []) : length([for k, v in s : k if v != null]) == 1])
    error_message = "Each entry of sources is one of sqs, scan and schedule."
  }

  validation {
    condition = alltrue([
      for s in coalesce(var.sources, []) : s.scan == null || anytrue([for p in var.source_prefixes : startswith(try(s.scan.prefix, ""), p)])
    ])
    error_message = "A scan looks outside of source_prefixes: the worker would not be allowed to list there."
  }
}

variable "admin_address" {
  description = "Address of /healthz, /readyz and /metrics of `serve`; empty opens none."
  type        = string
  default     = ""
}

variable "provider_region" {
  description = "The provider's side: us or eu. It must be the side of the buckets."
  type        = string
  default     = "us"

  validation {
    condition     = contains(["us", "eu"], var.provider_region)
    error_message = "provider_region is us or eu."
  }
}

variable "api_key_file" {
  description = "File that the platform mounts the API key as. Null: the worker reads the secret of this module itself."
  type        = string
  default     = null

  validation {
    condition     = var.api_key_file == null || can(regex("^/", coalesce(var.api_key_file, "none")))
    error_message = "api_key_file is the path of a file, never the key."
  }
}

variable "url_lifetime_seconds" {
  description = "How long a presigned URL lives, and the oldest signature that the exchange bucket lets in: one number for both. Null: 6 hours where the signers' sessions can last so long, 1 hour where they cannot (see the table)."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.url_lifetime_seconds, 3600) <= 43200 && floor(coalesce(var.url_lifetime_seconds, 3600)) == coalesce(var.url_lifetime_seconds, 3600)
    error_message = "url_lifetime_seconds is a whole number of at most 43200: no session of a role lasts longer than 12 hours."
  }

  validation {
    condition     = coalesce(var.url_lifetime_seconds, 3600) >= var.job_time_seconds + 60
    error_message = "url_lifetime_seconds is shorter than a job (job_time_seconds and a minute): the provider would deliver to a URL that has ended, billed and lost."
  }

  validation {
    condition     = local.direct || coalesce(var.url_lifetime_seconds, 3600) <= 3600
    error_message = "On this platform the signers' roles are taken by another role's session, which AWS ends after an hour. Take 3600 or less, or a platform that takes them directly (the table in the README)."
  }
}

variable "job_time_seconds" {
  description = "The time that the slowest job may take. A URL with less than this left is not handed out."
  type        = number
  default     = 1800

  validation {
    condition     = var.job_time_seconds >= 60
    error_message = "No job takes less than a minute."
  }
}

variable "platform" {
  description = "Where the worker runs: irsa, pod-identity, lambda, task (ECS), instance (EC2), or principals (principal_arns)."
  type        = string

  validation {
    condition     = contains(["irsa", "pod-identity", "lambda", "task", "instance", "principals"], var.platform)
    error_message = "platform is irsa, pod-identity, lambda, task, instance or principals."
  }
}

variable "irsa" {
  description = "With platform irsa: the cluster's OIDC provider, and the one service account that is let in."
  type = object({
    provider_arn    = string
    namespace       = string
    service_account = string
  })
  default = null

  validation {
    condition     = (var.platform == "irsa") == (var.irsa != null)
    error_message = "irsa and platform = \"irsa\" go together."
  }

  validation {
    condition     = var.irsa == null || !can(regex("[*?]", "${try(var.irsa.namespace, "")}${try(var.irsa.service_account, "")}"))
    error_message = "irsa names one service account, without wildcards."
  }
}

variable "principal_arns" {
  description = "With platform principals: the users or roles that may become the worker. Where all are IAM users, the signers' sessions may last 12 hours."
  type        = list(string)
  default     = []

  validation {
    condition     = (var.platform == "principals") == (length(var.principal_arns) > 0)
    error_message = "principal_arns and platform = \"principals\" go together."
  }

  validation {
    condition     = alltrue([for a in var.principal_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/[^*?]+$", a))])
    error_message = "Each of principal_arns is the ARN of one user or role, without wildcards; an account is too many."
  }
}

variable "exchange_kms_key_arn" {
  description = "Key of the exchange bucket."
  type        = string
}

variable "store_kms_key_arn" {
  description = "Key of the store bucket; null where it is encrypted with SSE-S3."
  type        = string
  default     = null
}

variable "ledger_kms_key_arn" {
  description = "Key of the ledger bucket; null where there is no ledger."
  type        = string
  default     = null

  validation {
    condition     = (var.ledger_kms_key_arn == null) == (var.ledger_bucket == null)
    error_message = "ledger_kms_key_arn and ledger_bucket go together."
  }
}

variable "queue_arn" {
  description = "The queue of events; null where the worker takes none (batches)."
  type        = string
  default     = null
}

variable "queue_kms_key_arn" {
  description = "Key of the queue."
  type        = string
  default     = null

  validation {
    condition     = (var.queue_kms_key_arn == null) == (var.queue_arn == null)
    error_message = "queue_kms_key_arn and queue_arn go together."
  }
}

variable "secret_kms_key_arn" {
  description = "Key of the secret. Null: AWS's own for Secrets Manager, which any identity of the account that may read the secret may use."
  type        = string
  default     = null
}

variable "secret_recovery_days" {
  description = "Days for which a deleted secret can be brought back; 0 deletes it at once."
  type        = number
  default     = 7

  validation {
    condition     = var.secret_recovery_days == 0 || (var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30)
    error_message = "secret_recovery_days is 0, or 7 to 30."
  }
}

variable "permissions_boundary" {
  description = "ARN of a permissions boundary for the three roles; null where the organisation asks for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
