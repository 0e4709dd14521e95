terraform {
  required_version = ">= 1.9"

  required_providers {
    kubernetes = {
      source = "hashicorp/kubernetes"
      # 2.31: backoff_limit_per_index and pod_failure_policy of jobs.
      version = ">= 2.31, < 3.0"
    }
  }
}
