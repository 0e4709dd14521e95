# The worker's configuration file, from the same values as the policies: what it
# asks for and what it is allowed cannot drift apart.

locals {
  queue_parts = split(":", coalesce(var.queue_arn, "arn:aws:sqs:none:0:none"))
  queue_url   = "https://sqs.${local.queue_parts[3]}.${local.suffix}/${local.queue_parts[4]}/${local.queue_parts[5]}"

  signer = {
    for who in ["reader", "writer"] : who => merge(
      { credentials = var.platform == "irsa" ? "web-identity" : "assume-role", role = local.role_arn[who] },
      var.platform == "irsa" ? { token_file = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token" } : {},
    )
  }

  own_queue = [{ sqs = local.queue_url, scan = null, schedule = null }]
  sources   = var.sources != null ? var.sources : var.queue_arn == null ? [] : local.own_queue

  configuration = yamlencode(merge(
    {
      version  = 1
      store    = "s3://${var.store_bucket}"
      exchange = "s3://${var.exchange_bucket}"
      s3       = { region = local.region }
      provider = merge(
        { region = var.provider_region },
        # One of the two, and never the key.
        { for k, v in { api_key_file = var.api_key_file, api_key_secret = var.api_key_file == null ? local.secret_arn : null } : k => v if v != null },
      )
      signing = {
        lifetime      = "${local.lifetime}s"
        signature_age = "${local.lifetime}s"
        reader        = local.signer.reader
        writer        = local.signer.writer
      }
      timing = { job_time = "${var.job_time_seconds}s" }
      policy = { residency = "same-region", schemas = var.schema_digests }
      routes = [
        for r in var.routes : {
          name     = r.name
          match    = { prefix = r.prefix, suffix = r.suffix }
          schema   = r.schema
          revision = r.revision
        }
      ]
      sources = [for s in local.sources : { for k, v in s : k => v if v != null }]
    },
    alltrue([for n in values(var.budget) : n == null]) ? {} : { budget = { for k, v in var.budget : k => v if v != null } },
    var.ledger_bucket == null ? {} : { ledger = "s3://${var.ledger_bucket}" },
    var.admin_address == "" ? {} : { serve = { admin = var.admin_address } },
  ))
}
