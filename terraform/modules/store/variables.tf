variable "bucket_name" {
  description = "Name of the team's own bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name is the name of a bucket, without s3://."
  }
}

variable "create" {
  description = "Make the bucket: for somebody who starts from nothing. False: it is there, and only what the variables below name is touched."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Key of a bucket that is there; null where it has SSE-S3. A bucket that is made gets a key of its own."
  type        = string
  default     = null

  validation {
    condition     = !(var.create && var.kms_key_arn != null)
    error_message = "A bucket that is made gets a key of its own: leave kms_key_arn null, or create false."
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

variable "suffixes" {
  description = "Endings of documents that cause an event, in this case only (routes take .PDF for .pdf); empty: all objects under source_prefixes."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for s in var.suffixes : can(regex("^\\.[^*?/]+$", s))]) && length(distinct(var.suffixes)) == length(var.suffixes)
    error_message = "Each of suffixes begins with a dot, has no wildcard, and stands once."
  }
}

variable "bucket_policy" {
  description = "none: the bucket's policy is not touched, and the output policy_statements says what to add. owned: this module writes it whole, from existing_policy and its own statements."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "owned"], var.bucket_policy)
    error_message = "bucket_policy is none or owned."
  }

  validation {
    condition     = var.bucket_policy == "none" || var.create || var.existing_policy != null
    error_message = "The whole policy of a bucket that is there would be replaced: give its present one as existing_policy (\"\" where it has none)."
  }
}

variable "existing_policy" {
  description = "With bucket_policy = \"owned\": the team's own policy as JSON, kept; empty where there is none."
  type        = string
  default     = null

  validation {
    condition     = contains(["", "none"], coalesce(var.existing_policy, "none")) || can(jsondecode(var.existing_policy).Statement)
    error_message = "existing_policy is a policy as JSON."
  }
}

variable "notifications" {
  description = "eventbridge: nothing is written; EventBridge must be switched on for the bucket by who owns its notifications. owned-eventbridge, owned-queue: this module owns ALL notifications of the bucket and replaces whatever is there."
  type        = string
  default     = "eventbridge"

  validation {
    condition     = contains(["eventbridge", "owned-eventbridge", "owned-queue"], var.notifications)
    error_message = "notifications is eventbridge, owned-eventbridge or owned-queue."
  }

  validation {
    condition     = (var.notifications == "owned-queue") == (var.queue_arn != null)
    error_message = "queue_arn and notifications = \"owned-queue\" go together."
  }
}

variable "queue_arn" {
  description = "With notifications = \"owned-queue\": the queue that is told of documents."
  type        = string
  default     = null
}

variable "lifecycle_rules" {
  description = "none: the bucket's lifecycle is not touched. owned: this module writes it whole, which takes away the rules that are there."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "owned"], var.lifecycle_rules)
    error_message = "lifecycle_rules is none or owned."
  }
}

variable "keep_parsed_days" {
  description = "Days after which lifecycle removes parse results that the worker did not (its keep.parsed): the net, so longer than that. A document whose result lifecycle took fails when another route wants it, unbilled, until it is tried again; what the worker removed is parsed, and billed, anew by itself."
  type        = number
  default     = 120

  validation {
    condition     = var.keep_parsed_days >= 7
    error_message = "A parse result must outlive the jobs that wait for it: 7 days at least."
  }
}

variable "keep_texts_days" {
  description = "How long the provider's own words are kept: they can quote a document."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_texts_days >= 1
    error_message = "keep_texts_days is 1 or more."
  }
}

variable "keep_versions_days" {
  description = "How long superseded versions under zdr/ are kept in a versioned bucket: old versions of a record hold the document's name."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_versions_days >= 1
    error_message = "keep_versions_days is 1 or more."
  }
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}

variable "region" {
  description = "The region that the bucket is meant to be in. Null: the provider's, unchecked."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || var.region == data.aws_region.current.region || var.allow_other_region
    error_message = "region is not the region of the AWS provider: everything would be made somewhere else than meant. Set the provider's region, or allow_other_region if that is what you want."
  }
}

variable "allow_other_region" {
  description = "Make the bucket in `region` though the provider works in another one."
  type        = bool
  default     = false
}
