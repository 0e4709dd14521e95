# The evidence: content-free entries, appended and never changed. It is a bucket
# of its own, because Object Lock is a bucket's and the exchange bucket must never
# have one.
#
# prevent_destroy stands on the bucket and on its key: `terraform destroy` stops
# before it begins. A key that is gone makes evidence unreadable as surely as a
# bucket that is gone. The README says how to take the rest down.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = coalesce(var.region, data.aws_region.current.region)
  account   = data.aws_caller_identity.current.account_id

  arn = "arn:${local.partition}:s3:::${var.bucket_name}"
}

resource "aws_s3_bucket" "this" {
  bucket        = var.bucket_name
  region        = local.region
  force_destroy = false
  # It can be switched on for good only when a bucket is made; a default
  # retention can come later.
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

# Object Lock works on versions.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  count  = var.object_lock == null ? 0 : 1
  bucket = aws_s3_bucket.this.id
  region = local.region

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  region                  = local.region
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

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

data "aws_iam_policy_document" "bucket" {
  # Nothing in the clear.
  statement {
    sid       = "DenyPlainHTTP"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.arn, "${local.arn}/*"]

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

  # An entry is written once: only a write that is conditional on there being
  # none is let in. Parts of an upload know no condition; completing one does.
  statement {
    sid       = "DenyOverwriting"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["true"]
    }

    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["true"]
    }
  }

  # Nobody else writes evidence.
  statement {
    sid       = "DenyWritingByOthers"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = var.writer_arns
    }
  }

  # Nobody deletes it or shortens its retention. An administrator can change this
  # policy first; CloudTrail shows that, and Object Lock outlasts it.
  statement {
    sid    = "DenyRemoving"
    effect = "Deny"
    actions = [
      "s3:BypassGovernanceRetention",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:PutObjectRetention",
    ]
    resources = ["${local.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }

  # Nor lets it expire: S3 asks no policy before it removes what a lifecycle rule
  # names. This module has no such rule.
  statement {
    sid       = "DenyExpiry"
    effect    = "Deny"
    actions   = ["s3:PutLifecycleConfiguration"]
    resources = [local.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  region = local.region
  policy = data.aws_iam_policy_document.bucket.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_kms_key" "this" {
  description             = "Entries of the ledger bucket"
  region                  = local.region
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = var.tags

  lifecycle {
    prevent_destroy = true
  }
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

  # Through S3 only, by whom an identity's policy allows it.
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
