variable "name" {
  description = "Name of the objects. It is not a document's, and may say what it is."
  type        = string
  default     = "zdrworker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "name is 2 to 40 of a-z, 0-9 and \"-\", and begins with a letter."
  }
}

variable "namespace" {
  description = "The namespace. The platform's role trusts one service account of it."
  type        = string
  default     = "zdrworker"
}

variable "create_namespace" {
  description = "Make the namespace, with pod security \"restricted\" enforced."
  type        = bool
  default     = true
}

variable "image" {
  description = "The worker's image, by digest: what was reviewed is what runs."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image ends in @sha256: and 64 hexadecimal digits. A tag can be moved to something that nobody reviewed."
  }
}

variable "role_arn" {
  description = "IRSA: the worker's role, which the service account is annotated with. Null with Pod Identity, whose association is made in EKS."
  type        = string
  default     = null
}

variable "configuration" {
  description = "The worker's configuration (identity.configuration). It holds no secret."
  type        = string

  validation {
    condition     = can(yamldecode(var.configuration).version)
    error_message = "configuration is the text of a zdrworker.yaml."
  }
}

variable "schemas" {
  description = "Schemas that lie beside the configuration, by file name: what routes name as schema: NAME."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, text in var.schemas : can(regex("^[a-zA-Z0-9._-]+$", name)) && can(jsondecode(text))])
    error_message = "Each of schemas is a JSON Schema under a plain file name."
  }
}

variable "api_key_secret" {
  description = "The Kubernetes Secret that holds the provider's API key, and the key in it. It is made and filled outside of Terraform (External Secrets, the secrets store CSI driver, by hand). Null: the worker reads the cloud's own secret."
  type = object({
    name = string
    key  = optional(string, "api-key")
  })
  default = null

  validation {
    condition     = (var.api_key_secret != null) == can(yamldecode(var.configuration).provider.api_key_file)
    error_message = "api_key_secret and provider.api_key_file of the configuration go together: the Secret is mounted as that file, /run/secrets/ade/key."
  }
}

variable "region" {
  description = "AWS region of buckets and queue."
  type        = string
}

variable "serve" {
  description = "The long-running worker; null makes none."
  type = object({
    min_replicas = optional(number, 1)
    max_replicas = optional(number, 5)
  })
  default = {}

  validation {
    condition     = var.serve == null || try(var.serve.min_replicas >= 1 && var.serve.max_replicas >= var.serve.min_replicas, false)
    error_message = "serve needs one replica at least, because somebody has to sweep, and max_replicas not below min_replicas."
  }
}

variable "keda_queue_url" {
  description = "Scale `serve` by the length of this queue with KEDA, which must be installed. Null: min_replicas run."
  type        = string
  default     = null
}

variable "messages_per_replica" {
  description = "With KEDA: so many waiting messages ask for one more replica."
  type        = number
  default     = 100

  validation {
    condition     = var.messages_per_replica >= 10
    error_message = "messages_per_replica is 10 or more: a message costs a worker less than starting one."
  }
}

variable "batch" {
  description = "A batch: everything under a prefix of the store, once (schedule null) or on a schedule. Null makes none."
  type = object({
    documents  = string
    schedule   = optional(string)
    timezone   = optional(string, "Etc/UTC")
    attempts   = optional(number, 6)
    keep_hours = optional(number, 24)
  })
  default = null

  validation {
    condition     = var.batch == null || can(regex("^s3://[a-z0-9.-]+/([^*?]*/)?$", try(var.batch.documents, "")))
    error_message = "documents of a batch is a prefix, s3://bucket/prefix/, never the name of a document: arguments and variables of a pod are no secret."
  }
}

variable "monitoring_namespace" {
  description = "The one namespace that may read /metrics, by its name."
  type        = string
  default     = "monitoring"
}

variable "resources" {
  description = "What a worker asks for. Documents do not pass through it."
  type = object({
    cpu          = optional(string, "100m")
    memory       = optional(string, "128Mi")
    memory_limit = optional(string, "512Mi")
  })
  default = {}
}

variable "labels" {
  description = "Further labels of everything."
  type        = map(string)
  default     = {}
}
