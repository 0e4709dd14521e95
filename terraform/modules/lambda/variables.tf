variable "name" {
  description = "Name of the function, its log group and its schedule."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$", var.name))
    error_message = "name is 1 to 40 letters, digits and hyphens, and begins with a letter or digit."
  }
}

variable "role_arn" {
  description = "The worker's role (identity.worker_role_arn)."
  type        = string
}

variable "role_name" {
  description = "The worker's role by name: the right to write its own log is added to it."
  type        = string
}

variable "configuration" {
  description = "The worker's configuration (identity.configuration), or s3://bucket/key of it. It goes into the variable ZDRWORKER_CONFIG and holds no secret."
  type        = string

  validation {
    condition     = length(var.configuration) <= 3500
    error_message = "Lambda's variables have room for 4 KB in all: put the configuration into the store bucket and give s3://bucket/key."
  }

  validation {
    condition     = !can(regex("VISION_AGENT_API_KEY|api_key_file", var.configuration))
    error_message = "A function has no file with the API key and must not have it in a variable: leave identity.api_key_file null, and the worker reads the secret."
  }
}

variable "package" {
  description = "The released zip: a file here, or an object in a bucket of this region."
  type = object({
    filename       = optional(string)
    s3_bucket      = optional(string)
    s3_key         = optional(string)
    object_version = optional(string)
  })

  validation {
    condition     = (var.package.filename != null) != (var.package.s3_bucket != null && var.package.s3_key != null)
    error_message = "package is a filename, or s3_bucket and s3_key."
  }
}

variable "source_code_hash" {
  description = "SHA-256 of the zip in base64, so that a new one is noticed and another one is refused; the release's checksums have it in hexadecimal."
  type        = string
  default     = null
}

variable "architecture" {
  description = "arm64 or x86_64, as the zip was built."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory, and CPU with it. Documents never pass through the function; results do, as a stream."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240
    error_message = "memory_mb is 256 to 10240."
  }
}

variable "timeout_seconds" {
  description = "The longest that one call takes: a request to the provider may take a minute."
  type        = number
  default     = 120

  validation {
    condition     = var.timeout_seconds >= 90 && var.timeout_seconds <= 900
    error_message = "timeout_seconds is 90 to 900: a request to the provider may take a minute, and its answer must be written down."
  }
}

variable "queue_arn" {
  description = "The queue of events."
  type        = string
}

variable "queue_visibility_seconds" {
  description = "The queue's visibility timeout (events.visibility_seconds)."
  type        = number

  validation {
    condition     = var.queue_visibility_seconds >= 6 * var.timeout_seconds
    error_message = "The queue's visibility timeout is less than six times the function's timeout: Lambda would hand out messages that are still worked on."
  }
}

variable "concurrency" {
  description = "The most functions that run at the same time. It bounds what a flood of documents does to the account and to the provider."
  type        = number
  default     = 10

  validation {
    condition     = var.concurrency >= 3 && floor(var.concurrency) == var.concurrency
    error_message = "concurrency is 3 or more: one is the sweep's, and Lambda's poller wants two."
  }
}

variable "sweep_every" {
  description = "How often what no event covers is looked for, as a rate of EventBridge Scheduler."
  type        = string
  default     = "rate(5 minutes)"

  validation {
    condition     = can(regex("^rate\\([1-9][0-9]* (minute|minutes|hour)\\)$", var.sweep_every))
    error_message = "sweep_every is rate(N minutes) or rate(1 hour)."
  }
}

variable "log_days" {
  description = "How long logs are kept. They hold no names and no content."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "log_days is one of the numbers that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
