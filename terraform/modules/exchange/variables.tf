variable "bucket_name" {
  description = "Name of the bucket. The provider sees it in every URL, so it should say nothing; null makes a random one."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", coalesce(var.bucket_name, "none")))
    error_message = "bucket_name is 3 to 63 of a-z, 0-9 and \"-\". With a dot in it, TLS to the virtual host fails."
  }

  validation {
    condition     = !can(regex("zdr|(^|-)ade(-|$)|landing|extract|invoice|patient|claim|loan|contract", coalesce(var.bucket_name, "none")))
    error_message = "bucket_name says what it is for, and the provider sees it. Leave it null, or take one that says nothing."
  }
}

variable "worker_role_arn" {
  description = "The worker's role: the only one that stages, reads back and removes."
  type        = string
}

variable "reader_role_arn" {
  description = "The role that signs GET s/*."
  type        = string

  validation {
    condition     = length(distinct([var.worker_role_arn, var.reader_role_arn, var.writer_role_arn])) == 3
    error_message = "Worker, reader and writer are three roles: who holds a PUT URL can make some stores copy whatever its signer may read."
  }
}

variable "writer_role_arn" {
  description = "The role that signs PUT o/*."
  type        = string
}

variable "other_principal_arns" {
  description = "Roles or users beside those three that may touch objects, such as a person who runs `zdrworker run` with credentials of their own. Each makes the boundary wider."
  type        = list(string)
  default     = []
}

variable "url_lifetime_seconds" {
  description = "The oldest signature that is let in: the same number as the life of a URL (identity.url_lifetime_seconds)."
  type        = number

  validation {
    condition     = var.url_lifetime_seconds <= 43200 && floor(var.url_lifetime_seconds) == var.url_lifetime_seconds
    error_message = "url_lifetime_seconds is a whole number of at most 43200 (12 hours)."
  }

  validation {
    condition     = var.url_lifetime_seconds >= var.job_time_seconds + 60
    error_message = "url_lifetime_seconds is shorter than a job (job_time_seconds and a minute): the provider would deliver with a signature that is too old, billed and lost."
  }
}

variable "job_time_seconds" {
  description = "The time that the slowest job may take; the worker's timing.job_time."
  type        = number
  default     = 1800
}

variable "queue_arn" {
  description = "Queue that is told when a result arrives under o/. Null: results are noticed by listing."
  type        = string
  default     = null
}

variable "leftover_days" {
  description = "Days after which lifecycle removes what the worker did not: the safety net, not the method."
  type        = number
  default     = 2

  validation {
    condition     = var.leftover_days >= 1 && var.leftover_days <= 7 && floor(var.leftover_days) == var.leftover_days
    error_message = "leftover_days is 1 to 7: less would take documents away from running jobs, more keeps content for nothing."
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
