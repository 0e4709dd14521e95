# Who may do what: the worker, and the two signers. The comment above each
# statement says why it is there; what is not listed is not needed.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = data.aws_region.current.region
  account   = data.aws_caller_identity.current.account_id

  # ARNs are written from names, not read back from resources: so a plan shows
  # every policy in full before anything is made.
  role_arn = { for who in ["worker", "reader", "writer"] : who => "arn:${local.partition}:iam::${local.account}:role/${var.name}-${who}" }
  store    = "arn:${local.partition}:s3:::${var.store_bucket}"
  exchange = "arn:${local.partition}:s3:::${var.exchange_bucket}"
  ledger   = "arn:${local.partition}:s3:::${coalesce(var.ledger_bucket, "none")}"

  # A session that is taken with a token or with a user's own key may last 12
  # hours. One that is taken by another role's session is cut off after one.
  direct = var.platform == "irsa" || (var.platform == "principals" && alltrue([for a in var.principal_arns : strcontains(a, ":user/")]))

  # One number: what the worker asks for, what the exchange bucket's policy and
  # the signers' policies let in, and how long a signer's session lasts.
  lifetime        = coalesce(var.url_lifetime_seconds, local.direct ? 21600 : 3600)
  lifetime_millis = local.lifetime * 1000

  # Schemas in buckets, as bucket/key.
  schemas = distinct([for r in var.routes : trimprefix(r.schema, "s3://") if startswith(r.schema, "s3://")])

  writes  = concat(["zdr/*", "results/*", "failures/*"], var.allow_uploads ? ["uploads/*"] : [])
  removes = ["zdr/open/*", "zdr/drain/*", "zdr/parsed/*", "zdr/control/backfill/*", "zdr/control/lists/*", "zdr/control/budget/*", "failures/*"]
  reads   = concat([for p in var.source_prefixes : "${p}*"], local.writes)
}

# ---------------------------------------------------------------------------
# The worker

