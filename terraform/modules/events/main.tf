# From the buckets to the worker: one queue for both, because a message is only a
# nudge and the bucket says what is true. Lost ones are found by a sweep or a scan.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = data.aws_region.current.region
  account   = data.aws_caller_identity.current.account_id

  # Written from names, so that a plan shows every policy in full.
  queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}"
  dlq_arn   = "${local.queue_arn}-dlq"
  rule_arn  = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-documents"

  # Buckets that write to the queue by themselves.
  buckets = concat(
    ["arn:${local.partition}:s3:::${var.exchange_bucket}"],
    var.route_by == "queue" ? ["arn:${local.partition}:s3:::${var.store_bucket}"] : [],
  )

  endings = length(var.suffixes) > 0 ? var.suffixes : [""]
}

resource "aws_sqs_queue" "this" {
  name = var.name
  # Messages hold names of documents.
  kms_master_key_id                 = aws_kms_key.this.arn
  kms_data_key_reuse_period_seconds = 300
  message_retention_seconds         = var.retention_hours * 3600
  visibility_timeout_seconds        = var.visibility_seconds
  receive_wait_time_seconds         = 20
  redrive_policy                    = jsonencode({ deadLetterTargetArn = local.dlq_arn, maxReceiveCount = var.max_receives })
  tags                              = var.tags

  depends_on = [aws_sqs_queue.dlq]
}

# What nobody could read. `redrive` in SQS's console, or
# aws sqs start-message-move-task, brings it back.
resource "aws_sqs_queue" "dlq" {
  name                              = "${var.name}-dlq"
  kms_master_key_id                 = aws_kms_key.this.arn
  kms_data_key_reuse_period_seconds = 300
  message_retention_seconds         = var.dlq_retention_hours * 3600
  # Only the queue above may use it.
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.queue_arn] })
  tags                 = var.tags
}

data "aws_iam_policy_document" "queue" {
  # Nothing in the clear.
  statement {
    sid       = "DenyPlainHTTP"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.queue_arn]

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

  # S3, on behalf of these buckets of this account: the bucket's name alone could
  # be anybody's after it was deleted.
  statement {
    sid       = "BucketsSend"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = local.buckets
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # EventBridge, on behalf of the one rule below.
  dynamic "statement" {
    for_each = var.route_by == "eventbridge" ? [1] : []
    content {
      sid       = "RuleSends"
      actions   = ["sqs:SendMessage"]
      resources = [local.queue_arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [local.rule_arn]
      }
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.url
  policy    = data.aws_iam_policy_document.queue.json
}

data "aws_iam_policy_document" "dlq" {
  statement {
    sid       = "DenyPlainHTTP"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.dlq_arn]

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
}

resource "aws_sqs_queue_policy" "dlq" {
  queue_url = aws_sqs_queue.dlq.url
  policy    = data.aws_iam_policy_document.dlq.json
}

# ---------------------------------------------------------------------------
# Documents, by EventBridge: any number of rules may read a bucket's events, so
# nobody's notifications are touched. No archive and no dead-letter queue of its
# own: both would keep names.

resource "aws_cloudwatch_event_rule" "documents" {
  count       = var.route_by == "eventbridge" ? 1 : 0
  name        = "${var.name}-documents"
  description = "New documents under the prefixes of zdrworker's sources"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created", "Object Restore Completed"] # from an archive: it can be read from then on
    detail = {
      bucket = { name = [var.store_bucket] }
      object = { key = [for p in setproduct(var.source_prefixes, local.endings) : p[1] == "" ? { prefix = p[0] } : { wildcard = "${p[0]}*${p[1]}" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "documents" {
  count     = var.route_by == "eventbridge" ? 1 : 0
  rule      = aws_cloudwatch_event_rule.documents[0].name
  target_id = "queue"
  arn       = aws_sqs_queue.this.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 20
  }
}

# ---------------------------------------------------------------------------
# The queues' key.

resource "aws_kms_key" "this" {
  description             = "Messages of the queues of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7 # what it protects is gone by then
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

  # Through SQS only, by whom an identity's policy allows it.
  statement {
    sid       = "UseThroughSQS"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${local.region}.${local.suffix}"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:CallerAccount"
      values   = [local.account]
    }
  }

  # S3 encrypts what it sends. Without this a notification is lost in silence.
  statement {
    sid       = "BucketsEncrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = local.buckets
    }
  }

  # And so does EventBridge, for the one rule.
  dynamic "statement" {
    for_each = var.route_by == "eventbridge" ? [1] : []
    content {
      sid       = "RuleEncrypts"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [local.rule_arn]
      }
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
