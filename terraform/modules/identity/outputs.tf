output "worker_role_arn" {
  description = "The worker's role."
  value       = local.role_arn.worker
}

output "worker_role_name" {
  description = "The worker's role, for instance profiles and further policies."
  value       = aws_iam_role.worker.name
  # Who waits for the name waits for the rights: Lambda tries the queue when its
  # event source is made.
  depends_on = [aws_iam_role_policy.worker, aws_iam_role_policy.signer]
}

output "reader_role_arn" {
  description = "The role that signs GET s/*."
  value       = local.role_arn.reader
}

output "writer_role_arn" {
  description = "The role that signs PUT o/*."
  value       = local.role_arn.writer
}

output "url_lifetime_seconds" {
  description = "The one number: the life of a URL, and the oldest signature that policies let in. Give it to the exchange module."
  value       = local.lifetime
}

output "api_key_secret_arn" {
  description = "The secret that the API key belongs into. It is empty until somebody puts the key in."
  value       = local.secret_arn
}

output "api_key_secret_name" {
  description = "Its name, for `aws secretsmanager put-secret-value`."
  value       = aws_secretsmanager_secret.api_key.name
}

output "configuration" {
  description = "The worker's configuration file, zdrworker.yaml. No secret is in it."
  value       = local.configuration
}

output "worker_policy" {
  description = "The worker's policy as JSON, for a review or for a store that is not AWS."
  value       = data.aws_iam_policy_document.worker.json
}

output "reader_policy" {
  description = "The reader's policy as JSON."
  value       = data.aws_iam_policy_document.signer["reader"].json
}

output "writer_policy" {
  description = "The writer's policy as JSON."
  value       = data.aws_iam_policy_document.signer["writer"].json
}

output "worker_trust" {
  description = "Who may become the worker, as JSON."
  value       = data.aws_iam_policy_document.worker_trust.json
}

output "signer_trust" {
  description = "Who may become reader and writer, as JSON."
  value       = data.aws_iam_policy_document.signer_trust.json
}