data "aws_iam_policy_document" "worker" {
  # The documents. An exact version is copied to the exchange bucket, so that
  # what is sent is what was claimed, whatever is written meanwhile. Read only.
  statement {
    sid       = "ReadDocuments"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [for p in var.source_prefixes : "${local.store}/${p}*"]
  }

  # Schemas that routes name in buckets: these objects and no prefix.
  dynamic "statement" {
    for_each = length(local.schemas) > 0 ? [1] : []
    content {
      sid       = "ReadSchemas"
      actions   = ["s3:GetObject"]
      resources = [for s in local.schemas : "arn:${local.partition}:s3:::${s}"]
    }
  }

  # Its own state, results and failures. Every write of state is conditional on
  # what was read, so reading belongs to it. Large results go up in parts; parts
  # of an upload that failed are taken away.
  statement {
    sid       = "WriteStateAndResults"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [for p in local.writes : "${local.store}/${p}"]
  }

  # What is over, in all its versions: the marker of a job that is closed, the slip
  # of what has drained, what was parsed and is kept no longer (keep.parsed), a
  # backfill that has ended and its list, the account of a budget that nobody spends
  # from any more, the failure of a document that succeeded after all; and under
  # zdr/open/ too, what the first start races for to see whether the store keeps
  # conditional writes. Records, results and documents are never deleted by the
  # worker.
  statement {
    sid       = "RemoveMarkersAndFailures"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    resources = [for p in local.removes : "${local.store}/${p}"]
  }

  # A sweep lists markers; a scan lists documents. IfExists is on purpose: S3
  # answers 404 for an object that is not there, and not 403, only to somebody
  # who may list, and that question carries no prefix. The worker lives on being
  # told "not there". What it also lets through is a listing without any prefix:
  # names, no content.
  statement {
    sid       = "ListStore"
    actions   = ["s3:ListBucket"]
    resources = [local.store]

    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = local.reads
    }
  }

  # "Removed" is said only after a look at the versions.
  statement {
    sid       = "ListStoreVersions"
    actions   = ["s3:ListBucketVersions"]
    resources = [local.store]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = local.removes
    }
  }

  # And at unfinished uploads. S3 knows no prefix for this action.
  statement {
    sid       = "ListStoreUploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = [local.store]
  }

  # Stage a document. Nothing is ever written to o/ by the worker: only through
  # the writer's URLs.
  statement {
    sid       = "StageDocuments"
    actions   = ["s3:PutObject"]
    resources = ["${local.exchange}/s/*"]
  }

  # The object that says which fleet uses the exchange bucket, so that two
  # cannot remove each other's documents. Written once, never removed.
  statement {
    sid       = "BindExchange"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.exchange}/fleet.json"]
  }

  # Read what came back, and look whether what was staged is there.
  statement {
    sid       = "ReadExchange"
    actions   = ["s3:GetObject"]
    resources = ["${local.exchange}/s/*", "${local.exchange}/o/*"]
  }

  # Take away both, every version and every part.
  statement {
    sid       = "ClearExchange"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"]
    resources = ["${local.exchange}/s/*", "${local.exchange}/o/*"]
  }

  # The whole bucket is the worker's: one listing answers for a thousand jobs,
  # and an empty one is the proof that nothing is left.
  statement {
    sid       = "ListExchange"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
    resources = [local.exchange]
  }

  # What the start and `zdrworker doctor` look at: settings, no object.
  statement {
    sid = "InspectBuckets"
    actions = [
      "s3:GetBucketLocation",
      "s3:GetBucketNotification",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketPolicyStatus",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
    ]
    resources = concat([local.store, local.exchange], var.ledger_bucket == null ? [] : [local.ledger])
  }

  # Evidence is added and read, never changed, never deleted. That an entry
  # cannot be written over is the ledger bucket's own policy.
  dynamic "statement" {
    for_each = var.ledger_bucket == null ? [] : [1]
    content {
      sid       = "AppendLedger"
      actions   = ["s3:PutObject", "s3:GetObject"]
      resources = ["${local.ledger}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.ledger_bucket == null ? [] : [1]
    content {
      sid       = "ListLedger"
      actions   = ["s3:ListBucket"]
      resources = [local.ledger]
    }
  }

  # The buckets' keys, through S3 only, and only for these buckets: with a bucket
  # key the context is the bucket's ARN, so that no event of KMS holds a name.
  dynamic "statement" {
    for_each = local.bucket_keys
    content {
      sid       = statement.value.sid
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value.key]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${local.region}.${local.suffix}"]
      }

      condition {
        test     = "StringLike"
        variable = "kms:EncryptionContext:aws:s3:arn"
        values   = statement.value.context
      }
    }
  }

  # Events in, nudges of sweeps out. A message that takes long is kept hidden.
  dynamic "statement" {
    for_each = var.queue_arn == null ? [] : [1]
    content {
      sid = "WorkQueue"
      # The attributes are for Lambda's poller, which works with the function's
      # role, and for `zdrworker doctor`.
      actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:SendMessage", "sqs:GetQueueAttributes"]
      resources = [var.queue_arn]
    }
  }

  dynamic "statement" {
    for_each = var.queue_arn == null ? [] : [1]
    content {
      sid       = "UseQueueKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.queue_kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["sqs.${local.region}.${local.suffix}"]
      }
    }
  }

  # The provider's API key, read by the worker itself; where the platform mounts
  # it as a file, the worker needs no right to it. The six question marks are
  # what Secrets Manager appends to a name.
  dynamic "statement" {
    for_each = var.api_key_file == null ? [1] : []
    content {
      sid       = "ReadAPIKey"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = ["${local.secret_arn}-??????"]
    }
  }

  # A secret under a key of yours: through Secrets Manager only.
  dynamic "statement" {
    for_each = var.api_key_file == null && var.secret_kms_key_arn != null ? [1] : []
    content {
      sid       = "UseSecretKey"
      actions   = ["kms:Decrypt"]
      resources = [var.secret_kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${local.region}.${local.suffix}"]
      }
    }
  }

  # Become a signer. With IRSA it is the service account's token that does, and
  # the worker's role needs nothing.
  dynamic "statement" {
    for_each = var.platform == "irsa" ? [] : [1]
    content {
      sid       = "BecomeSigner"
      actions   = ["sts:AssumeRole"]
      resources = [local.role_arn.reader, local.role_arn.writer]
    }
  }
}

