output "configuration" {
  description = "The worker's configuration file, zdrworker.yaml. No secret is in it."
  value       = module.identity.configuration
}

output "exchange_bucket" {
  description = "The only bucket that the provider sees."
  value       = module.exchange.bucket_name
}

output "ledger_bucket" {
  description = "The evidence. It outlives `terraform destroy` (README)."
  value       = module.ledger.bucket_name
}

output "put_api_key" {
  description = "Puts the provider's API key into its secret: the one step after apply. The key is typed in, so that no history holds it."
  value       = "read -rs KEY && printf %s \"$KEY\" | aws secretsmanager put-secret-value --region ${var.region} --secret-id ${module.identity.api_key_secret_name} --secret-string file:///dev/stdin"
}
