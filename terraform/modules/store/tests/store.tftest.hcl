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

variables {
  bucket_name = "acme-docs"
}

run "nothing_is_touched_unless_asked" {
  command = plan

  assert {
    condition = alltrue([for made in [
      aws_s3_bucket.this, aws_s3_bucket_notification.this, aws_s3_bucket_policy.this, aws_s3_bucket_lifecycle_configuration.this,
      aws_s3_bucket_versioning.this, aws_s3_bucket_public_access_block.this, aws_s3_bucket_ownership_controls.this,
      aws_s3_bucket_server_side_encryption_configuration.this, aws_kms_key.this,
    ] : length(made) == 0])
    error_message = "Something of a bucket that is there would be changed though nobody asked."
  }
  assert {
    condition     = alltrue([for s in jsondecode(output.policy_statements).Statement : s.Effect == "Deny"])
    error_message = "The statements for the team's policy allow something."
  }
}

run "a_bucket_from_nothing" {
  command = plan
  variables {
    create          = true
    bucket_policy   = "owned"
    notifications   = "owned-eventbridge"
    lifecycle_rules = "owned"
  }

  assert {
    condition     = alltrue([for r in aws_s3_bucket_server_side_encryption_configuration.this[0].rule : r.bucket_key_enabled && one(r.apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"])
    error_message = "A bucket that is made has no bucket key, or no key."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this[0].block_public_policy && aws_s3_bucket_public_access_block.this[0].restrict_public_buckets && !aws_s3_bucket.this[0].force_destroy
    error_message = "A bucket that is made is public, or goes with its documents."
  }
  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge && length(aws_s3_bucket_notification.this[0].queue) == 0
    error_message = "EventBridge is not switched on."
  }
  assert {
    condition = alltrue([
      for r in aws_s3_bucket_lifecycle_configuration.this[0].rule : startswith(one(r.filter).prefix, "zdr/") || length(r.expiration) + length(r.noncurrent_version_expiration) == 0
    ])
    error_message = "A lifecycle rule lets something else expire than the worker's own state."
  }
  assert {
    condition     = { for r in aws_s3_bucket_lifecycle_configuration.this[0].rule : one(r.filter).prefix => one(r.expiration).days if length(r.expiration) > 0 } == { "zdr/parsed/" = 120, "zdr/texts/" = 30 }
    error_message = "Parse results or the provider's words are not kept as long as said."
  }
}

run "the_teams_policy_is_kept" {
  command = plan
  variables {
    bucket_policy   = "owned"
    existing_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Theirs\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::210987654321:root\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::acme-docs/results/*\"}]}"
  }

  assert {
    condition     = toset([for s in jsondecode(aws_s3_bucket_policy.this[0].policy).Statement : s.Sid]) == toset(["Theirs", "DenyPlainHTTP", "DenyPresigned"])
    error_message = "The team's own statements are lost, or ours are missing."
  }
}

run "the_teams_policy_would_be_lost" {
  command = plan
  variables { bucket_policy = "owned" }
  expect_failures = [var.bucket_policy]
}

run "a_queue_of_our_own" {
  command = plan
  variables {
    notifications   = "owned-queue"
    queue_arn       = "arn:aws:sqs:us-east-2:123456789012:zdrworker"
    source_prefixes = ["inbox/", "clinic/"]
    suffixes        = [".md", ".pdf"]
  }

  assert {
    condition = toset([for q in aws_s3_bucket_notification.this[0].queue : "${q.filter_prefix}${q.filter_suffix}"]) == toset(["inbox/.md", "inbox/.pdf", "clinic/.md", "clinic/.pdf"]) && alltrue([
      for q in aws_s3_bucket_notification.this[0].queue : toset(q.events) == toset(["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"])
    ])
    error_message = "The queue is told of something else than documents."
  }
}

run "a_queue_without_ownership" {
  command = plan
  variables { queue_arn = "arn:aws:sqs:us-east-2:123456789012:zdrworker" }
  expect_failures = [var.notifications]
}

run "overlapping_prefixes" {
  command = plan
  variables { source_prefixes = ["inbox/", "inbox/acme/"] }
  expect_failures = [var.source_prefixes]
}

run "our_own_results_as_a_source" {
  command = plan
  variables { source_prefixes = ["results/"] }
  expect_failures = [var.source_prefixes]
}

run "a_suffix_without_a_dot" {
  command = plan
  variables { suffixes = ["pdf"] }
  expect_failures = [var.suffixes]
}

run "parse_results_that_do_not_last" {
  command = plan
  variables { keep_parsed_days = 1 }
  expect_failures = [var.keep_parsed_days]
}

run "another_region_than_the_providers" {
  command = plan
  variables { region = "eu-west-1" }
  expect_failures = [var.region]
}
