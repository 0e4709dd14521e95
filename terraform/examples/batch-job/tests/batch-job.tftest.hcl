provider "aws" {
  region                      = "us-east-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = module.store.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.exchange.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.ledger.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.identity.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_eks_cluster.this
  values = {
    endpoint              = "https://cluster.example.com"
    certificate_authority = [{ data = "bm9uZQ==" }]
  }
}

run "the_configuration_is_the_one_in_testdata" {
  command = plan

  # worker/config loads this file in a test of its own.
  assert {
    condition     = output.configuration == file("testdata/zdrworker.yaml")
    error_message = "testdata/zdrworker.yaml is not what the example renders; terraform/check.sh --write makes it anew."
  }
}

run "one_number_for_signatures" {
  command = plan

  assert {
    condition = alltrue([
      module.exchange.bucket_policy != null,
      strcontains(module.exchange.bucket_policy, "\"${module.identity.url_lifetime_seconds * 1000}\""),
      yamldecode(output.configuration).signing.lifetime == "${module.identity.url_lifetime_seconds}s",
      yamldecode(output.configuration).signing.signature_age == "${module.identity.url_lifetime_seconds}s",
    ])
    error_message = "The worker, the signers and the bucket disagree about how old a signature may be."
  }
  assert {
    condition     = strcontains(module.exchange.bucket_policy, module.identity.reader_role_arn) && strcontains(module.exchange.bucket_policy, module.identity.writer_role_arn) && strcontains(module.exchange.bucket_policy, module.identity.worker_role_arn)
    error_message = "The bucket does not know the three roles."
  }
  assert {
    condition     = strcontains(module.ledger.bucket_policy, module.identity.worker_role_arn)
    error_message = "The worker may not append to the ledger."
  }
}

run "documents_would_leave_their_side" {
  command = plan
  variables { provider_region = "eu" }
  expect_failures = [var.provider_region]
}

run "no_queue" {
  command = plan

  assert {
    condition = alltrue([for trust in [module.identity.worker_trust, module.identity.signer_trust] :
    strcontains(trust, "\"system:serviceaccount:${module.kubernetes.service_account.namespace}:${module.kubernetes.service_account.name}\"")])
    error_message = "The roles trust another service account than the pods'."
  }

  assert {
    condition     = yamldecode(output.configuration).sources == []
    error_message = "A batch listens to a queue."
  }
}
