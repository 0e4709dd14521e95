# Values that cannot be meant are refused before anything is made.

provider "aws" {
  region                      = "us-east-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

run "overlapping_prefixes" {
  command = plan
  variables { source_prefixes = ["inbox/", "inbox/acme/"] }
  expect_failures = [var.source_prefixes]
}

run "the_same_prefix_twice" {
  command = plan
  variables { source_prefixes = ["inbox/", "inbox/"] }
  expect_failures = [var.source_prefixes]
}

run "our_own_prefix_as_a_source" {
  command = plan
  variables {
    source_prefixes = ["inbox/", "results/acme/"]
  }
  expect_failures = [var.source_prefixes]
}

run "the_whole_bucket_as_a_source" {
  command = plan
  variables {
    source_prefixes = [""]
    routes          = []
  }
  expect_failures = [var.source_prefixes]
}

run "a_wildcard_in_a_prefix" {
  command = plan
  variables {
    source_prefixes = ["in*/"]
    routes          = []
  }
  expect_failures = [var.source_prefixes]
}

run "a_route_outside_of_the_sources" {
  command = plan
  variables {
    routes = [{ name = "elsewhere", prefix = "clinic/", schema = "schemas/a.json" }]
  }
  expect_failures = [var.routes]
}

run "two_routes_of_one_name" {
  command = plan
  variables {
    routes = [
      { name = "a", prefix = "inbox/a/", schema = "schemas/a.json" },
      { name = "a", prefix = "inbox/b/", schema = "schemas/b.json" },
    ]
  }
  expect_failures = [var.routes]
}

run "a_signature_younger_than_a_job" {
  command = plan
  variables {
    url_lifetime_seconds = 900
  }
  expect_failures = [var.url_lifetime_seconds]
}

run "a_job_longer_than_any_session" {
  command = plan
  variables {
    job_time_seconds = 50000
  }
  expect_failures = [var.url_lifetime_seconds]
}

run "one_bucket_for_two_roles" {
  command = plan
  variables {
    exchange_bucket = "acme-docs"
  }
  expect_failures = [var.exchange_bucket]
}

run "the_ledger_in_the_store" {
  command = plan
  variables {
    ledger_bucket      = "acme-docs"
    ledger_kms_key_arn = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000004"
  }
  expect_failures = [var.ledger_bucket]
}

run "a_key_instead_of_a_file" {
  command = plan
  variables { api_key_file = "bGFuZGluZw" }
  expect_failures = [var.api_key_file]
}

run "irsa_without_its_account" {
  command = plan
  variables { platform = "irsa" }
  expect_failures = [var.irsa]
}

run "any_service_account" {
  command = plan
  variables {
    platform = "irsa"
    irsa = {
      provider_arn    = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
      namespace       = "zdr"
      service_account = "*"
    }
  }
  expect_failures = [var.irsa]
}

run "a_whole_account_as_the_worker" {
  command = plan
  variables {
    platform       = "principals"
    principal_arns = ["arn:aws:iam::111122223333:root"]
  }
  expect_failures = [var.principal_arns]
}

run "a_digest_that_is_none" {
  command = plan
  variables { schema_digests = ["invoice.json"] }
  expect_failures = [var.schema_digests]
}

run "a_platform_that_is_none" {
  command = plan
  variables { platform = "laptop" }
  expect_failures = [var.platform]
}

run "two_sources_in_one" {
  command = plan
  variables {
    sources = [{ sqs = "https://sqs.us-east-2.amazonaws.com/123456789012/zdrworker", schedule = { every = "1m" } }]
  }
  expect_failures = [var.sources]
}

run "a_scan_outside_of_the_sources" {
  command = plan
  variables {
    sources = [{ scan = { prefix = "clinic/" } }]
  }
  expect_failures = [var.sources]
}

run "a_budget_of_nothing" {
  command = plan
  variables { budget = { credits_per_day = 0 } }
  expect_failures = [var.budget]
}
