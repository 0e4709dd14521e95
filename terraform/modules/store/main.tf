# The team's own bucket. By default nothing of it is touched: S3 keeps policy,
# notifications and lifecycle as one document each, and to write one is to replace
# what others wrote there. Each is taken over only where a variable says so.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = coalesce(var.region, data.aws_region.current.region)
  account   = data.aws_caller_identity.current.account_id

  arn = "arn:${local.partition}:s3:::${var.bucket_name}"
  # Known only once it is made, where it is.
  id = var.create ? aws_s3_bucket.this[0].id : var.bucket_name
}

# ---------------------------------------------------------------------------
# A bucket for somebody who has none. prevent_destroy, because documents and
# results are in it: `terraform destroy` stops before it begins (README).

resource "aws_s3_bucket" "this" {
  count         = var.create ? 1 : 0
  bucket        = var.bucket_name
  region        = local.region
  force_destroy = false
  tags          = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

# With versions the exact document that was claimed can be named for ever.
resource "aws_s3_bucket_versioning" "this" {
  count  = var.create ? 1 : 0
  bucket = local.id
  region = local.region

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count  = var.create ? 1 : 0
  bucket = local.id
  region = local.region

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  count                   = var.create ? 1 : 0
  bucket                  = local.id
  region                  = local.region
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count  = var.create ? 1 : 0
  bucket = local.id
  region = local.region

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this[0].arn
    }
  }
}

# ---------------------------------------------------------------------------
# The bucket's policy: one document, so it is merged with what the team has.

data "aws_iam_policy_document" "own" {
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

  # The worker's state holds names, and nobody has a reason to hand it out: no
  # presigned URL opens it, nor lists the bucket.
  statement {
    sid       = "DenyPresigned"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.arn, "${local.arn}/zdr/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:authType"
      values   = ["REST-QUERY-STRING"]
    }
  }
}

data "aws_iam_policy_document" "merged" {
  source_policy_documents = concat(
    contains(["", "none"], coalesce(var.existing_policy, "none")) ? [] : [var.existing_policy],
    [data.aws_iam_policy_document.own.json],
  )
}

resource "aws_s3_bucket_policy" "this" {
  count  = var.bucket_policy == "owned" ? 1 : 0
  bucket = local.id
  region = local.region
  policy = data.aws_iam_policy_document.merged.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# ---------------------------------------------------------------------------
# Notifications. This resource is dangerous on a bucket that others use: S3 keeps
# one configuration for a bucket, the resource writes all of it, and whatever
# queue, topic or function somebody else had there hears nothing from then on.
# Two of these resources on one bucket take turns in undoing each other. So it is
# made only where a variable says that the notifications are ours.

resource "aws_s3_bucket_notification" "this" {
  count       = var.notifications == "eventbridge" ? 0 : 1
  bucket      = local.id
  region      = local.region
  eventbridge = var.notifications == "owned-eventbridge"

  dynamic "queue" {
    for_each = var.notifications != "owned-queue" ? {} : {
      for pair in setproduct(var.source_prefixes, length(var.suffixes) > 0 ? var.suffixes : [""]) : join("*", pair) => pair
    }
    content {
      queue_arn     = var.queue_arn
      events        = ["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"] # from an archive: it can be read from then on
      filter_prefix = queue.value[0]
      filter_suffix = queue.value[1]
    }
  }
}

# ---------------------------------------------------------------------------
# Lifecycle of what the worker writes. No rule touches a document, a result or a
# failure.

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count  = var.lifecycle_rules == "owned" ? 1 : 0
  bucket = local.id
  region = local.region

  dynamic "rule" {
    for_each = { parsed = ["zdr/parsed/", var.keep_parsed_days], texts = ["zdr/texts/", var.keep_texts_days] }
    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value[0]
      }

      expiration {
        days = rule.value[1]
      }
    }
  }

  rule {
    id     = "superseded"
    status = "Enabled"

    filter {
      prefix = "zdr/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.keep_versions_days
    }
  }

  dynamic "rule" {
    for_each = { results = "results/", state = "zdr/", failures = "failures/", uploads = "uploads/" }
    content {
      id     = "unfinished-${rule.key}"
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      abort_incomplete_multipart_upload {
        days_after_initiation = 2
      }
    }
  }
}

# ---------------------------------------------------------------------------
# The key of a bucket that is made here.

resource "aws_kms_key" "this" {
  count                   = var.create ? 1 : 0
  description             = "Objects of the store bucket"
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
