terraform {
  # 1.9: a validation may look at other variables and at data.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.0: data.aws_region.region; the argument region on resources.
      version = ">= 6.0, < 7.0"
    }

    # The neutral name of the bucket.
    random = {
      source  = "hashicorp/random"
      version = ">= 3.6, < 4.0"
    }

    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.31, < 3.0"
    }
  }
}
