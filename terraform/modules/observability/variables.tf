variable "name" {
  description = "Start of the names of alarms and dashboards."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$", var.name))
    error_message = "name is 1 to 40 letters, digits and hyphens, and begins with a letter or digit."
  }
}

variable "namespace" {
  description = "Namespace of the worker's metrics in CloudWatch: zdrworker from Lambda, or what the agent that scrapes /metrics writes to."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[A-Za-z0-9/_-]{1,100}$", var.namespace))
    error_message = "namespace is letters, digits, \"/\", \"_\" and \"-\"."
  }
}

variable "metrics_in_cloudwatch" {
  description = "The worker's metrics reach CloudWatch (they do from Lambda). False: they are in Prometheus; alarms on them belong there, and only those on the queues are made here."
  type        = bool
  default     = true
}

variable "queue_name" {
  description = "The queue, for the dashboard; null where there is none."
  type        = string
  default     = null
}

variable "dlq_name" {
  description = "The dead-letter queue: an alarm says when messages lie in it and nobody has looked. Null: no alarm."
  type        = string
  default     = null
}

variable "function_name" {
  description = "The function, for an alarm on its errors and for the dashboard; null where there is none."
  type        = string
  default     = null
}

variable "stuck_after_seconds" {
  description = "The age of the oldest open job that means that work is stuck."
  type        = number
  default     = 21600

  validation {
    condition     = var.stuck_after_seconds >= 3600
    error_message = "stuck_after_seconds is an hour or more: a healthy job may take that long."
  }
}

variable "left_after_seconds" {
  description = "The age of the oldest object in the exchange bucket that means that content is left there: more than the life of a URL and the longest upload."
  type        = number
  default     = 90000

  validation {
    condition     = var.left_after_seconds >= 14400
    error_message = "left_after_seconds is four hours or more: an attempt drains until its URLs have ended."
  }
}

variable "sweep_silent_seconds" {
  description = "How long no sweep may have ended. Without sweeps nothing that an event missed is ever noticed."
  type        = number
  default     = 1800

  validation {
    condition     = var.sweep_silent_seconds >= 600
    error_message = "sweep_silent_seconds is ten minutes or more: a sweep comes every five."
  }
}

variable "credits_per_hour" {
  description = "More credits in an hour than this is a surprise that somebody should hear of."
  type        = number

  validation {
    condition     = var.credits_per_hour > 0
    error_message = "credits_per_hour is above 0."
  }
}

variable "alarm_actions" {
  description = "Topics that the alarms tell; without any they only change colour."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made here."
  type        = map(string)
  default     = {}
}
