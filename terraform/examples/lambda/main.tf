# Documents under inbox/ become results under results/, by a function.

provider "aws" {
  region = var.region
}

locals {
  # Schemas lie in the store, beside no document.
  schema_key = "schemas/invoice.json"

  # Markdown goes to the provider as it is. All else is parsed first, at a price a
  # page; what was parsed stays in the store and is paid once.
  suffixes = [".md", ".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"]
}

module "store" {
  source          = "../../modules/store"
  bucket_name     = var.store_bucket
  create          = var.create_store_bucket
  region          = var.region
  bucket_policy   = var.create_store_bucket ? "owned" : "none"
  lifecycle_rules = var.create_store_bucket ? "owned" : "none"
  notifications   = var.create_store_bucket ? "owned-eventbridge" : "eventbridge"
}

resource "aws_s3_object" "schema" {
  bucket       = module.store.bucket_name
  key          = local.schema_key
  source       = "${path.module}/schemas/invoice.json"
  source_hash  = filemd5("${path.module}/schemas/invoice.json")
  content_type = "application/json"

  depends_on = [module.store]
}

module "exchange" {
  source               = "../../modules/exchange"
  bucket_name          = var.exchange_bucket
  region               = var.region
  worker_role_arn      = module.identity.worker_role_arn
  reader_role_arn      = module.identity.reader_role_arn
  writer_role_arn      = module.identity.writer_role_arn
  url_lifetime_seconds = module.identity.url_lifetime_seconds
  queue_arn            = module.events.queue_arn
}

module "ledger" {
  source      = "../../modules/ledger"
  bucket_name = coalesce(var.ledger_bucket, "${var.store_bucket}-ledger")
  region      = var.region
  object_lock = var.ledger_lock
  writer_arns = [module.identity.worker_role_arn]
}

module "events" {
  source             = "../../modules/events"
  name               = var.name
  store_bucket       = module.store.bucket_name
  exchange_bucket    = module.exchange.bucket_name
  visibility_seconds = 720 # six times the function's timeout
  alarm_actions      = var.alarm_actions
}

module "identity" {
  source               = "../../modules/identity"
  name                 = var.name
  platform             = "lambda"
  store_bucket         = module.store.bucket_name
  store_kms_key_arn    = module.store.kms_key_arn
  exchange_bucket      = module.exchange.bucket_name
  exchange_kms_key_arn = module.exchange.kms_key_arn
  ledger_bucket        = module.ledger.bucket_name
  ledger_kms_key_arn   = module.ledger.kms_key_arn
  queue_arn            = module.events.queue_arn
  queue_kms_key_arn    = module.events.kms_key_arn
  provider_region      = var.provider_region
  schema_digests       = var.schema_digests
  budget               = { credits_per_day = var.credits_per_day }

  routes = [{
    name   = "invoices"
    prefix = "inbox/"
    suffix = local.suffixes
    schema = "s3://${var.store_bucket}/${local.schema_key}"
  }]
}

module "lambda" {
  source                   = "../../modules/lambda"
  name                     = var.name
  role_arn                 = module.identity.worker_role_arn
  role_name                = module.identity.worker_role_name
  configuration            = module.identity.configuration
  package                  = var.package
  source_code_hash         = var.source_code_hash
  queue_arn                = module.events.queue_arn
  queue_visibility_seconds = module.events.visibility_seconds
}

module "observability" {
  source           = "../../modules/observability"
  name             = var.name
  queue_name       = module.events.queue_name
  dlq_name         = module.events.dlq_name
  function_name    = module.lambda.function_name
  credits_per_hour = var.credits_per_hour
  alarm_actions    = var.alarm_actions
}
