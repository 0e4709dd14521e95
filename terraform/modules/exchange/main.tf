# The only bucket that the provider ever sees. It holds what is on its way, and
# nothing else: s/<token>.md until a job has ended, o/<token>.json until the
# result is sealed in the store.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

resource "random_id" "name" {
  count       = var.bucket_name == null ? 1 : 0
  byte_length = 8
}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = coalesce(var.region, data.aws_region.current.region)
  account   = data.aws_caller_identity.current.account_id

  # Random, and without a word in it.
  name = var.bucket_name != null ? var.bucket_name : "x${random_id.name[0].hex}"
  arn  = "arn:${local.partition}:s3:::${local.name}"
  all  = [local.arn, "${local.arn}/*"]
}

# Nothing is ever kept for being destroyed: what is in here is on its way.
# force_destroy stays off all the same: a job in flight was paid for.
resource "aws_s3_bucket" "this" {
  bucket        = local.name
  region        = local.region
  force_destroy = false
  # A lock would make a staged copy undeletable.
  object_lock_enabled = false
  tags                = var.tags
}

# Off for good: a delete in a versioned bucket deletes nothing.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  versioning_configuration {
    status = "Disabled"
  }
}

# No ACL can give anything away; what the writer's URLs bring belongs to the bucket.
resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Presigned URLs work with public access blocked: they are signed.
resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  region                  = local.region
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# By default, because a URL that signed encryption would make the provider send
# the header. The bucket key keeps objects' names out of the events of KMS.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

# The safety net beneath the worker's own removal. S3 counts in days, from the
# next midnight UTC.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  dynamic "rule" {
    for_each = { staged = "s/", delivered = "o/" }
    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      expiration {
        days = var.leftover_days
      }
    }
  }

  rule {
    id     = "unfinished"
    status = "Enabled"

    # The whole bucket.
    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

# This bucket's notifications are ours alone, so this resource takes nothing away
# from anybody (see the store module for why it can).
resource "aws_s3_bucket_notification" "this" {
  count  = var.queue_arn == null ? 0 : 1
  bucket = aws_s3_bucket.this.id
  region = local.region

  queue {
    id            = "results"
    queue_arn     = var.queue_arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "o/"
  }
}

# ---------------------------------------------------------------------------
# What the bucket itself refuses, whatever an identity's policy allows. There is
# no Allow here: rights come from the identities.

data "aws_iam_policy_document" "bucket" {
  # A URL that is sent in the clear is a URL that is read.
  statement {
    sid       = "DenyPlainHTTP"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = local.all

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "DenyOldTLS"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = local.all

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }

  # Objects are for three roles, and for whom you name. An administrator's broad
  # rights stop here; lifting this is a change of policy, which CloudTrail shows.
  statement {
    sid       = "DenyObjectsToOthers"
    effect    = "Deny"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = concat([var.worker_role_arn, var.reader_role_arn, var.writer_role_arn], var.other_principal_arns)
    }
  }

  # Only the signers sign URLs: one that was made with the worker's credentials,
  # or an administrator's, opens nothing.
  statement {
    sid       = "DenyPresignedByOthers"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = local.all

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:authType"
      values   = ["REST-QUERY-STRING"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.reader_role_arn, var.writer_role_arn]
    }
  }

  # And the signers do nothing but sign URLs.
  statement {
    sid       = "DenySignersWithoutURL"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = local.all

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [var.reader_role_arn, var.writer_role_arn]
    }

    condition {
      test     = "StringNotEquals"
      variable = "s3:authType"
      values   = ["REST-QUERY-STRING"]
    }
  }

  # No signature is older than a URL lives. In milliseconds; S3 has this key for
  # presigned URLs only.
  statement {
    sid       = "DenyOldSignatures"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = local.all

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericGreaterThan"
      variable = "s3:signatureAge"
      values   = [tostring(var.url_lifetime_seconds * 1000)]
    }
  }

  # The reader gets, the writer puts, each under its prefix, whatever their own
  # policies become one day.
  dynamic "statement" {
    for_each = { Reader = [var.reader_role_arn, "s3:GetObject"], Writer = [var.writer_role_arn, "s3:PutObject"] }
    content {
      sid         = "Deny${statement.key}OtherActions"
      effect      = "Deny"
      not_actions = [statement.value[1]]
      resources   = local.all

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = [statement.value[0]]
      }
    }
  }

  dynamic "statement" {
    for_each = { Reader = [var.reader_role_arn, "s/"], Writer = [var.writer_role_arn, "o/"] }
    content {
      sid           = "Deny${statement.key}OtherKeys"
      effect        = "Deny"
      actions       = ["s3:*"]
      not_resources = ["${local.arn}/${statement.value[1]}*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = [statement.value[0]]
      }
    }
  }

  # A copy carries the source's metadata unless it is told to replace it, and the
  # provider's GET would then be answered with a file name and whatever else
  # stands there. Parts of a large copy carry none and know no such header.
  statement {
    sid       = "DenyCopiesWithMetadata"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-copy-source"
      values   = ["false"]
    }

    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["true"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "s3:x-amz-metadata-directive"
      values   = ["REPLACE"]
    }
  }

  # Nothing comes to the outbox by a copy: a PUT URL brings bytes, it does not
  # make the bucket fetch any.
  statement {
    sid       = "DenyCopiesToOutbox"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/o/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-copy-source"
      values   = ["false"]
    }
  }

  # Tags and ACLs are names too.
  statement {
    sid       = "DenyTagsAndACLs"
    effect    = "Deny"
    actions   = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }

  # What would keep a removed document, copy it elsewhere, or write down who asked
  # for what: versions, a lock, replication, an inventory, and an access log, whose
  # lines hold each URL with its signature. None is ever wanted here. Terraform
  # makes none of these calls for a bucket whose versioning is "Disabled".
  statement {
    sid    = "DenyKeepingAndTelling"
    effect = "Deny"
    actions = [
      "s3:PutBucketLogging",
      "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketVersioning",
      "s3:PutInventoryConfiguration",
      "s3:PutReplicationConfiguration",
    ]
    resources = [local.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }

  # The bucket's key and no other: nobody names one.
  statement {
    sid       = "DenyOtherEncryption"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "s3:x-amz-server-side-encryption"
      values   = ["aws:kms"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption"
      values   = ["false"]
    }
  }

  statement {
    sid       = "DenyOtherKeys"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region
  policy = data.aws_iam_policy_document.bucket.json

  # A policy counts as public until the block is there, for S3's own check.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# ---------------------------------------------------------------------------
# The bucket's own key: what is staged here can be cut off at once by disabling
# it, and nothing else is touched.

resource "aws_kms_key" "this" {
  description             = "Objects of the exchange bucket"
  region                  = local.region
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = var.tags
}

data "aws_iam_policy_document" "key" {
  # The account's identities administer it by their own policies. Using it is not
  # among these actions.
  statement {
    sid       = "Administer"
    actions   = local.key_administration
    resources = ["*"] # a key's policy speaks of its key

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  # Through S3 only, by whom an identity's policy allows it: nobody can decrypt
  # with the key itself.
  statement {
    sid       = "UseThroughS3"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.suffix}"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:CallerAccount"
      values   = [local.account]
    }
  }
}

locals {
  key_administration = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations",
    "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion",
    "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
  ]
}
