# The worker as a function: the same pipeline, nudged by the queue, and swept by a
# schedule. Nothing is held while the provider works.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = data.aws_region.current.region
  account   = data.aws_caller_identity.current.account_id

  log_group     = "/aws/lambda/${var.name}"
  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.log_group}"
  function_arn  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}"
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = "zdrworker"
  role          = var.role_arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]

  filename          = var.package.filename
  s3_bucket         = var.package.s3_bucket
  s3_key            = var.package.s3_key
  s3_object_version = var.package.object_version
  source_code_hash  = var.source_code_hash

  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.concurrency

  # Where the key is, and never the key: variables are shown to whoever may look
  # at the function.
  environment {
    variables = { ZDRWORKER_CONFIG = var.configuration }
  }

  # One line a record as the worker writes it. In Lambda's own JSON format the
  # platform would wrap it, and embedded metrics with it.
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  # No dead_letter_config: it would store events, and events hold names.

  tags       = var.tags
  depends_on = [aws_iam_role_policy.log]
}

# The schedule's calls are asynchronous. A failed one is dropped, because the next
# comes by itself, and it is sent nowhere: a failure destination would store it.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_event_age_in_seconds = 300
  maximum_retry_attempts       = 0
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = var.queue_arn
  function_name    = aws_lambda_function.this.arn
  batch_size       = 10
  # A message that failed comes again alone, not with the nine beside it.
  function_response_types = ["ReportBatchItemFailures"]

  # One below the reserved number is left to the sweep; without this bound the
  # poller takes messages that are then throttled, and each throttle is a try.
  scaling_config {
    maximum_concurrency = max(2, var.concurrency - 1)
  }

  tags = var.tags
}

# ---------------------------------------------------------------------------
# The sweep.

resource "aws_scheduler_schedule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "Looks for what no event covers"
  schedule_expression = var.sweep_every

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local.function_arn
    role_arn = aws_iam_role.sweep.arn
    # What the function knows a sweep by; it holds nothing.
    input = jsonencode({ source = "aws.scheduler", detail-type = "Scheduled Event", detail = {} })

    # The next one comes by itself. No dead_letter_config.
    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_lambda_function.this]
}

data "aws_iam_policy_document" "scheduler" {
  # EventBridge Scheduler, for schedules of this account.
  statement {
    sid     = "Scheduler"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "sweep" {
  # Call the one function.
  statement {
    sid       = "CallTheFunction"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.function_arn]
  }
}

resource "aws_iam_role" "sweep" {
  name               = "${var.name}-sweep"
  description        = "zdrworker: calls the function on a schedule"
  assume_role_policy = data.aws_iam_policy_document.scheduler.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "sweep" {
  name   = "sweep"
  role   = aws_iam_role.sweep.id
  policy = data.aws_iam_policy_document.sweep.json
}

# ---------------------------------------------------------------------------
# The log. It is made here, because a function that makes its own keeps it for
# ever and unencrypted; so the worker has no right to make one.

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.log.arn
  tags              = var.tags
}

data "aws_iam_policy_document" "log" {
  # Its own log and no other.
  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_group_arn}:*"]
  }
}

resource "aws_iam_role_policy" "log" {
  name   = "log"
  role   = var.role_name
  policy = data.aws_iam_policy_document.log.json
}

resource "aws_kms_key" "log" {
  description             = "Log of the function ${var.name}"
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

  # CloudWatch Logs, for this one log group.
  statement {
    sid       = "EncryptTheLog"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.${local.suffix}"]
    }

    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = [local.log_group_arn]
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
