output "bucket_name" {
  description = "The bucket's name."
  value       = var.bucket_name
}

output "bucket_arn" {
  description = "The bucket's ARN."
  value       = local.arn
}

output "kms_key_arn" {
  description = "The bucket's key; null where it has SSE-S3."
  value       = var.create ? aws_kms_key.this[0].arn : var.kms_key_arn
}

output "policy_statements" {
  description = "The statements that belong into the bucket's policy, as JSON, for who keeps that policy elsewhere."
  value       = data.aws_iam_policy_document.own.json
}
