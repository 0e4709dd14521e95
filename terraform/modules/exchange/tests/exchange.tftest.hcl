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
  bucket_name          = "x7k2-9fq4"
  worker_role_arn      = "arn:aws:iam::123456789012:role/zdrworker-worker"
  reader_role_arn      = "arn:aws:iam::123456789012:role/zdrworker-reader"
  writer_role_arn      = "arn:aws:iam::123456789012:role/zdrworker-writer"
  url_lifetime_seconds = 3600
}

run "the_bucket_refuses" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(output.bucket_policy).Statement : s.Effect == "Deny" && try(s.Principal, null) == "*"])
    error_message = "The bucket's policy allows something, or denies it to some only."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPlainHTTP"].Condition == { Bool = { "aws:SecureTransport" = "false" } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPlainHTTP"].Action == "s3:*" && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPlainHTTP"].Resource) == toset(["arn:aws:s3:::x7k2-9fq4", "arn:aws:s3:::x7k2-9fq4/*"])
    error_message = "Plain http is not denied for all of the bucket."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOldSignatures"].Condition == { NumericGreaterThan = { "s3:signatureAge" = "3600000" } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOldSignatures"].Action == "s3:*" && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOldSignatures"].Resource) == toset(["arn:aws:s3:::x7k2-9fq4", "arn:aws:s3:::x7k2-9fq4/*"])
    error_message = "Signatures older than a URL lives, in milliseconds, are not denied."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenySignersWithoutURL"].Condition.StringNotEquals == { "s3:authType" = "REST-QUERY-STRING" } && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenySignersWithoutURL"].Condition.ArnEquals["aws:PrincipalArn"]) == toset([var.reader_role_arn, var.writer_role_arn]) && length({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenySignersWithoutURL"].Condition) == 2 && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenySignersWithoutURL"].Action == "s3:*"
    error_message = "The signers are not held to presigned URLs."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPresignedByOthers"].Condition.StringEquals == { "s3:authType" = "REST-QUERY-STRING" } && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPresignedByOthers"].Condition.ArnNotEquals["aws:PrincipalArn"]) == toset([var.reader_role_arn, var.writer_role_arn]) && length({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPresignedByOthers"].Condition) == 2 && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyPresignedByOthers"].Action == "s3:*"
    error_message = "Others than the signers may presign."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyReaderOtherActions"].Condition == { ArnEquals = { "aws:PrincipalArn" = var.reader_role_arn } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyReaderOtherActions"].NotAction == "s3:GetObject" && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyReaderOtherActions"].Resource) == toset(["arn:aws:s3:::x7k2-9fq4", "arn:aws:s3:::x7k2-9fq4/*"])
    error_message = "The reader may do another thing than its one."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyReaderOtherKeys"].Condition == { ArnEquals = { "aws:PrincipalArn" = var.reader_role_arn } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyReaderOtherKeys"].NotResource == "arn:aws:s3:::x7k2-9fq4/s/*"
    error_message = "The reader may do its thing elsewhere than under its prefix."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWriterOtherActions"].Condition == { ArnEquals = { "aws:PrincipalArn" = var.writer_role_arn } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWriterOtherActions"].NotAction == "s3:PutObject" && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWriterOtherActions"].Resource) == toset(["arn:aws:s3:::x7k2-9fq4", "arn:aws:s3:::x7k2-9fq4/*"])
    error_message = "The writer may do another thing than its one."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWriterOtherKeys"].Condition == { ArnEquals = { "aws:PrincipalArn" = var.writer_role_arn } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyWriterOtherKeys"].NotResource == "arn:aws:s3:::x7k2-9fq4/o/*"
    error_message = "The writer may do its thing elsewhere than under its prefix."
  }
  assert {
    condition = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyCopiesWithMetadata"].Condition == {
      Null            = { "s3:x-amz-copy-source" = "false" }
      Bool            = { "s3:ObjectCreationOperation" = "true" }
      StringNotEquals = { "s3:x-amz-metadata-directive" = "REPLACE" }
    } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyCopiesWithMetadata"].Resource == "arn:aws:s3:::x7k2-9fq4/*" && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyCopiesWithMetadata"].Action == "s3:PutObject"
    error_message = "A copy may carry its source's metadata."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyCopiesToOutbox"].Condition == { Null = { "s3:x-amz-copy-source" = "false" } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyCopiesToOutbox"].Resource == "arn:aws:s3:::x7k2-9fq4/o/*"
    error_message = "Something may be copied into the outbox."
  }
  assert {
    condition     = keys({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyObjectsToOthers"].Condition) == ["ArnNotEquals"] && toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyObjectsToOthers"].Condition.ArnNotEquals["aws:PrincipalArn"]) == toset([var.worker_role_arn, var.reader_role_arn, var.writer_role_arn]) && contains({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyObjectsToOthers"].Action, "s3:GetObject") && contains({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyObjectsToOthers"].Action, "s3:PutObject")
    error_message = "Others than the three roles may touch objects."
  }
  assert {
    condition     = contains({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyTagsAndACLs"].Action, "s3:PutObjectTagging") && contains({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyTagsAndACLs"].Action, "s3:PutObjectAcl") && try({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyTagsAndACLs"].Condition, null) == null
    error_message = "Tags or ACLs may be put on objects."
  }
  assert {
    condition = (
      toset({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyKeepingAndTelling"].Action) == toset(["s3:PutBucketLogging", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning", "s3:PutInventoryConfiguration", "s3:PutReplicationConfiguration"]) &&
      { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyKeepingAndTelling"].Resource == "arn:aws:s3:::x7k2-9fq4" &&
      try({ for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyKeepingAndTelling"].Condition, null) == null
    )
    error_message = "Somebody may have the bucket keep, copy or write down what is on its way."
  }
  assert {
    condition     = { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOtherKeys"].Condition == { Null = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" } } && { for s in jsondecode(output.bucket_policy).Statement : s.Sid => s }["DenyOtherEncryption"].Condition.StringNotEquals == { "s3:x-amz-server-side-encryption" = "aws:kms" }
    error_message = "Another key than the bucket's may be named."
  }
}

run "as_a_provider_facing_bucket_must_be" {
  command = plan

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Disabled" && aws_s3_bucket.this.object_lock_enabled == false && aws_s3_bucket.this.force_destroy == false
    error_message = "Versions or a lock would keep what is deleted."
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access is not blocked."
  }
  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs are not off."
  }
  assert {
    condition = alltrue([for r in aws_s3_bucket_server_side_encryption_configuration.this.rule :
    r.bucket_key_enabled && one(r.apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"])
    error_message = "The bucket key is off, so that KMS's events hold objects' names, or KMS is not used."
  }
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key is never rotated."
  }
  assert {
    condition = { for r in aws_s3_bucket_lifecycle_configuration.this.rule : one(r.filter).prefix => one(r.expiration).days if length(r.expiration) > 0 } == { "s/" = 2, "o/" = 2 } && anytrue([
      for r in aws_s3_bucket_lifecycle_configuration.this.rule : one(r.filter).prefix == "" && one(r.abort_incomplete_multipart_upload).days_after_initiation == 1 if length(r.abort_incomplete_multipart_upload) > 0
    ])
    error_message = "Leftovers under s/, o/ or of unfinished uploads stay."
  }
  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0
    error_message = "There is a notification though no queue was named."
  }
}

run "the_key_is_used_through_s3_only" {
  command = plan

  assert {
    condition = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement :
      s.Condition.StringEquals == { "kms:ViaService" = "s3.us-east-2.amazonaws.com", "kms:CallerAccount" = "123456789012" }
      if anytrue([for a in flatten([s.Action]) : contains(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], a)])
    ])
    error_message = "Somebody may use the key without S3."
  }
  assert {
    condition     = alltrue([for a in flatten([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Action]) : !strcontains(a, "*")])
    error_message = "An action of the key's policy is a wildcard."
  }
}

run "results_tell_the_queue" {
  command = plan
  variables {
    queue_arn = "arn:aws:sqs:us-east-2:123456789012:zdrworker"
  }

  assert {
    condition = alltrue([for q in aws_s3_bucket_notification.this[0].queue :
    q.filter_prefix == "o/" && q.queue_arn == "arn:aws:sqs:us-east-2:123456789012:zdrworker" && toset(q.events) == toset(["s3:ObjectCreated:*"])])
    error_message = "The outbox does not tell the queue, or more than the outbox does."
  }
}

run "a_name_nobody_can_read" {
  command = plan
  variables { bucket_name = null }

  assert {
    condition     = length(random_id.name) == 1 && random_id.name[0].byte_length == 8
    error_message = "The name is not random."
  }
}

run "a_name_that_tells" {
  command = plan
  variables { bucket_name = "acme-invoices-zdr" }
  expect_failures = [var.bucket_name]
}

run "another_name_that_tells" {
  command = plan
  variables { bucket_name = "acme-ade-x7k2" }
  expect_failures = [var.bucket_name]
}

run "a_signature_younger_than_a_job" {
  command = plan
  variables { url_lifetime_seconds = 1800 }
  expect_failures = [var.url_lifetime_seconds]
}

run "one_role_for_two" {
  command = plan
  variables { reader_role_arn = "arn:aws:iam::123456789012:role/zdrworker-writer" }
  expect_failures = [var.reader_role_arn]
}

run "another_region_than_the_providers" {
  command = plan
  variables { region = "eu-west-1" }
  expect_failures = [var.region]
}

run "another_region_when_asked_for" {
  command = plan
  variables {
    region             = "eu-west-1"
    allow_other_region = true
  }

  assert {
    condition     = aws_s3_bucket.this.region == "eu-west-1" && aws_kms_key.this.region == "eu-west-1" && strcontains(aws_kms_key.this.policy, "s3.eu-west-1.amazonaws.com")
    error_message = "Bucket and key are not in the region that was asked for."
  }
}

run "leftovers_for_ever" {
  command = plan
  variables { leftover_days = 365 }
  expect_failures = [var.leftover_days]
}
