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
  target = module.events.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.identity.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.lambda.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
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

run "an_hour_because_of_the_chain" {
  command = plan

  assert {
    condition     = module.identity.url_lifetime_seconds == 3600
    error_message = "On Lambda a signer's session ends after an hour."
  }
  assert {
    condition     = jsondecode(module.identity.worker_trust).Statement[0].Principal == { Service = "lambda.amazonaws.com" } && strcontains(module.identity.signer_trust, module.identity.worker_role_arn)
    error_message = "The function cannot become the worker, or the worker no signer."
  }
  assert {
    condition     = yamldecode(output.configuration).sources == [{ sqs = module.events.queue_url }] && module.events.queue_url == "https://sqs.us-east-2.amazonaws.com/123456789012/zdrworker"
    error_message = "The function's nudges go to another queue than its events come from."
  }
}
