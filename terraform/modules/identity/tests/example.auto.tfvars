# The values that the policies in testdata are rendered with.
store_bucket         = "acme-docs"
exchange_bucket      = "x7k2-9fq4"
source_prefixes      = ["inbox/"]
allow_uploads        = true
platform             = "instance"
url_lifetime_seconds = 3600
exchange_kms_key_arn = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000001"
store_kms_key_arn    = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000002"
queue_arn            = "arn:aws:sqs:us-east-2:111122223333:zdrworker"
queue_kms_key_arn    = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000003"
schema_digests       = ["sha256:0000000000000000000000000000000000000000000000000000000000000000"]

routes = [{
  name   = "invoices"
  prefix = "inbox/{tenant}/invoices/"
  schema = "s3://acme-docs/schemas/invoice.json"
}]
