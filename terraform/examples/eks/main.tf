# Documents under inbox/ become results under results/, by a fleet on a cluster
# that is there.

data "aws_eks_cluster" "this" {
  name = var.cluster_name
}

# A token that is made when it is needed and stands in no state.
provider "kubernetes" {
  host                   = data.aws_eks_cluster.this.endpoint
  cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)

  exec {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "aws"
    args        = ["eks", "get-token", "--cluster-name", var.cluster_name, "--region", var.region]
  }
}

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
  source          = "../../modules/events"
  name            = var.name
  store_bucket    = module.store.bucket_name
  exchange_bucket = module.exchange.bucket_name
  alarm_actions   = var.alarm_actions
}

module "identity" {
  source   = "../../modules/identity"
  name     = var.name
  platform = "irsa"
  irsa = {
    provider_arn    = var.oidc_provider_arn
    namespace       = var.name
    service_account = var.name
  }
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

  # Events, and twice a day a look at what they may have missed.
  sources = [
    { sqs = module.events.queue_url },
    { scan = { prefix = "inbox/", every = "12h" } },
  ]

  routes = [{
    name   = "invoices"
    prefix = "inbox/"
    suffix = local.suffixes
    schema = "s3://${var.store_bucket}/${local.schema_key}"
  }]
}

module "kubernetes" {
  source         = "../../modules/kubernetes"
  name           = var.name
  namespace      = var.name
  image          = var.image
  role_arn       = module.identity.worker_role_arn
  region         = var.region
  configuration  = module.identity.configuration
  keda_queue_url = var.keda ? module.events.queue_url : null
}

# The worker's own metrics are in Prometheus: import grafana_dashboard.
module "observability" {
  source                = "../../modules/observability"
  name                  = var.name
  metrics_in_cloudwatch = false
  queue_name            = module.events.queue_name
  dlq_name              = module.events.dlq_name
  credits_per_hour      = var.credits_per_hour
  alarm_actions         = var.alarm_actions
}
