variable "region" {
  description = "AWS region of everything. Its side, us or eu, must be the provider's."
  type        = string
  default     = "us-east-2"
}

variable "provider_region" {
  description = "The provider's side: us or eu."
  type        = string
  default     = "us"

  validation {
    condition     = startswith(var.region, "${var.provider_region}-")
    error_message = "provider_region is not the side that region is on: documents would leave it."
  }
}

variable "name" {
  description = "Start of the names of what is made."
  type        = string
  default     = "zdrworker"
}

variable "store_bucket" {
  description = "Your bucket: documents come to inbox/, results go to results/."
  type        = string
}

variable "create_store_bucket" {
  description = "Make the store bucket. False: it is there; then switch EventBridge on for it and keep its policy and lifecycle yourself (modules/store)."
  type        = bool
  default     = true
}

variable "exchange_bucket" {
  description = "Name of the bucket that the provider sees; null makes a random one, which is best."
  type        = string
  default     = null
}

variable "ledger_bucket" {
  description = "Name of the bucket of the evidence; null: the store's name with -ledger."
  type        = string
  default     = null
}

variable "ledger_lock" {
  description = "Object Lock of the ledger; null for none (modules/ledger)."
  type = object({
    mode = string
    days = number
  })
  default = null
}

variable "schema_digests" {
  description = "Digests of the schemas that may be sent; `zdrworker policy approve` prints them. The default is the one of schemas/invoice.json."
  type        = list(string)
  default     = ["sha256:c8642ba078e9fc39b1f94c2fe5cba0f6118c9d8ebc7ab343f8fb9440744bf82e"]
}

variable "cluster_name" {
  description = "The EKS cluster, which is there."
  type        = string
}

variable "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM."
  type        = string
}

variable "image" {
  description = "The worker's image, by digest."
  type        = string
}

variable "keda" {
  description = "KEDA is installed in the cluster: scale by the queue."
  type        = bool
  default     = false
}

variable "alarm_actions" {
  description = "Topics that the alarms tell; without any they only change colour."
  type        = list(string)
  default     = []
}

variable "credits_per_hour" {
  description = "More credits in an hour than this rings."
  type        = number
  default     = 2000
}

variable "credits_per_day" {
  description = "Most credits that are spent a day; what does not fit waits. Null: no bound."
  type        = number
  default     = null
}
