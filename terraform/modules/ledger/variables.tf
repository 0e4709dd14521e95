variable "bucket_name" {
  description = "Name of the bucket. The provider never sees it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name is the name of a bucket, without s3://."
  }
}

variable "object_lock" {
  description = "Keep every entry for so many days, whoever asks: GOVERNANCE can be lifted by somebody with a right of its own, COMPLIANCE by nobody, not even the account. Null: no lock, but ready for one."
  type = object({
    mode = string
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null || contains(["GOVERNANCE", "COMPLIANCE"], try(var.object_lock.mode, "GOVERNANCE"))
    error_message = "The mode of object_lock is GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = var.object_lock == null || try(var.object_lock.days >= 1 && var.object_lock.days <= 3650 && floor(var.object_lock.days) == var.object_lock.days, false)
    error_message = "object_lock is 1 to 3650 whole days: what is locked in COMPLIANCE mode is paid for until then."
  }
}

variable "writer_arns" {
  description = "Roles that append: the worker's."
  type        = list(string)

  validation {
    condition     = length(var.writer_arns) > 0 && alltrue([for a in var.writer_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/[^*?]+$", a))])
    error_message = "Each of writer_arns is the ARN of one role or user."
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
