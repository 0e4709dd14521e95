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
  bucket_name = "acme-zdr-ledger"
  writer_arns = ["arn:aws:iam::123456789012:role/zdrworker-worker"]
}

run "append_only" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(output.bucket_policy).Statement : s.Effect == "Deny" && s.Principal == "*"])
    error_message = "The bucket's policy allows something, or denies it to some only."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOverwriting"].Condition == { Null = { "s3:if-none-match" = "true" }, Bool = { "s3:ObjectCreationOperation" = "true" } }
    error_message = "An entry may be written over."
  }
  assert {
    condition     = try({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyRemoving"].Condition, null) == null && length(setsubtract(["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"], { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyRemoving"].Action)) == 0
    error_message = "Somebody may delete an entry."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyExpiry"].Action == "s3:PutLifecycleConfiguration" && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyExpiry"].Resource == "arn:aws:s3:::acme-zdr-ledger" && try({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyExpiry"].Condition, null) == null
    error_message = "A lifecycle rule may let entries expire."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWritingByOthers"].Condition == { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/zdrworker-worker" } }
    error_message = "Others than the worker may write."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPlainHTTP"].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "Plain http is not denied."
  }
  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && !aws_s3_bucket.this.force_destroy && one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled" && length(aws_s3_bucket_object_lock_configuration.this) == 0
    error_message = "The bucket is not ready for a lock, or has one that nobody asked for."
  }
  assert {
    condition     = alltrue([for r in aws_s3_bucket_server_side_encryption_configuration.this.rule : r.bucket_key_enabled])
    error_message = "The bucket key is off."
  }
}

run "locked_where_asked" {
  command = plan
  variables {
    object_lock = { mode = "COMPLIANCE", days = 400 }
  }

  assert {
    condition     = alltrue([for r in aws_s3_bucket_object_lock_configuration.this[0].rule : one(r.default_retention).mode == "COMPLIANCE" && one(r.default_retention).days == 400])
    error_message = "The lock is not the one that was asked for."
  }
}

run "a_lock_for_ever" {
  command = plan
  variables {
    object_lock = { mode = "COMPLIANCE", days = 36500 }
  }
  expect_failures = [var.object_lock]
}

run "a_mode_that_is_none" {
  command = plan
  variables {
    object_lock = { mode = "compliance", days = 30 }
  }
  expect_failures = [var.object_lock]
}

run "anybody_writes" {
  command = plan
  variables { writer_arns = ["*"] }
  expect_failures = [var.writer_arns]
}

run "another_region_than_the_providers" {
  command = plan
  variables { region = "eu-west-1" }
  expect_failures = [var.region]
}
