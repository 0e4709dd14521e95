variable "name" {
  description = "Name of the queue; the dead-letter queue and the rule are named after it."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$", var.name))
    error_message = "name is 1 to 40 letters, digits and hyphens, and begins with a letter or digit."
  }
}

variable "store_bucket" {
  description = "The bucket that documents come to."
  type        = string
}

variable "exchange_bucket" {
  description = "The bucket that results come to; its module makes the notification of o/."
  type        = string

  validation {
    condition     = var.exchange_bucket != var.store_bucket
    error_message = "exchange_bucket and store_bucket are the same."
  }
}

variable "source_prefixes" {
  description = "Prefixes of the store bucket that documents lie under."
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

variable "route_by" {
  description = "How documents reach the queue: eventbridge (a rule of this module), or queue (the bucket's own notification, which the store module writes where it owns them)."
  type        = string
  default     = "eventbridge"

  validation {
    condition     = contains(["eventbridge", "queue"], var.route_by)
    error_message = "route_by is eventbridge or queue."
  }
}

variable "retention_hours" {
  description = "How long a message waits before it is dropped. Events hold the names of documents, and a scan finds what a dropped one named, so hours are enough."
  type        = number
  default     = 24

  validation {
    condition     = var.retention_hours >= 1 && var.retention_hours <= 96 && floor(var.retention_hours) == var.retention_hours
    error_message = "retention_hours is 1 to 96: names of documents should not lie in a queue for longer."
  }
}

variable "dlq_retention_hours" {
  description = "How long a message that nobody could read is kept for a person to look at, counted from when it was first sent."
  type        = number
  default     = 72

  validation {
    condition     = var.dlq_retention_hours <= 168 && floor(var.dlq_retention_hours) == var.dlq_retention_hours
    error_message = "dlq_retention_hours is at most 168 (a week): names of documents should not lie in a queue for longer."
  }

  validation {
    condition     = var.dlq_retention_hours > var.retention_hours
    error_message = "dlq_retention_hours must be more than retention_hours: a message keeps its age when it moves, and would be dropped at once."
  }
}

variable "visibility_seconds" {
  description = "How long a message is hidden while it is worked on. `serve` renews it; with Lambda it must be six times the function's timeout."
  type        = number
  default     = 120

  validation {
    condition     = var.visibility_seconds >= 30 && var.visibility_seconds <= 43200
    error_message = "visibility_seconds is 30 to 43200."
  }
}

variable "max_receives" {
  description = "After so many tries a message goes to the dead-letter queue. Throttling counts as tries, so few are too few."
  type        = number
  default     = 10

  validation {
    condition     = var.max_receives >= 3
    error_message = "max_receives is 3 or more: a worker that is replaced in the middle of a message is no fault of the message."
  }
}

variable "alarm_actions" {
  description = "Topics that the alarms tell; without any they only change colour."
  type        = list(string)
  default     = []
}

variable "oldest_message_seconds" {
  description = "The age of the oldest message that means that nobody takes them."
  type        = number
  default     = 900
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