locals {
  bucket_keys = concat(
    [{ sid = "UseExchangeKey", key = var.exchange_kms_key_arn, context = [local.exchange] }],
    # A team's bucket may do without a bucket key: then the context is the object's ARN.
    var.store_kms_key_arn == null ? [] : [{ sid = "UseStoreKey", key = var.store_kms_key_arn, context = [local.store, "${local.store}/*"] }],
    var.ledger_kms_key_arn == null ? [] : [{ sid = "UseLedgerKey", key = var.ledger_kms_key_arn, context = [local.ledger] }],
  )
}

resource "aws_iam_role" "worker" {
  name                 = "${var.name}-worker"
  description          = "zdrworker: moves documents from the store bucket to the exchange bucket and results back"
  assume_role_policy   = data.aws_iam_policy_document.worker_trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

# Inline: it goes with the role and cannot be attached to another.
resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.worker.json
}

# ---------------------------------------------------------------------------
# The signers. Two, because who holds a PUT URL can make some stores copy any
# object that its signer may read: the writer reads nothing, the reader writes
# nothing, and neither lists, tags or deletes.

locals {
  signers = {
    reader = { does = "GET s/*", action = "s3:GetObject", prefix = "s/", kms = "kms:Decrypt" }
    writer = { does = "PUT o/*", action = "s3:PutObject", prefix = "o/", kms = "kms:GenerateDataKey" }
  }
}

data "aws_iam_policy_document" "signer" {
  for_each = local.signers

  # The one thing that it can do.
  statement {
    sid       = "SignOneThing"
    actions   = [each.value.action]
    resources = ["${local.exchange}/${each.value.prefix}*"]
  }

  # Nothing at all, unless the signature stands in the URL: credentials that are
  # stolen are of no use in a request that is signed in its header.
  statement {
    sid       = "DenyUnlessPresigned"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]

    condition {
      test     = "StringNotEquals"
      variable = "s3:authType"
      values   = ["REST-QUERY-STRING"]
    }
  }

  # No URL lives longer than the worker means it to, whatever its own expiry
  # says: a signer's credentials can otherwise sign for seven days.
  statement {
    sid       = "DenyOldSignatures"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]

    condition {
      test     = "NumericGreaterThan"
      variable = "s3:signatureAge"
      values   = [tostring(local.lifetime_millis)]
    }
  }

  # The exchange bucket's key, one way only: the reader decrypts, the writer
  # encrypts.
  statement {
    sid       = "UseExchangeKey"
    actions   = [each.value.kms]
    resources = [var.exchange_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.${local.suffix}"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:s3:arn"
      values   = [local.exchange]
    }
  }
}

resource "aws_iam_role" "signer" {
  for_each = local.signers

  name               = "${var.name}-${each.key}"
  description        = "zdrworker: signs ${each.value.does} of the exchange bucket, and can do nothing else"
  assume_role_policy = data.aws_iam_policy_document.signer_trust.json
  # A URL dies with the session that signed it. An hour is the least that IAM
  # takes here; a chained session ends after an hour in any case.
  max_session_duration = max(3600, local.lifetime)
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "signer" {
  for_each = local.signers

  name   = each.key
  role   = aws_iam_role.signer[each.key].id
  policy = data.aws_iam_policy_document.signer[each.key].json
}

# ---------------------------------------------------------------------------
# The provider's API key: the container alone. Its value never passes through
# Terraform, so no state, no plan and no variable holds it. Put it in with
#   aws secretsmanager put-secret-value --secret-id NAME --secret-string file:///dev/stdin

resource "aws_secretsmanager_secret" "api_key" {
  name                    = local.secret_name
  description             = "The provider's API key for zdrworker. Its value is put in by hand, not by Terraform."
  kms_key_id              = var.secret_kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
  tags                    = var.tags
}

locals {
  secret_name = "${var.name}/api-key"
  secret_arn  = "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${local.secret_name}"
}
